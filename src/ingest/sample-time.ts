import { utcOffsetMinutes } from '../domain/period.ts';
import type { Reading } from '../domain/reading.ts';

/** Samples from the future beyond this are refused: one of them would be "the latest" for years. */
export const MAX_FUTURE_MS = 10 * 60_000;

export type SampleTime =
  | { accepted: true; at: Date; reading: Reading }
  /** Outside the window: the device is answered, the sample not stored, the fact noted. */
  | { accepted: false; at: Date | null };

/**
 * Settles when a sample was taken and whether that lies in the window of interfaces, "HTTP": now − retention … now + 10 min.
 * A stored sample without a time of its own takes the inverter's clock in the site's zone (solarman-v5 §2.6 step 3).
 */
export function settleSampleTime(reading: Reading, timeZone: string, now: Date, retentionDays: number): SampleTime {
  const settled = reading.sampledAt === null ? fromDeviceClock(reading, timeZone, now) : reading;
  const at = settled.sampledAt;
  if (at === null) return { accepted: false, at: null };
  return isTimely(at, now, retentionDays) ? { accepted: true, at, reading: settled } : { accepted: false, at };
}

/** Whether a sample of that time lies in the accepted window. */
export function isTimely(at: Date, now: Date, retentionDays: number): boolean {
  const oldestMs = now.getTime() - retentionDays * 86_400_000;
  return at.getTime() >= oldestMs && at.getTime() <= now.getTime() + MAX_FUTURE_MS;
}

function fromDeviceClock(reading: Reading, timeZone: string, now: Date): Reading {
  const clock = reading.deviceClock === null ? Number.NaN : Date.parse(`${reading.deviceClock}Z`);
  if (Number.isNaN(clock)) {
    // A live sample is of now, whatever its clock; a stored one without any time cannot be placed.
    return reading.stored ? reading : { ...reading, sampledAt: now, timeQuality: 'receipt' };
  }
  // The clock is civil time: subtract the offset valid there, looked up twice because the first guess may lie across a change.
  const guess = clock - utcOffsetMinutes(timeZone, new Date(clock)) * 60_000;
  const at = new Date(clock - utcOffsetMinutes(timeZone, new Date(guess)) * 60_000);
  return { ...reading, sampledAt: at, timeQuality: 'device_clock' };
}
