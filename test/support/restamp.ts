import { decodeFrame, encodeFrame } from '../../src/protocols/solarman/frame.ts';

/**
 * A captured Solarman data frame moved to another moment: its offset field rewritten so that working time plus offset is `at`
 * (solarman-v5 §2.6), and the checksum with it. Everything else stays as captured.
 */
export function restamp(frameHex: string, at: Date): Buffer {
  const frame = decodeFrame(Buffer.from(frameHex, 'hex'));
  if (frame === null) throw new Error('not a frame');
  const payload = Buffer.from(frame.payload);
  payload.writeUInt32LE(Math.floor(at.getTime() / 1000) - payload.readUInt32LE(3), 11);
  return encodeFrame({ ...frame, payload });
}
