/**
 * Frame codes (solarman-v5 §2). Bit 0x40 says "answer wanted"; the answer's code is the request's minus 0x30. A LAN logger's 0x02 is
 * 0x42 without that bit, and so the other kinds are recognised without it too.
 */
export const CODE = {
  handshake: 0x41,
  data: 0x42,
  wifi: 0x43,
  command: 0x45,
  heartbeat: 0x47,
  report: 0x48,
  dataUnanswered: 0x02,
  interimAnswer: 0x05,
  answer: 0x15,
} as const;

const ANSWER_WANTED = 0x40;
const ANSWER_DISTANCE = 0x30;

export type FrameKind = 'handshake' | 'data' | 'wifi' | 'heartbeat' | 'report' | 'answer' | 'unknown' | 'server';

/** What a frame of this code is, seen from the server. `server`: only a server sends it, so the peer is replaying a cloud. */
export function kindOf(code: number): FrameKind {
  if (code === CODE.answer || code === CODE.interimAnswer) return 'answer';
  if (code === CODE.command || (code >= 0x11 && code <= 0x18)) return 'server';
  switch (code | ANSWER_WANTED) {
    case CODE.handshake:
      return 'handshake';
    case CODE.data:
      return 'data';
    case CODE.wifi:
      return 'wifi';
    case CODE.heartbeat:
      return 'heartbeat';
    case CODE.report:
      return 'report';
    default:
      return 'unknown';
  }
}

/** The code of the acknowledgement, or null when the frame wants none. An unknown code is answered like the others (§2). */
export function answerTo(code: number): number | null {
  return (code & ANSWER_WANTED) === 0 ? null : code - ANSWER_DISTANCE;
}

/** `0x42`, `0x5408`: the spelling of codes and sensor types everywhere. */
export function hex(value: number, digits: 2 | 4): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}
