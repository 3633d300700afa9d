import { describe, expect, it } from 'vitest';
import { decodeAcknowledgement, encodeAcknowledgement } from './acknowledgement.ts';
import { answerTo, kindOf } from './codes.ts';
import { decodeFrame, encodeFrame, MAX_PAYLOAD } from './frame.ts';

/** 2025-07-15T10:00:00Z, as a little-endian number of seconds. */
const TEN_O_CLOCK = 'a0267668';

const heartbeat = { code: 0x47, sequence: [4, 6] as const, serial: 4_100_000_001, payload: Buffer.from([0]) };

describe('envelope', () => {
  // Sum by hand: 01+00+10+47+04+06 = 62, 01+09+61+f4 (serial) = 15f, payload 00: together 1c1.
  it('is written byte for byte as the specification has it', () => {
    expect(encodeFrame(heartbeat).toString('hex')).toBe('a501001047040601' + '0961f4' + '00' + 'c1' + '15');
  });

  it('is read back', () => {
    expect(decodeFrame(encodeFrame(heartbeat))).toEqual(heartbeat);
  });

  it.each([
    ['start', 0],
    ['length', 1],
    ['version', 3],
    ['code', 4],
    ['sequence A', 5],
    ['sequence B', 6],
    ['serial', 9],
    ['payload', 11],
    ['checksum', 12],
    ['end', 13],
  ])('is refused when its %s is changed', (_part, at) => {
    const bytes = encodeFrame(heartbeat);
    bytes[at] = (bytes[at] ?? 0) ^ 0x01;
    expect(decodeFrame(bytes)).toBeNull();
  });

  it('is refused when a byte is missing or one too many is there', () => {
    const bytes = encodeFrame(heartbeat);
    expect(decodeFrame(bytes.subarray(0, -1))).toBeNull();
    expect(decodeFrame(Buffer.concat([bytes, Buffer.from([0])]))).toBeNull();
    expect(decodeFrame(Buffer.alloc(0))).toBeNull();
  });

  it.each([0, MAX_PAYLOAD + 1])('refuses to frame a payload of %i bytes', (length) => {
    expect(() => encodeFrame({ ...heartbeat, payload: Buffer.alloc(length) })).toThrow(RangeError);
  });
});

describe('acknowledgement', () => {
  const at = new Date('2025-07-15T10:00:00.900Z');
  const owed = { when: 'now', code: 0x17, sequence: [255, 133], serial: 4_100_000_001, frameType: 0x81 } as const;

  it.each([
    ['east of Greenwich', 120, '78000000'],
    ['at Greenwich', 0, '00000000'],
    ['west of Greenwich, as a signed number', -300, 'd4feffff'],
    ['half an hour off', 330, '4a010000'],
  ])('carries the time in UTC and the offset in minutes: %s', (_where, offset, bytes) => {
    const answer = encodeAcknowledgement(owed, at, offset);
    expect(answer.length).toBe(23);
    expect(answer.subarray(11, 21).toString('hex')).toBe(`8101${TEN_O_CLOCK}${bytes}`);
    const frame = decodeFrame(answer);
    expect(frame && decodeAcknowledgement(frame)).toEqual({
      frameType: 0x81,
      accepted: true,
      serverTime: new Date('2025-07-15T10:00:00Z'),
      utcOffsetMin: offset,
    });
  });

  it("adds one to the server's counter and echoes the logger's", () => {
    expect(decodeFrame(encodeAcknowledgement(owed, at, 0))?.sequence).toEqual([0, 133]);
    expect(decodeFrame(encodeAcknowledgement({ ...owed, sequence: [16, 132] }, at, 0))?.sequence).toEqual([17, 132]);
  });

  it.each([Number.NaN, 841, -841, Number.POSITIVE_INFINITY])('is not made with an offset of %s minutes', (offset) => {
    expect(() => encodeAcknowledgement(owed, at, offset)).toThrow(RangeError);
  });

  it('is not read out of a payload of another length', () => {
    expect(decodeAcknowledgement({ ...heartbeat, code: 0x17 })).toBeNull();
  });
});

describe('codes', () => {
  it.each([
    [0x41, 'handshake', 0x11],
    [0x42, 'data', 0x12],
    [0x43, 'wifi', 0x13],
    [0x47, 'heartbeat', 0x17],
    [0x48, 'report', 0x18],
    [0x02, 'data', null],
    [0x15, 'answer', null],
    [0x05, 'answer', null],
    [0x44, 'unknown', 0x14],
    [0x46, 'unknown', 0x16],
    [0x0f, 'unknown', null],
    [0xc2, 'unknown', 0x92],
    [0x45, 'server', 0x15],
    [0x11, 'server', null],
    [0x17, 'server', null],
    [0x18, 'server', null],
  ])('%i is %s and is answered with %s', (code, kind, answer) => {
    expect(kindOf(code)).toBe(kind);
    expect(answerTo(code)).toBe(answer);
  });
});
