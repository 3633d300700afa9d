import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { UnusableFile } from '../../domain/errors.ts';
import { FRAME, FRAME_HEAD_BYTES, type FrameKind, MAX_DATA_BYTES, MAX_JSON_BYTES } from './format.ts';

export interface Frame {
  kind: FrameKind;
  payload: Buffer;
}

const KINDS: ReadonlySet<string> = new Set(Object.values(FRAME));

/** Writes frames, and at the end the checksum over all of them. Waits whenever the stream behind it is full. */
export class FrameWriter {
  readonly #out: Writable;
  readonly #hash = createHash('sha256');

  constructor(out: Writable) {
    this.#out = out;
  }

  async json(kind: FrameKind, value: unknown): Promise<void> {
    await this.#frame(kind, Buffer.from(JSON.stringify(value)));
  }

  async data(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; at += MAX_DATA_BYTES) {
      await this.#frame(FRAME.data, bytes.subarray(at, at + MAX_DATA_BYTES));
    }
  }

  async end(): Promise<void> {
    await this.#frame(FRAME.end, this.#hash.copy().digest());
  }

  async #frame(kind: FrameKind, payload: Buffer): Promise<void> {
    const head = Buffer.alloc(FRAME_HEAD_BYTES);
    head.write(kind, 0, 'latin1');
    head.writeUInt32BE(payload.length, 1);
    for (const bytes of [head, payload]) {
      if (this.#out.destroyed) throw this.#out.errored ?? new Error('The stream behind the frames was closed.');
      this.#hash.update(bytes);
      if (!this.#out.write(bytes)) await once(this.#out, 'drain');
    }
  }
}

/**
 * The frames of a file up to and including the last, whose checksum has then been found right.
 * @throws UnusableFile where the bytes are no frames, end too early, go on after the end or do not match the checksum
 */
export async function* readFrames(bytes: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  const hash = createHash('sha256');
  const reader = new ByteReader(bytes);
  for (;;) {
    const head = await reader.take(FRAME_HEAD_BYTES);
    if (head === null) throw new UnusableFile('The file ends too early: it is cut off.');
    const kind = head.toString('latin1', 0, 1) as FrameKind;
    const length = head.readUInt32BE(1);
    const longest = kind === FRAME.data ? MAX_DATA_BYTES : MAX_JSON_BYTES;
    if (!KINDS.has(kind) || length > longest) throw new UnusableFile('The file is damaged, or no backup of Deye Hard.');
    const payload = await reader.take(length);
    if (payload === null) throw new UnusableFile('The file ends too early: it is cut off.');
    if (kind === FRAME.end) {
      const digest = hash.digest();
      if (payload.length !== digest.length || !timingSafeEqual(payload, digest)) {
        throw new UnusableFile('The file is damaged: its checksum is wrong.');
      }
      if ((await reader.take(1)) !== null) throw new UnusableFile('The file is damaged: something follows its end.');
      yield { kind, payload };
      return;
    }
    hash.update(head).update(payload);
    yield { kind, payload };
  }
}

/** Takes pieces of any length out of a stream; holds no more than one of them and the stream's own piece. */
class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #pieces: Buffer[] = [];
  #available = 0;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Null when fewer bytes are left. */
  async take(length: number): Promise<Buffer | null> {
    while (this.#available < length) {
      const { done, value } = await this.#source.next();
      if (done === true) return null;
      this.#pieces.push(value);
      this.#available += value.length;
    }
    const all = this.#pieces.length === 1 ? (this.#pieces[0] as Buffer) : Buffer.concat(this.#pieces);
    this.#pieces = [all.subarray(length)];
    this.#available -= length;
    return all.subarray(0, length);
  }
}
