import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import { TooMany, Unavailable } from '../domain/errors.ts';

export interface SseLimits {
  /** Open streams in this process. */
  maxStreams: number;
  /** Of one owner (an account). */
  maxPerOwner: number;
  heartbeatMs: number;
  /** What may wait for a reader, beside what it is told at first, before it is dropped; it reconnects and gets the present state. */
  maxBufferedBytes: number;
  /** How long a reader may take nothing at all. */
  maxStalledMs: number;
}

export const SSE_LIMITS: SseLimits = {
  maxStreams: 5_000,
  maxPerOwner: 50,
  // Below the 30 s after which home routers and proxies begin to forget silent connections.
  heartbeatMs: 25_000,
  maxBufferedBytes: 512 * 1024,
  maxStalledMs: 60_000,
};

export interface SseEvent {
  event: string;
  data: string;
}

/** An event as it goes over the wire. Line breaks of any kind would end the field, so each line gets its own. */
export function encodeEvent({ event, data }: SseEvent, id: string | null = null): string {
  const lines = data
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}\n`)
    .join('');
  return `${id === null ? '' : `id: ${id}\n`}event: ${event}\n${lines}\n`;
}

/** Small enough for a reader to take one after the other. */
const PART_CHARS = 32 * 1024;

/** What is already encoded, for `writeAll` and `replace`. */
export function inParts(bytes: string): string[] {
  const parts: string[] = [];
  for (let start = 0; start < bytes.length; ) {
    let end = start + PART_CHARS;
    // Two halves of one character go together: by itself neither can be sent.
    if (isHighSurrogate(bytes.charCodeAt(end - 1))) end += 1;
    parts.push(bytes.slice(start, end));
    start = end;
  }
  return parts;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

/** One open stream. Everything is safe to call after it has closed. */
export interface SseStream {
  readonly closed: boolean;
  /** Already encoded, so that many streams share the same bytes. */
  write(bytes: string): void;
  /** The same in parts, one after the other as the reader takes them: where nothing waits, it may be more than may wait otherwise. */
  writeAll(parts: readonly string[]): void;
  /** The same with what makes everything replaced before superfluous: a reader that is not through with one gets the newest after it. */
  replace(parts: readonly string[]): void;
  /** Ends it in an orderly way; the browser will come back. */
  close(): void;
  onClose(listener: () => void): void;
}

/**
 * Server-sent events: opens streams, keeps them warm, drops readers that do not read, closes all on shutdown.
 * A heartbeat is a comment (for proxies) and a `clock` event (browsers don't show comments to scripts): the server's time in
 * milliseconds, by which a page notices a dead connection after sleep and corrects its own clock.
 */
export class SseStreams {
  readonly #limits: SseLimits;
  readonly #now: () => Date;
  readonly #open = new Set<Stream>();
  readonly #perOwner = new Map<string, number>();
  #heart: NodeJS.Timeout | null = null;

  constructor(limits: Partial<SseLimits> = {}, now: () => Date = () => new Date()) {
    this.#limits = { ...SSE_LIMITS, ...limits };
    this.#now = now;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Takes over the reply. @throws TooMany, Unavailable when there are too many streams already */
  open(reply: FastifyReply, owner: string): SseStream {
    const ofOwner = this.#perOwner.get(owner) ?? 0;
    if (ofOwner >= this.#limits.maxPerOwner) throw new TooMany('Too many pages of this account are open.', 60);
    if (this.#open.size >= this.#limits.maxStreams) {
      throw new Unavailable('Too many pages are open.', { retryAfterS: 30 });
    }
    const stream = new Stream(takeOver(reply), this.#limits);
    this.#open.add(stream);
    this.#perOwner.set(owner, ofOwner + 1);
    stream.onClose(() => {
      this.#open.delete(stream);
      const left = (this.#perOwner.get(owner) ?? 1) - 1;
      if (left > 0) this.#perOwner.set(owner, left);
      else this.#perOwner.delete(owner);
      if (this.#open.size === 0) this.#stopHeart();
    });
    // A little under the default of browsers: they wait this long before they reconnect by themselves.
    stream.write(`retry: 2000\n\n${this.#clock()}`);
    this.#heart ??= setInterval(() => this.#beat(), this.#limits.heartbeatMs);
    // Asked for the headers only.
    if (reply.raw.req?.method === 'HEAD') stream.close();
    return stream;
  }

  closeAll(): void {
    for (const stream of this.#open) stream.close();
  }

  #beat(): void {
    const beat = `:\n\n${this.#clock()}`;
    for (const stream of this.#open) stream.write(beat);
  }

  #clock(): string {
    return encodeEvent({ event: 'clock', data: String(this.#now().getTime()) });
  }

  #stopHeart(): void {
    if (this.#heart !== null) clearInterval(this.#heart);
    this.#heart = null;
  }
}

/** Headers that hooks have set so far go out with the stream; afterwards the reply is out of Fastify's hands. */
function takeOver(reply: FastifyReply): ServerResponse {
  const headers = reply.getHeaders();
  reply.hijack();
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) reply.raw.setHeader(name, value);
  reply.raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    // `no-transform`: a proxy that compresses would hold events back. nginx has a header of its own for that.
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
  });
  reply.raw.socket?.setNoDelay(true);
  reply.raw.socket?.setTimeout(0);
  return reply.raw;
}

class Stream implements SseStream {
  readonly #response: ServerResponse;
  readonly #limits: SseLimits;
  readonly #onClose = new Set<() => void>();
  /** What comes behind what the socket has not taken yet; what of it is measured, in characters, is no part of `writeAll`. */
  #waiting: { bytes: string; measuredChars: number }[] = [];
  /** How much of what waits is measured. */
  #waitingChars = 0;
  /** Comes when nothing waits any more. */
  #newest: readonly string[] | null = null;
  #closed = false;
  #stalled: NodeJS.Timeout | null = null;

  constructor(response: ServerResponse, limits: SseLimits) {
    this.#response = response;
    this.#limits = limits;
    response.on('close', () => this.#ended());
    response.on('error', () => this.#drop());
    response.on('drain', () => {
      this.#clearStalled();
      this.#goOn();
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  onClose(listener: () => void): void {
    if (this.#closed) listener();
    else this.#onClose.add(listener);
  }

  write(bytes: string): void {
    if (this.#closed) return;
    if (this.#waiting.length === 0) {
      this.#put(bytes);
      if (this.#response.writableLength > this.#limits.maxBufferedBytes) this.#drop();
      return;
    }
    this.#waiting.push({ bytes, measuredChars: bytes.length });
    this.#waitingChars += bytes.length;
    if (this.#waitingChars > this.#limits.maxBufferedBytes) this.#drop();
  }

  writeAll(parts: readonly string[]): void {
    if (this.#waiting.length > 0) {
      // It has not taken what was before this: then it is measured as anything else.
      for (const part of parts) this.write(part);
      return;
    }
    if (this.#closed) return;
    this.#waiting = parts.map((bytes) => ({ bytes, measuredChars: 0 }));
    this.#goOn();
  }

  replace(parts: readonly string[]): void {
    if (this.#closed) return;
    if (this.#isBehind()) this.#newest = parts;
    else this.writeAll(parts);
  }

  #goOn(): void {
    let taken = 0;
    for (const { bytes, measuredChars } of this.#waiting) {
      if (this.#closed || this.#response.writableNeedDrain) break;
      this.#put(bytes);
      this.#waitingChars -= measuredChars;
      taken += 1;
    }
    this.#waiting = this.#waiting.slice(taken);
    const newest = this.#newest;
    if (newest === null || this.#isBehind()) return;
    this.#newest = null;
    this.writeAll(newest);
  }

  #isBehind(): boolean {
    return this.#waiting.length > 0 || this.#response.writableNeedDrain;
  }

  #put(bytes: string): void {
    if (!this.#response.write(bytes)) this.#stalled ??= setTimeout(() => this.#drop(), this.#limits.maxStalledMs);
  }

  close(): void {
    if (this.#closed) return;
    this.#response.end();
    // A reader that takes nothing would never see the end either.
    if (this.#response.writableLength > 0) this.#response.destroy();
    this.#ended();
  }

  #drop(): void {
    this.#response.destroy();
    this.#ended();
  }

  #ended(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting = [];
    this.#newest = null;
    this.#clearStalled();
    for (const listener of this.#onClose) listener();
    this.#onClose.clear();
  }

  #clearStalled(): void {
    if (this.#stalled !== null) clearTimeout(this.#stalled);
    this.#stalled = null;
  }
}
