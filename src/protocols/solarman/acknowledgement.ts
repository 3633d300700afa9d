import type { Acknowledgement } from '../protocol.ts';
import { answerTo } from './codes.ts';
import { encodeFrame, type Frame } from './frame.ts';

/** The same ten payload bytes answer all five kinds of frame (solarman-v5 §2.1). */
const PAYLOAD_BYTES = 10;
const ACCEPTED = 1;
/** No place on Earth is further from UTC than 14 hours. */
const MAX_OFFSET_MIN = 14 * 60;

/** What the sender of this frame is waiting for; null when it wants no answer. */
export function acknowledgementFor(frame: Frame, when: Acknowledgement['when']): Acknowledgement | null {
  const code = answerTo(frame.code);
  if (code === null) return null;
  return { when, code, sequence: frame.sequence, serial: frame.serial, frameType: frame.payload[0] ?? 0 };
}

/**
 * The bytes of an acknowledgement. The logger sets its clock, and through it the inverter's, to `now` plus the offset; the offset is
 * minutes east of UTC as a signed 32-bit number (§2.1). Sequence: A = request's A + 1, B = request's B (§1.3).
 * @throws RangeError when the offset is none: a wrong clock in the inverter would be worse than no answer
 */
export function encodeAcknowledgement(owed: Acknowledgement, now: Date, utcOffsetMin: number): Buffer {
  if (!(Math.abs(utcOffsetMin) <= MAX_OFFSET_MIN))
    throw new RangeError(`${utcOffsetMin} is no offset from UTC in minutes`);
  const payload = Buffer.alloc(PAYLOAD_BYTES);
  payload[0] = owed.frameType;
  payload[1] = ACCEPTED;
  payload.writeUInt32LE(Math.floor(now.getTime() / 1000), 2);
  payload.writeInt32LE(Math.round(utcOffsetMin), 6);
  const sequence = [(owed.sequence[0] + 1) & 0xff, owed.sequence[1]] as const;
  return encodeFrame({ code: owed.code, sequence, serial: owed.serial, payload });
}

export interface ReceivedAcknowledgement {
  frameType: number;
  accepted: boolean;
  serverTime: Date;
  utcOffsetMin: number;
}

/** The logger's side of it, for the simulator and the tests; null when the payload is no acknowledgement. */
export function decodeAcknowledgement(frame: Frame): ReceivedAcknowledgement | null {
  if (frame.payload.length !== PAYLOAD_BYTES) return null;
  return {
    frameType: frame.payload.readUInt8(0),
    accepted: frame.payload.readUInt8(1) === ACCEPTED,
    serverTime: new Date(frame.payload.readUInt32LE(2) * 1000),
    utcOffsetMin: frame.payload.readInt32LE(6),
  };
}
