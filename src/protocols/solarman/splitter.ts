import {
  checksum,
  END,
  ENVELOPE_BYTES,
  type Frame,
  MAX_PAYLOAD,
  MIN_PAYLOAD,
  readCheckedFrame,
  START,
  VERSION,
} from './frame.ts';

/**
 * TCP has no record marks: bytes in any cut go in, whole frames come out (solarman-v5 §1.4).
 *
 * What lies in the buffer always begins with a possible frame. A candidate that turns out wrong costs one byte, not the buffer, so
 * that a 0xA5 inside garbage never swallows the real frame behind it. The work is linear in the bytes received whatever they are:
 * every byte is added up once, as it arrives, into running sums; the checksum of any candidate is then one subtraction, and a
 * candidate that has to wait is looked at again only at its first byte.
 */

/** A waiting candidate is shorter than 4 109 bytes and a step adds at most 4 096: the buffer cannot outgrow this. */
export const MAX_BUFFER = 16_384;
const STEP_BYTES = 4096;
const INITIAL_BYTES = 1024;
/** How much of the bytes between two frames is kept to be looked at. */
export const NOISE_SAMPLE_BYTES = 128;

const NO_BYTES = Buffer.alloc(0);
const NO_SUMS = new Uint8Array(0);

/** Gets each frame with the first bytes skipped before it. Returning false ends the stream here: nothing more is looked at. */
export type OnFrame = (frame: Frame, noise: Buffer) => boolean;

export class Splitter {
  readonly #maxGarbageBytes: number;
  #buffer: Buffer = NO_BYTES;
  /** `#sums[i]` is the sum of the buffer's bytes up to and including i, modulo 256; only differences mean anything. */
  #sums: Uint8Array = NO_SUMS;
  #start = 0;
  #end = 0;
  #noise: number[] = [];
  #garbage = 0;
  #ended = false;
  #overflowed = false;

  /** Bytes skipped since the splitter was made. */
  skippedBytes = 0;
  /** Complete candidates with a wrong checksum or end since the splitter was made. */
  badFrames = 0;

  constructor(maxGarbageBytes: number) {
    this.#maxGarbageBytes = maxGarbageBytes;
  }

  /** True while a started frame is incomplete. */
  get partial(): boolean {
    return this.#end > this.#start;
  }

  get bufferedBytes(): number {
    return this.#end - this.#start;
  }

  /** True once more than the permitted garbage arrived without a good frame: the splitter takes nothing any more. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  /** The first bytes skipped since the last frame. */
  get noise(): Buffer {
    return this.#noise.length === 0 ? NO_BYTES : Buffer.from(this.#noise);
  }

  feed(bytes: Buffer, onFrame: OnFrame): void {
    const from = this.partial ? 0 : this.#takeWhole(bytes, onFrame);
    for (let at = from; at < bytes.length && !this.#ended; at += STEP_BYTES) {
      this.#append(bytes.subarray(at, at + STEP_BYTES));
      this.#scan(onFrame);
    }
    this.#release();
  }

  /** Gives up the candidate that has been waiting and looks at what lies behind its first byte. */
  expire(onFrame: OnFrame): void {
    if (this.#ended || !this.partial) return;
    this.#skip();
    if (!this.#ended) this.#scan(onFrame);
    this.#release();
  }

  /** Nothing waits, and what came begins with good frames, as it nearly always does: they need not be put together. */
  #takeWhole(bytes: Buffer, onFrame: OnFrame): number {
    let at = 0;
    while (!this.#ended) {
      const length = candidateLength(bytes, at, bytes.length);
      if (typeof length !== 'number') return at;
      const end = at + length - 1;
      if (bytes[end] !== END || bytes[end - 1] !== checksum(bytes, at + 1, end - 1)) return at;
      const frame = readCheckedFrame(bytes.subarray(at, end + 1));
      at = end + 1;
      this.#emit(frame, onFrame);
    }
    return bytes.length;
  }

  #append(bytes: Buffer): void {
    if (this.#end + bytes.length > this.#buffer.length) this.#makeRoom(bytes.length);
    bytes.copy(this.#buffer, this.#end);
    let sum = this.#end > this.#start ? (this.#sums[this.#end - 1] ?? 0) : 0;
    for (const byte of bytes) {
      sum = (sum + byte) & 0xff;
      this.#sums[this.#end++] = sum;
    }
  }

  #makeRoom(bytes: number): void {
    const held = this.#end - this.#start;
    let capacity = Math.max(this.#buffer.length, INITIAL_BYTES);
    while (capacity < held + bytes) capacity *= 2;
    if (capacity === this.#buffer.length) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#sums.copyWithin(0, this.#start, this.#end);
    } else {
      const buffer = Buffer.allocUnsafeSlow(capacity);
      const sums = new Uint8Array(capacity);
      this.#buffer.copy(buffer, 0, this.#start, this.#end);
      sums.set(this.#sums.subarray(this.#start, this.#end));
      this.#buffer = buffer;
      this.#sums = sums;
    }
    this.#start = 0;
    this.#end = held;
  }

  #scan(onFrame: OnFrame): void {
    while (this.#start < this.#end && !this.#ended) {
      const length = candidateLength(this.#buffer, this.#start, this.#end);
      if (length === 'wait') return;
      if (length === 'no' || !this.#isWhole(length)) {
        this.#skip();
        continue;
      }
      const frame = readCheckedFrame(this.#buffer.subarray(this.#start, this.#start + length));
      this.#start += length;
      this.#emit(frame, onFrame);
    }
  }

  #emit(frame: Frame, onFrame: OnFrame): void {
    const noise = this.noise;
    this.#noise = [];
    this.#garbage = 0;
    if (!onFrame(frame, noise)) this.#stop();
  }

  #isWhole(length: number): boolean {
    const end = this.#start + length - 1;
    const sum = ((this.#sums[end - 2] ?? 0) - (this.#sums[this.#start] ?? 0)) & 0xff;
    const whole = this.#buffer[end] === END && this.#buffer[end - 1] === sum;
    if (!whole) this.badFrames += 1;
    return whole;
  }

  #skip(): void {
    if (this.#noise.length < NOISE_SAMPLE_BYTES) this.#noise.push(this.#buffer[this.#start] ?? 0);
    this.#start += 1;
    this.#garbage += 1;
    this.skippedBytes += 1;
    if (this.#garbage > this.#maxGarbageBytes) {
      this.#overflowed = true;
      this.#stop();
    }
  }

  #stop(): void {
    this.#ended = true;
    this.#start = this.#end;
  }

  /** An idle connection holds nothing: most of a fleet's connections are idle at any moment. */
  #release(): void {
    if (this.#end > this.#start) return;
    this.#start = 0;
    this.#end = 0;
    this.#buffer = NO_BYTES;
    this.#sums = NO_SUMS;
  }
}

/** Length of the frame that seems to begin at `start`, judged by its header alone: a false start never waits for 65 kB. */
function candidateLength(bytes: Buffer, start: number, end: number): number | 'wait' | 'no' {
  const available = end - start;
  if (bytes[start] !== START) return 'no';
  if (available < 3) return 'wait';
  const payload = bytes.readUInt16LE(start + 1);
  if (payload < MIN_PAYLOAD || payload > MAX_PAYLOAD) return 'no';
  if (available > 3 && bytes[start + 3] !== VERSION) return 'no';
  return available < payload + ENVELOPE_BYTES ? 'wait' : payload + ENVELOPE_BYTES;
}
