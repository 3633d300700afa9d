/**
 * The envelope (solarman-v5 §1.1): start 0xA5, payload length u16 LE, version, code, two sequence bytes, serial u32 LE, payload,
 * checksum, end 0x15. Everything in it is little-endian.
 */
export const START = 0xa5;
export const END = 0x15;
/** Byte 3 of every frame ever captured. */
export const VERSION = 0x10;
export const HEADER_BYTES = 11;
/** Header, checksum and end: what a frame has beyond its payload. */
export const ENVELOPE_BYTES = 13;
export const MIN_PAYLOAD = 1;
/** The largest payload seen is 1432 bytes; the cap is checked from the header alone (§1.2). */
export const MAX_PAYLOAD = 4096;

export interface Frame {
  readonly code: number;
  /** [the server's counter, the logger's counter] (§1.3). */
  readonly sequence: readonly [number, number];
  /** Logger serial, the decimal number printed on it. */
  readonly serial: number;
  readonly payload: Buffer;
}

/** Sum of the bytes from `from` up to, not including, `to`, modulo 256 (§1.1). */
export function checksum(bytes: Uint8Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += bytes[i] ?? 0;
  return sum & 0xff;
}

/** @throws RangeError when the payload cannot be framed: that is a mistake of the caller */
export function encodeFrame(frame: Frame): Buffer {
  const length = frame.payload.length;
  if (length < MIN_PAYLOAD || length > MAX_PAYLOAD)
    throw new RangeError(`a payload of ${length} bytes cannot be framed`);
  const bytes = Buffer.alloc(length + ENVELOPE_BYTES);
  bytes[0] = START;
  bytes.writeUInt16LE(length, 1);
  bytes[3] = VERSION;
  bytes[4] = frame.code;
  bytes[5] = frame.sequence[0];
  bytes[6] = frame.sequence[1];
  bytes.writeUInt32LE(frame.serial, 7);
  frame.payload.copy(bytes, HEADER_BYTES);
  bytes[HEADER_BYTES + length] = checksum(bytes, 1, HEADER_BYTES + length);
  bytes[HEADER_BYTES + length + 1] = END;
  return bytes;
}

/** Exactly one frame from exactly its bytes; null when anything about them is wrong. */
export function decodeFrame(bytes: Buffer): Frame | null {
  if (bytes.length < ENVELOPE_BYTES + MIN_PAYLOAD || bytes[0] !== START || bytes[3] !== VERSION) return null;
  const length = bytes.readUInt16LE(1);
  if (length < MIN_PAYLOAD || length > MAX_PAYLOAD || bytes.length !== length + ENVELOPE_BYTES) return null;
  if (bytes[HEADER_BYTES + length + 1] !== END) return null;
  if (bytes[HEADER_BYTES + length] !== checksum(bytes, 1, HEADER_BYTES + length)) return null;
  return readCheckedFrame(bytes);
}

/** The fields of a frame that is known to be good. The payload is a copy, so the frame outlives the buffer it was found in. */
export function readCheckedFrame(bytes: Buffer): Frame {
  const length = bytes.readUInt16LE(1);
  return {
    code: bytes.readUInt8(4),
    sequence: [bytes.readUInt8(5), bytes.readUInt8(6)],
    serial: bytes.readUInt32LE(7),
    payload: Buffer.from(bytes.subarray(HEADER_BYTES, HEADER_BYTES + length)),
  };
}
