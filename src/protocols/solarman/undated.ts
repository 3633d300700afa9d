import type { Reading } from '../../domain/reading.ts';
import { type BootClocks, contradicts, type TimeBlock } from './time.ts';

/** Date a sample whose frame carried no offset by one that another frame of its power-on told; null when none did. */
export function dateByTold(clocks: BootClocks, reading: Reading, time: TimeBlock): Reading | null {
  const told = clocks.told(time);
  return told === null ? null : { ...reading, sampledAt: told, timeQuality: 'boot' };
}

/**
 * The same, or by when a handshake of its power-on came; null where the inverter's clock says something quite different: one of the two
 * is wrong then.
 */
export function dateByBoot(clocks: BootClocks, reading: Reading, time: TimeBlock): Reading | null {
  const told = dateByTold(clocks, reading, time);
  if (told !== null) return told;
  const reckoned = clocks.reckoned(time);
  if (reckoned === null || contradicts(reading.deviceClock, reckoned)) return null;
  return { ...reading, sampledAt: reckoned, timeQuality: 'boot' };
}

/**
 * Step 3: the inverter's own clock, to be read in the site's zone by who knows it. Without one nothing tells when a stored sample was
 * taken, and its arrival would be a lie: the date stays open, for the resolving step to decide.
 */
export function withoutBoot(reading: Reading): Reading {
  return { ...reading, sampledAt: null, timeQuality: reading.deviceClock === null ? 'receipt' : 'device_clock' };
}

/** A live sample of a logger that does not know the time: it is dated by its arrival, and says so. */
export function atArrival(reading: Reading, arrivedAt: Date): Reading {
  return { ...reading, sampledAt: arrivedAt, timeQuality: 'receipt', flags: [...reading.flags, 'clock_untrusted'] };
}
