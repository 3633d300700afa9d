import type { Logger } from './logger.ts';
import type { Attributes, FinishedSpan, SpanExporter, SpanKind } from './tracing.ts';

export interface OtlpOptions {
  /** Of the collector; `/v1/traces` is added (OTLP/HTTP). */
  endpoint: URL;
  /** Attributes of everything this process sends. */
  resource: Attributes;
  log: Pick<Logger, 'warn'>;
  /** Spans that may wait; more are dropped and counted. */
  maxWaiting?: number;
  everyMs?: number;
  timeoutMs?: number;
}

const MAX_BATCH = 512;
/** Opentelemetry-proto, trace.proto: Span.SpanKind and Status.StatusCode. */
const KINDS: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, client: 3 };
const STATUS_ERROR = 2;
/** At most one warning in so long: a collector that is away must not fill the log. */
const WARN_EVERY_MS = 60_000;

/**
 * Sends spans to an OpenTelemetry collector as OTLP over HTTP with JSON (opentelemetry-proto 1.x). Never in anybody's way: what cannot be
 * sent is dropped, said once a minute, and memory is bounded.
 */
export class OtlpExporter implements SpanExporter {
  readonly #url: URL;
  readonly #resource: object;
  readonly #options: OtlpOptions & Required<Pick<OtlpOptions, 'maxWaiting' | 'timeoutMs'>>;
  readonly #timer: NodeJS.Timeout;
  #waiting: FinishedSpan[] = [];
  #sending: Promise<void> | null = null;
  #dropped = 0;
  #warnedAt = Number.NEGATIVE_INFINITY;

  constructor(options: OtlpOptions) {
    this.#options = { ...options, maxWaiting: options.maxWaiting ?? 4_096, timeoutMs: options.timeoutMs ?? 10_000 };
    this.#url = new URL(options.endpoint);
    this.#url.pathname = `${this.#url.pathname.replace(/\/$/, '')}/v1/traces`;
    this.#resource = { attributes: encodeAttributes(options.resource) };
    this.#timer = setInterval(() => this.#send(), options.everyMs ?? 5_000).unref();
  }

  /** Spans that were lost since the start: too many at once, or a collector that did not take them. */
  get dropped(): number {
    return this.#dropped;
  }

  export(span: FinishedSpan): void {
    if (this.#waiting.length >= this.#options.maxWaiting) {
      this.#lose(1, 'more spans than can be sent');
      return;
    }
    this.#waiting.push(span);
    if (this.#waiting.length >= MAX_BATCH) this.#send();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sending;
    while (this.#waiting.length > 0) await this.#post(this.#waiting.splice(0, MAX_BATCH));
  }

  #send(): void {
    if (this.#sending !== null || this.#waiting.length === 0) return;
    this.#sending = this.#post(this.#waiting.splice(0, MAX_BATCH)).finally(() => {
      this.#sending = null;
      if (this.#waiting.length >= MAX_BATCH) this.#send();
    });
  }

  /** Never rejects. */
  async #post(spans: readonly FinishedSpan[]): Promise<void> {
    const scopeSpans = [{ scope: { name: 'deye-hard' }, spans: spans.map(encodeSpan) }];
    try {
      const answer = await fetch(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ resourceSpans: [{ resource: this.#resource, scopeSpans }] }),
        redirect: 'error',
        signal: AbortSignal.timeout(this.#options.timeoutMs),
      });
      await answer.arrayBuffer();
      if (!answer.ok) this.#lose(spans.length, `the collector answered ${answer.status}`);
    } catch (error) {
      this.#lose(spans.length, error instanceof Error ? error.message : String(error));
    }
  }

  #lose(count: number, why: string): void {
    this.#dropped += count;
    if (performance.now() - this.#warnedAt < WARN_EVERY_MS) return;
    this.#warnedAt = performance.now();
    this.#options.log.warn({ event: 'traces_dropped', dropped: this.#dropped, why }, 'traces are not taken');
  }
}

function encodeSpan({
  traceId,
  spanId,
  parentId,
  name,
  kind,
  startNs,
  endNs,
  attributes,
  error,
}: FinishedSpan): object {
  return {
    traceId,
    spanId,
    ...(parentId === null ? {} : { parentSpanId: parentId }),
    name,
    kind: KINDS[kind],
    startTimeUnixNano: String(startNs),
    endTimeUnixNano: String(endNs),
    attributes: encodeAttributes(error === null ? attributes : { ...attributes, 'error.type': error }),
    status: error === null ? {} : { code: STATUS_ERROR },
  };
}

function encodeAttributes(attributes: Attributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: encodeValue(value) }));
}

/** 64-bit integers are text in this encoding. */
function encodeValue(value: Attributes[string]): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
