import type { Reading } from './reading.ts';

/** Bits of a stored sample's `status`. A sample is never updated, so they say what was known when it came. */
export const SAMPLE_STATUS = {
  unreachable: 1,
  stale: 2,
  neverPolled: 4,
  clockNotTrusted: 8,
  storedByDevice: 16,
  timeThroughBoot: 32,
  timeFromDeviceClock: 64,
  valueRejected: 128,
} as const;

export function sampleStatus(reading: Reading): number {
  let status = 0;
  if (reading.reachable === false || reading.flags.includes('unreachable')) status |= SAMPLE_STATUS.unreachable;
  if (reading.flags.includes('stale')) status |= SAMPLE_STATUS.stale;
  if (reading.flags.includes('never_polled')) status |= SAMPLE_STATUS.neverPolled;
  if (reading.timeQuality === 'receipt' || reading.flags.includes('clock_untrusted'))
    status |= SAMPLE_STATUS.clockNotTrusted;
  if (reading.stored) status |= SAMPLE_STATUS.storedByDevice;
  if (reading.timeQuality === 'boot') status |= SAMPLE_STATUS.timeThroughBoot;
  if (reading.timeQuality === 'device_clock') status |= SAMPLE_STATUS.timeFromDeviceClock;
  if (reading.flags.includes('value_rejected')) status |= SAMPLE_STATUS.valueRejected;
  return status;
}
