import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, type Frame } from './frame.ts';
import { MAX_BUFFER, Splitter } from './splitter.ts';

const first = encodeFrame({ code: 0x47, sequence: [0, 1], serial: 77, payload: Buffer.from([0]) });
const second = encodeFrame({ code: 0x42, sequence: [0, 2], serial: 77, payload: Buffer.alloc(330, 0xa5) });
const text = Buffer.from('AT+YZCMPVER=MW3_16U_5406_9.99-D1\r\n\r\n', 'latin1');

/** Codes of the frames found, in order, when the stream is cut into these pieces. */
function split(pieces: Buffer[], splitter = new Splitter(8192)) {
  const frames: Frame[] = [];
  const noises: string[] = [];
  for (const piece of pieces) {
    splitter.feed(piece, (frame, noise) => {
      frames.push(frame);
      noises.push(noise.toString('latin1'));
      return true;
    });
  }
  return { codes: frames.map((frame) => frame.code), frames, noises, splitter };
}

describe('splitter', () => {
  it('finds two frames in one chunk', () => {
    expect(split([Buffer.concat([first, second])]).codes).toEqual([0x47, 0x42]);
  });

  it('finds the same frames wherever the stream is cut', () => {
    const stream = Buffer.concat([first, text, second, first]);
    for (let at = 0; at <= stream.length; at++) {
      const { codes, noises } = split([stream.subarray(0, at), stream.subarray(at)]);
      expect(codes).toEqual([0x47, 0x42, 0x47]);
      expect(noises).toEqual(['', text.toString('latin1'), '']);
    }
  });

  it('finds them byte by byte', () => {
    const stream = Buffer.concat([first, text, second, first]);
    expect(split([...stream].map((byte) => Buffer.from([byte]))).codes).toEqual([0x47, 0x42, 0x47]);
  });

  it.each<[string, Buffer, number]>([
    ['text of a relay box', text, 36],
    ['an absurd length', Buffer.from('a5ffff10', 'hex'), 4],
    ['a length of nothing', Buffer.from('a5000010', 'hex'), 4],
    ['another version', Buffer.from('a5010020', 'hex'), 4],
    ['another version, and a length worth waiting for', Buffer.from('a5e80320', 'hex'), 4],
    ['a run of start bytes', Buffer.alloc(50, 0xa5), 50],
    ['a frame with a wrong checksum', altered(first, 12), 14],
    ['a frame with a wrong end', altered(first, 13), 14],
    ['a frame with a changed payload', altered(second, 40), 343],
  ])('passes over %s and finds the frame behind it', (_what, garbage, skipped) => {
    const { codes, splitter } = split([Buffer.concat([garbage, second, first])]);
    expect(codes).toEqual([0x42, 0x47]);
    expect(splitter.skippedBytes).toBe(skipped);
    expect(splitter.partial).toBe(false);
  });

  it('counts complete candidates that are wrong', () => {
    expect(split([altered(first, 12), first]).splitter.badFrames).toBe(1);
  });

  it('waits for a false start of plausible length and gives it up when the timer fires', () => {
    const falseStart = Buffer.from('a5e80310', 'hex');
    const { codes, splitter } = split([falseStart, first, second]);
    expect(codes).toEqual([]);
    expect(splitter.partial).toBe(true);
    splitter.expire((frame) => codes.push(frame.code) > 0);
    expect(codes).toEqual([0x47, 0x42]);
    expect(splitter.partial).toBe(false);
    splitter.expire(() => true);
    expect(splitter.skippedBytes).toBe(4);
  });

  it('stops where it is told to, whatever follows', () => {
    const seen: number[] = [];
    const splitter = new Splitter(8192);
    splitter.feed(Buffer.concat([first, second, first]), (frame) => seen.push(frame.code) < 2);
    splitter.feed(first, (frame) => seen.push(frame.code) < 2);
    expect(seen).toEqual([0x47, 0x42]);
  });

  it('takes nothing any more after too much garbage', () => {
    const splitter = new Splitter(100);
    expect(split([Buffer.alloc(100, 0x20), first], splitter).codes).toEqual([0x47]);
    expect(splitter.overflowed).toBe(false);
    expect(split([Buffer.alloc(101, 0x20), first], splitter).codes).toEqual([]);
    expect(splitter.overflowed).toBe(true);
  });

  it('starts counting garbage anew after each good frame', () => {
    const pieces = Array.from({ length: 300 }, () => [text, first]).flat();
    expect(split(pieces).codes.length).toBe(300);
  });

  it('hands out payloads that later bytes cannot change', () => {
    const payload = (n: number) => Buffer.alloc(330, n);
    const numbers = Array.from({ length: 60 }, (_, n) => n);
    const stream = numbers.map((n) => encodeFrame({ code: 0x42, sequence: [0, n], serial: 77, payload: payload(n) }));
    const { frames } = split([Buffer.concat(stream)]);
    expect(frames.map((frame) => frame.payload)).toEqual(numbers.map(payload));
  });

  it('takes the longest permitted frame in one chunk and in many', () => {
    const longest = encodeFrame({ code: 0x42, sequence: [0, 0], serial: 1, payload: Buffer.alloc(4096, 0x11) });
    const stream = Buffer.concat([longest, longest, longest, longest, longest, first]);
    expect(split([stream]).codes.length).toBe(6);
    const pieces = Array.from({ length: Math.ceil(stream.length / 7) }, (_, i) => stream.subarray(i * 7, i * 7 + 7));
    const { codes, splitter } = split(pieces);
    expect(codes.length).toBe(6);
    expect(splitter.bufferedBytes).toBe(0);
  });

  it('never holds more than its bound', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 3000 })), (pieces) => {
        const splitter = new Splitter(Number.POSITIVE_INFINITY);
        for (const piece of pieces) {
          splitter.feed(Buffer.from(piece), () => true);
          if (splitter.bufferedBytes > MAX_BUFFER) return false;
        }
        return true;
      }),
    );
  });

  /** Every start byte is a candidate of 1 000 bytes whose end byte fits: adding each up anew would take 250 times as long. */
  it.each<[string, Buffer]>([
    ['start bytes only', Buffer.from([0xa5])],
    ['candidates that have to wait', Buffer.from('a5e80310', 'hex')],
    ['candidates with a good end', Buffer.from('a5f4031015a5f403101515', 'hex')],
  ])('needs time in proportion to the bytes: %s', (_what, pattern) => {
    const bytes = Buffer.alloc(1 << 20, pattern);
    const splitter = new Splitter(Number.POSITIVE_INFINITY);
    // Of processor time: a busy machine is no failure.
    const began = process.cpuUsage();
    for (let at = 0; at < bytes.length; at += 1000) splitter.feed(bytes.subarray(at, at + 1000), () => true);
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(2000);
    expect(splitter.skippedBytes).toBeGreaterThan(bytes.length - 5000);
  });
});

function altered(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0x10;
  return copy;
}
