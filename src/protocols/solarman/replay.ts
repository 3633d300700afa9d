import type { Reading } from '../../domain/reading.ts';
import type { BootClock, KeptPayload } from '../protocol.ts';
import { dataReading, decodeData } from './data.ts';
import { acquiredAt, BootClocks, readTimeBlock, toldClock } from './time.ts';
import { atArrival, dateByBoot, withoutBoot } from './undated.ts';

/** How the raw payload of a data frame is labelled. */
const SENSOR_TYPE = /^0x[0-9a-f]{4}$/;
/** Where the time block of a data payload stands. */
const TIME_AT = 3;

/** Decode kept payloads of one logger again, each dated by the others of its power-on and by `clocks` (solarman-v5 §2.6). */
export function replay(kept: readonly KeptPayload[], serial: string, known: readonly BootClock[]): (Reading | null)[] {
  const clocks = new BootClocks(kept.length + known.length);
  for (const clock of known) clocks.learn(clock);
  for (const { layout, bytes } of kept) {
    // Also one of an unknown layout tells its time: all data payloads share their head.
    const time = SENSOR_TYPE.test(layout) ? readTimeBlock(bytes, TIME_AT) : null;
    const clock = time === null ? null : toldClock(time);
    if (clock !== null) clocks.learn(clock);
  }
  return kept.map((payload) => readingOf(payload, serial, clocks));
}

function readingOf(
  { layout, bytes, receivedAt, reckonedAt }: KeptPayload,
  serial: string,
  clocks: BootClocks,
): Reading | null {
  const decoded = SENSOR_TYPE.test(layout) ? decodeData(bytes) : null;
  if (decoded === null || !decoded.ok) return null;
  const { time, stored } = decoded.data.head;
  const sampledAt = acquiredAt(time);
  const reading = dataReading(decoded.data, serial, { sampledAt, timeQuality: 'device' });
  if (sampledAt !== null) return reading;
  const reckoned = reckonedAt == null ? null : { ...reading, sampledAt: reckonedAt, timeQuality: 'boot' as const };
  return (
    dateByBoot(clocks, reading, time) ?? reckoned ?? (stored ? withoutBoot(reading) : atArrival(reading, receivedAt))
  );
}
