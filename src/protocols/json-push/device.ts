import type { DeviceKind } from '../../domain/inverter.ts';
import { emptyReading, type Reading, type ReadingFlag } from '../../domain/reading.ts';
import type { PushItem } from '../protocol.ts';
import type { FieldReader } from './field-reader.ts';
import { isStale, withoutMomentary } from './freshness.ts';
import { type MeasuredAt, measurementAge, type PushClock, sampleTime } from './time.ts';

/** Longest name of a device or an input that is kept; OpenDTU allows 31 bytes (devices §1.2). */
export const MAX_NAME_LENGTH = 64;

/** What all devices of one push have in common. */
export interface PushHead {
  kind: DeviceKind;
  clock: PushClock;
  /** Normalised serial of the gateway; null when absent or unusable. */
  gatewaySerial: string | null;
  intervalS: number | undefined;
}

/** A serial in the sender's spelling, for the answer, and in ours. */
export interface SentSerial {
  sent: string;
  normalised: string;
}

/** What one device says, before anybody asked whether it holds for this moment. */
export interface SentDevice {
  values: Omit<Partial<Reading>, 'kind' | 'serial' | 'sampledAt' | 'timeQuality' | 'fresh' | 'flags' | 'gatewaySerial'>;
  measuredAt: MeasuredAt;
  /** The gateway has not heard the device since its own boot. */
  isNeverPolled?: boolean;
  /** The source zeroed its values itself, instead of repeating them. */
  isZeroed?: boolean;
}

export type DecodedItem = Extract<PushItem, { ok: true }>;

/**
 * The reading of one device: dated, and without what was not measured at that moment (devices §1.5).
 *
 * A fresh reading bears the time of its measurement. That nothing is measured, on the other hand, holds at the moment it is said:
 * dated back to the last measurement, it would meet that measurement's own row and be dropped as its duplicate.
 */
export function decodedItem(device: FieldReader, serial: SentSerial, head: PushHead, sent: SentDevice): DecodedItem {
  const { values, measuredAt, isNeverPolled = false, isZeroed = false } = sent;
  const notFresh: ReadingFlag[] = [];
  if (values.reachable === false) notFresh.push('unreachable');
  if (!isZeroed && isStale(measurementAge(head.clock, measuredAt), head.intervalS)) notFresh.push('stale');
  if (isNeverPolled) notFresh.push('never_polled');
  const isFresh = notFresh.length === 0;

  const flags = [...notFresh, ...head.clock.flags];
  if (device.rejected.length > 0) flags.push('value_rejected');
  const asSent = emptyReading({
    ...values,
    kind: head.kind,
    serial: serial.normalised,
    gatewaySerial: head.gatewaySerial,
    flags,
    ...sampleTime(head.clock, isFresh ? measuredAt : null),
  });
  return {
    ok: true,
    sentSerial: serial.sent,
    reading: isFresh ? asSent : withoutMomentary(asSent, isZeroed),
    sentPowerW: asSent.powerW,
    rejected: device.rejected,
  };
}
