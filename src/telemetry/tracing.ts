import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';

export type SpanKind = 'internal' | 'server' | 'client';
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A piece of work that is over, as it goes to whoever collects them. */
export interface FinishedSpan {
  /** 16 bytes in hex, the same for everything that one request or flush led to. */
  traceId: string;
  /** 8 bytes in hex. */
  spanId: string;
  parentId: string | null;
  name: string;
  kind: SpanKind;
  /** Nanoseconds since 1970. */
  startNs: bigint;
  endNs: bigint;
  attributes: Attributes;
  /** Null when it went well; else the error's class or SQL state, never its text, which may quote what somebody sent. */
  error: string | null;
}

export interface SpanExporter {
  /** Takes it and returns at once. */
  export(span: FinishedSpan): void;
  /** Sends what is left. */
  stop(): Promise<void>;
}

/** Work under way. `end` may be called once; later calls mean nothing. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  end(attributes?: Attributes, error?: unknown): void;
}

interface SpanOptions {
  name: string;
  kind?: SpanKind;
  attributes?: Attributes;
  /** Where it is not a part of what runs at this moment. */
  parent?: Pick<Span, 'traceId' | 'spanId'> | null;
}

/** Spans of what this process does, each knowing which other it is a part of. Where nobody collects them there is no tracer at all. */
export class Tracer {
  readonly #exporter: SpanExporter;
  readonly #current = new AsyncLocalStorage<Span>();

  constructor(exporter: SpanExporter) {
    this.#exporter = exporter;
  }

  /** Whether what runs at this moment is a part of a span. */
  get isWithin(): boolean {
    return this.#current.getStore() !== undefined;
  }

  /** Begins a span; whoever begins it ends it. Only `within` makes it the parent of what follows. */
  start({ name, kind = 'internal', attributes = {}, parent = this.#current.getStore() ?? null }: SpanOptions): Span {
    const traceId = parent?.traceId ?? randomBytes(16).toString('hex');
    const spanId = randomBytes(8).toString('hex');
    const startNs = nowNs();
    let isOver = false;
    return {
      traceId,
      spanId,
      end: (more = {}, error) => {
        if (isOver) return;
        isOver = true;
        this.#exporter.export({
          traceId,
          spanId,
          parentId: parent?.spanId ?? null,
          name,
          kind,
          startNs,
          endNs: nowNs(),
          attributes: { ...attributes, ...more },
          error: error === undefined ? null : errorName(error),
        });
      },
    };
  }

  /** What `work` begins, now and later, is a part of the span. */
  within<T>(span: Span, work: () => T): T {
    return this.#current.run(span, work);
  }

  /** A span around the work, which fails with it. */
  async trace<T>(options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
    const span = this.start(options);
    try {
      const result = await this.within(span, () => work(span));
      span.end();
      return result;
    } catch (error) {
      span.end({}, error);
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#exporter.stop();
  }
}

/**
 * The trace a request is said to belong to (W3C Trace Context, `traceparent`).
 * @returns null when there is none, or it is none
 */
export function readTraceparent(header: unknown): Pick<Span, 'traceId' | 'spanId'> | null {
  const [, traceId, spanId] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(String(header)) ?? [];
  if (traceId === undefined || spanId === undefined) return null;
  return /^0+$/.test(traceId) || /^0+$/.test(spanId) ? null : { traceId, spanId };
}

function errorName(error: unknown): string {
  if (typeof error === 'string') return error;
  if (!(error instanceof Error)) return 'unknown';
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : error.name;
}

/** Milliseconds since 1970 with their fraction: the wall clock's place with the precision of the other. */
function nowNs(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e3)) * 1000n;
}
