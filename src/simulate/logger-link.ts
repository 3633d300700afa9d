import { connect, type Socket } from 'node:net';
import { decodeAcknowledgement, encodeAcknowledgement } from '../protocols/solarman/acknowledgement.ts';
import { answerTo, kindOf } from '../protocols/solarman/codes.ts';
import { encodeFrame, type Frame, HEADER_BYTES } from '../protocols/solarman/frame.ts';
import { Splitter } from '../protocols/solarman/splitter.ts';
import type { Cancel, TimerWheel } from './timer-wheel.ts';

/** One TCP connection of a logger: one request at a time, each answered, refused or given up. */

export interface LinkOptions {
  host: string;
  port: number;
  /** Connect from this address of the machine; null leaves it to the system. */
  localAddress: string | null;
  serial: number;
  wheel: TimerWheel;
  connectTimeoutMs: number;
  onOpen(): void;
  /** An answer that is not what the protocol demands. */
  onWrong(why: string): void;
  /** Once, whoever ended it. */
  onClose(why: string): void;
}

export type Answer =
  | { kind: 'acknowledged'; serverTime: Date; utcOffsetMin: number }
  | { kind: 'refused' }
  | { kind: 'timeout' };

interface Waiting {
  code: number;
  sequence: readonly [number, number];
  frameType: number;
  done(answer: Answer): void;
  cancel: Cancel;
}

/** A server sends nothing but 23-byte answers; more than this between two of them is no server of ours. */
const MAX_GARBAGE_BYTES = 1024;
/** A clock further off than this would give every later sample a wrong time (solarman-v5 §2.1). */
const MAX_CLOCK_ERROR_MS = 5 * 60_000;
const MAX_OFFSET_MIN = 14 * 60;
/** The one byte of an answer that says yes or no (§2.1). */
const STATUS_AT = HEADER_BYTES + 1;

export class LoggerLink {
  readonly #options: LinkOptions;
  readonly #socket: Socket;
  readonly #splitter = new Splitter(MAX_GARBAGE_BYTES);
  /** Logger's sequence numbers of requests given up, whose answers may still come. */
  readonly #givenUp = new Set<number>();
  #waiting: Waiting | null = null;
  /** The server's counter as last received, and our own (§1.3). */
  #serverCount = 0;
  #ownCount = 0;
  #closed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { host, port, localAddress, wheel, connectTimeoutMs } = options;
    const socket = connect({ host, port, noDelay: true, ...(localAddress === null ? {} : { localAddress }) });
    this.#socket = socket;
    const giveUp = wheel.after(connectTimeoutMs, () => this.#end('no connection in time'));
    socket.once('connect', () => {
      giveUp();
      if (!this.#closed) options.onOpen();
    });
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    socket.on('error', (error) => this.#end(error.message));
    socket.once('close', () => {
      giveUp();
      this.#end('closed by the server');
    });
  }

  get isBusy(): boolean {
    return this.#waiting !== null;
  }

  /**
   * Send a frame and wait for its answer. `done` is not called when the connection ends first: `onClose` is.
   * @param isDoubled the network brings the frame twice; each is answered, and the second answer counts
   */
  request(code: number, payload: Buffer, timeoutMs: number, done: (answer: Answer) => void, isDoubled = false): void {
    this.#ownCount = (this.#ownCount + 1) & 0xff;
    const sequence = [this.#serverCount, this.#ownCount] as const;
    this.#givenUp.delete(this.#ownCount);
    const cancel = this.#options.wheel.after(timeoutMs, () => {
      this.#givenUp.add(sequence[1]);
      this.#settle({ kind: 'timeout' });
    });
    this.#waiting = { code, sequence, frameType: payload[0] ?? 0, done, cancel };
    const frame = encodeFrame({ code, sequence, serial: this.#options.serial, payload });
    this.#socket.write(frame);
    if (!isDoubled) return;
    this.#givenUp.add(sequence[1]);
    this.#socket.write(frame);
  }

  close(): void {
    this.#end('closed by the logger');
  }

  /** As when the power or the radio fails: no goodbye, and nothing that was written need arrive. */
  break(): void {
    if (!this.#closed && !this.#socket.connecting) this.#socket.resetAndDestroy();
    this.#end('broken off');
  }

  #receive(bytes: Buffer): void {
    if (this.#closed) return;
    this.#splitter.feed(bytes, (frame, noise) => {
      if (noise.length > 0) this.#options.onWrong(`${noise.length} bytes that belong to no frame`);
      this.#onFrame(frame);
      return !this.#closed;
    });
    if (this.#splitter.overflowed) this.#end('the server sends no frames');
  }

  #onFrame(frame: Frame): void {
    this.#serverCount = frame.sequence[0];
    // Commands (0x45) are allowed to a server; this logger obeys none
    if (kindOf(frame.code) !== 'server' || this.#givenUp.delete(frame.sequence[1])) return;
    const waiting = this.#waiting;
    if (waiting === null) {
      this.#options.onWrong(`an answer ${frame.code} to nothing`);
      return;
    }
    const answer = this.#answerIn(frame, waiting);
    if (typeof answer === 'string') this.#options.onWrong(answer);
    else this.#settle(answer);
  }

  /** The answer, or what is wrong with it: every byte of it follows from the request, but for the clock and the status. */
  #answerIn(frame: Frame, { code, sequence, frameType }: Waiting): Answer | string {
    const answer = decodeAcknowledgement(frame);
    const answerCode = answerTo(code);
    if (answer === null || answerCode === null) return `an answer with ${frame.payload.length} bytes of payload`;
    const { serverTime, utcOffsetMin } = answer;
    if (Math.abs(serverTime.getTime() - Date.now()) > MAX_CLOCK_ERROR_MS) {
      return `the server's clock says ${serverTime.toISOString()}`;
    }
    if (Math.abs(utcOffsetMin) > MAX_OFFSET_MIN || utcOffsetMin % 15 !== 0) {
      return `${utcOffsetMin} minutes are no offset from UTC`;
    }
    const owed = { when: 'now', code: answerCode, sequence, serial: this.#options.serial, frameType } as const;
    const expected = encodeAcknowledgement(owed, serverTime, utcOffsetMin);
    const received = encodeFrame(frame);
    const isSame = answer.accepted
      ? received.equals(expected)
      : received.subarray(0, STATUS_AT).equals(expected.subarray(0, STATUS_AT));
    if (!isSame) return `${received.toString('hex')} instead of ${expected.toString('hex')}`;
    return answer.accepted ? { kind: 'acknowledged', serverTime, utcOffsetMin } : { kind: 'refused' };
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    this.#waiting = null;
    waiting.cancel();
    waiting.done(answer);
  }

  #end(why: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting?.cancel();
    this.#waiting = null;
    // What was written still goes out, unless there is nobody to take it
    if (this.#socket.connecting) this.#socket.destroy();
    else this.#socket.destroySoon();
    this.#options.onClose(why);
  }
}
