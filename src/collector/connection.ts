import type { Socket } from 'node:net';
import type { Message, SessionOutcome, StreamSession } from '../protocols/protocol.ts';
import type { TokenBucket } from '../util/token-bucket.ts';
import type { ConnectionContext } from './connection-context.ts';
import { countOutcome, type Ending } from './counters.ts';
import { DeadlineTimer } from './deadline-timer.ts';
import { readProxyHeader } from './proxy-header.ts';
import { Settler } from './settler.ts';

/** Bytes parsed at a time, so that a chunk of thousands of small frames does not outrun the sink. */
const SLICE_BYTES = 512;
/** A peer that does not answer our FIN is not waited for; one that another took the place of a little, for its answer tells that it lives. */
const LINGER_MS = 500;
const REPLACED_LINGER_MS = 3_000;

/**
 * One device's connection: bytes to the session, messages to the sink, acknowledgements back in the order of the frames.
 *
 *   header  → (PROXY header complete, or none expected) → reading
 *   reading → messages go to the sink as they are understood, at most `maxUnsettled` at a time
 *           → blocked while the sink is busy with that many, or frames come too fast: the socket is not read, nothing is dropped
 *   ending  → nothing is read any more; what was understood is settled and answered, then the socket is closed
 *
 * There is one timer for all deadlines: a byte costs no more than a comparison.
 */
export class Connection {
  readonly id: number;
  address: string;
  readonly #socket: Socket;
  readonly #context: ConnectionContext;
  readonly #session: StreamSession;
  readonly #settler: Settler;
  readonly #openedAt = performance.now();
  #lastFrameAt: number | null = null;
  #partialSince: number | null = null;
  readonly #timer = new DeadlineTimer(() => this.#guard(() => this.#onTimer()));
  /** Bytes of an incomplete PROXY header; null once it is done with. */
  #header: Buffer | null;
  #unread: Buffer | null = null;
  #waiting: Message[] = [];
  #unstoredInARow = 0;
  #paused = false;
  #peerEnded = false;
  #saidGoodbye = false;
  #answeredGoodbye = false;
  #serial: string | null = null;
  /** Shared with other connections of the same serial; null until it is known, and no frame can be handed over before. */
  #bucket: TokenBucket | null = null;
  #ending: Ending | null = null;

  constructor(id: number, address: string, socket: Socket, context: ConnectionContext) {
    this.id = id;
    this.address = address;
    this.#socket = socket;
    this.#context = context;
    this.#session = context.protocol.open({ maxGarbageBytes: context.limits.maxGarbageBytes });
    this.#settler = new Settler(
      (message) => context.sink.accept(message, { address: this.address, connectionId: this.id }),
      (error) => this.#onUnstored(error),
      (message, utcOffsetMin) => this.#guard(() => this.#onSettled(message, utcOffsetMin)),
    );
    this.#header = context.proxyProtocol ? Buffer.alloc(0) : null;
  }

  get serial(): string | null {
    return this.#serial;
  }

  /** When its last good frame came, by `performance.now()`; null before the first. */
  get lastFrameAt(): number | null {
    return this.#lastFrameAt;
  }

  /** Why it ended; null while it lives. */
  get ending(): Ending | null {
    return this.#ending;
  }

  /** We ended it, and the peer has ended it too in answer: it was there. One that was lost without a word answers nothing, or a reset. */
  get answeredGoodbye(): boolean {
    return this.#answeredGoodbye;
  }

  /** Settles when everything this connection brought is settled. Never rejects. */
  get drained(): Promise<void> {
    return this.#settler.drained;
  }

  start(): void {
    this.#socket.on('data', (bytes) => this.#guard(() => this.#onData(bytes)));
    this.#socket.on('end', () => {
      this.#peerEnded = true;
      this.#answeredGoodbye = this.#saidGoodbye;
      this.#guard(() => this.#advance());
    });
    this.#socket.on('error', (error) => {
      this.#context.log.debug({ ...this.#who(), err: error }, 'connection broke');
      this.#ending ??= 'broken';
    });
    this.#socket.on('close', () => this.#guard(() => this.#onClose()));
    this.#timer.set(this.#deadline());
  }

  /** End it from outside: what it brought is still settled and answered. */
  end(why: Ending): void {
    this.#end(why, 'drain');
  }

  /** Give up waiting for it. */
  destroy(): void {
    this.#socket.destroy();
  }

  #onData(bytes: Buffer): void {
    if (this.#ending !== null) return;
    const rest = this.#header === null ? bytes : this.#afterHeader(Buffer.concat([this.#header, bytes]));
    if (rest === null || rest.length === 0) return;
    this.#unread = this.#unread === null ? rest : Buffer.concat([this.#unread, rest]);
    this.#advance();
  }

  /** What follows the PROXY header; null while it is incomplete, or when it is none. */
  #afterHeader(bytes: Buffer): Buffer | null {
    const header = readProxyHeader(bytes);
    this.#header = header.state === 'incomplete' ? bytes : null;
    if (header.state === 'wrong') {
      this.#context.log.warn(this.#who(), 'no PROXY header where one is expected: check COLLECTOR_PROXY_PROTOCOL');
      this.#end('proxy_header', 'now');
    }
    if (header.state !== 'complete') return null;
    const isWelcome = header.address === null || this.#context.onAddressTold(this, header.address);
    return isWelcome ? bytes.subarray(header.bytes) : null;
  }

  /** Go on as far as the sink keeps up, then wait for it: by not reading. */
  #advance(): void {
    if (this.#ending !== null) return;
    this.#dispatch();
    while (this.#unread !== null && !this.#blocked && this.#ending === null) {
      const slice = this.#unread.subarray(0, SLICE_BYTES);
      this.#unread = slice.length === this.#unread.length ? null : this.#unread.subarray(SLICE_BYTES);
      this.#take(this.#session.receive(slice, this.#context.now()));
      this.#dispatch();
    }
    if (this.#ending !== null) return;
    if (this.#peerEnded && !this.#blocked) this.#end('ended', 'drain');
    else {
      this.#setPaused(this.#blocked);
      this.#timer.set(this.#deadline());
    }
  }

  get #blocked(): boolean {
    return this.#settler.unsettled >= this.#context.limits.maxUnsettled || this.#waiting.length > 0;
  }

  #setPaused(paused: boolean): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    if (paused) {
      this.#context.counters.pauses += 1;
      this.#socket.pause();
      return;
    }
    // The rest of a frame may have been waiting here all the while.
    if (this.#partialSince !== null) this.#partialSince = performance.now();
    this.#socket.resume();
  }

  #take(outcome: SessionOutcome): void {
    const { counters, log } = this.#context;
    const nowMs = performance.now();
    countOutcome(counters, outcome);
    if (outcome.skipped !== null) {
      const { sample, ...skipped } = outcome.skipped;
      log.debug({ ...this.#who(), ...skipped, sample: sample.toString('hex') }, 'bytes passed over');
    }
    this.#waiting.push(...outcome.messages);
    if (outcome.messages.length > 0) {
      this.#lastFrameAt = nowMs;
      this.#identify(outcome.messages);
    }
    if (!this.#session.partial) this.#partialSince = null;
    else if (this.#partialSince === null || outcome.messages.length > 0) this.#partialSince = nowMs;
    if (outcome.close === undefined) return;
    const { reason, message } = outcome.close;
    // Worth a warning: its owner waits for data that will never come.
    if (reason === 'tls_hello') {
      log.warn({ ...this.#who(), reason }, message);
      this.#context.onTlsHello(this);
    } else log.info({ ...this.#who(), reason }, message);
    this.#end(reason, 'drain');
  }

  #identify([first]: readonly Message[]): void {
    const serial = this.#session.serial;
    if (this.#serial !== null || serial === null) return;
    this.#serial = serial;
    this.#bucket = this.#context.onIdentified(this, serial, first?.facts?.powerOnTimeS ?? null);
  }

  /** Hand over what waits, as far as the limits allow; all of it when the connection is ending. */
  #dispatch(): void {
    const { limits } = this.#context;
    while (this.#waiting.length > 0) {
      const isFree = this.#settler.unsettled < limits.maxUnsettled;
      const isAllowed = isFree && (this.#bucket?.take(performance.now()) ?? true);
      if (isFree && !isAllowed && this.#ending === null) this.#context.counters.throttled += 1;
      if (!isAllowed && this.#ending === null) return;
      const message = this.#waiting.shift();
      if (message !== undefined) this.#settler.hand(message);
    }
  }

  #onUnstored(error: unknown): void {
    this.#context.counters.unstored += 1;
    this.#context.onUnstored(this, error);
  }

  #onSettled(message: Message, utcOffsetMin: number | null): void {
    if (utcOffsetMin === null) {
      this.#unstoredInARow += 1;
      if (this.#unstoredInARow >= this.#context.limits.maxUnstored) this.#end('unstored', 'drain');
    } else {
      this.#unstoredInARow = 0;
      if (message.acknowledgement !== null) this.#answer(message.acknowledgement, utcOffsetMin);
    }
    this.#advance();
  }

  #answer(owed: NonNullable<Message['acknowledgement']>, utcOffsetMin: number): void {
    const { protocol, counters, limits } = this.#context;
    if (!this.#socket.writable) return;
    this.#socket.write(protocol.acknowledge(owed, this.#context.now(), utcOffsetMin));
    counters.acknowledgements += 1;
    if (this.#socket.writableLength > limits.maxUnsentBytes) this.#end('slow_reader', 'now');
  }

  #end(why: Ending, how: 'drain' | 'now'): void {
    if (this.#ending !== null) return;
    this.#ending = why;
    this.#unread = null;
    this.#timer.clear();
    this.#dispatch();
    if (how === 'now') {
      this.#socket.destroy();
      return;
    }
    this.#socket.pause();
    this.#timer.set(performance.now() + this.#context.limits.drainMs);
    void this.#settler.drained.then(() => this.#sayGoodbye());
  }

  /** Everything understood has been answered: send FIN, and read on without listening so that the peer's FIN is noticed. */
  #sayGoodbye(): void {
    if (this.#socket.destroyed) return;
    this.#saidGoodbye = true;
    this.#timer.set(performance.now() + (this.#ending === 'replaced' ? REPLACED_LINGER_MS : LINGER_MS));
    this.#socket.end();
    this.#socket.resume();
  }

  #onClose(): void {
    this.#timer.clear();
    const brokeOff = this.#ending === null || this.#ending === 'broken';
    this.#ending ??= 'ended';
    try {
      // Messages that waited for the sink still count.
      if (brokeOff) this.#dispatch();
    } finally {
      this.#context.onClosed(this);
    }
  }

  #deadline(): number {
    const nowMs = performance.now();
    const { idleMs, firstFrameMs, partialMs, maxUnsettled } = this.#context.limits;
    const silent = this.#lastFrameAt === null ? this.#openedAt + firstFrameMs : this.#lastFrameAt + idleMs;
    const isWaiting = this.#partialSince !== null && !this.#paused;
    const partial = isWaiting ? Number(this.#partialSince) + partialMs : Number.POSITIVE_INFINITY;
    const isThrottled = this.#waiting.length > 0 && this.#settler.unsettled < maxUnsettled;
    const refill = isThrottled ? nowMs + (this.#bucket?.waitMs(nowMs) ?? 0) : Number.POSITIVE_INFINITY;
    return Math.min(silent, partial, refill);
  }

  #onTimer(): void {
    const { idleMs, firstFrameMs, partialMs } = this.#context.limits;
    const nowMs = performance.now();
    if (this.#ending !== null) {
      this.#socket.destroy();
      return;
    }
    if (this.#partialSince !== null && !this.#paused && nowMs >= this.#partialSince + partialMs) {
      this.#partialSince = null;
      this.#context.counters.partialExpiries += 1;
      this.#take(this.#session.expirePartial(this.#context.now()));
    }
    if (this.#lastFrameAt === null && nowMs >= this.#openedAt + firstFrameMs) this.#end('no_first_frame', 'now');
    if (this.#lastFrameAt !== null && nowMs >= this.#lastFrameAt + idleMs) this.#end('idle', 'now');
    this.#advance();
  }

  /** A fault of ours is logged and ends this connection, not the process with all the others. */
  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#context.log.error({ ...this.#who(), err: error }, 'a connection failed by our fault');
      this.#ending ??= 'fault';
      this.#socket.destroy();
    }
  }

  #who(): object {
    return { connectionId: this.id, address: this.address, ...(this.#serial === null ? {} : { serial: this.#serial }) };
  }
}
