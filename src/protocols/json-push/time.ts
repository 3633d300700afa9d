import type { ReadingFlag, TimeQuality } from '../../domain/reading.ts';
import { spelledNumber } from './scalars.ts';

/** No device of ours was built before; an earlier time means that its clock was never set (devices §4.1, epoch 0 and 1970). */
const CLOCK_UNSET_BEFORE_MS = Date.UTC(2015, 0, 1);
/** A clock this far ahead is broken; a row of 2036 would stay "the latest" for years (interfaces, "HTTP"). */
const FUTURE_TOLERANCE_MS = 10 * 60_000;
/** A measurement time is believed up to this age against the time of the push (devices §1.4). */
const MAX_MEASUREMENT_AGE_MS = 15 * 60_000;

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)? ?([Zz]|[+-]\d{2}(?::?\d{2})?)?$/;
const MAX_TIMESTAMP_LENGTH = 40;
/** Numbers from here on are milliseconds: as seconds it would be the year 5138, as milliseconds it is 1973. */
const MILLISECONDS_FROM = 1e11;
/** The farthest instant a Date can hold. */
const MAX_DATE_MS = 8.64e15;

/** What a `timestamp` says. `naive`: a wall clock without offset, which names no instant. */
export type SentTime =
  | { kind: 'instant'; ms: number }
  | { kind: 'naive' }
  | { kind: 'absent' }
  | { kind: 'unreadable' };

/**
 * Understands ISO 8601 with offset (`+02:00`, `+0200`, `Z`), Unix seconds and milliseconds, also as text. Empty text is what firmware
 * prints while it has no time.
 */
export function parseSentTime(raw: unknown): SentTime {
  if (raw === undefined || raw === null || raw === '') return { kind: 'absent' };
  const epoch = spelledNumber(raw);
  if (epoch !== null) return fromEpoch(epoch);
  if (typeof raw !== 'string' || raw.length > MAX_TIMESTAMP_LENGTH) return { kind: 'unreadable' };
  const match = ISO.exec(raw.trim());
  if (match === null) return { kind: 'unreadable' };
  const [, year, month, day, hour, minute, second = '0', fraction = '0', offset] = match;
  const offsetMin = offset === undefined ? 0 : offsetMinutes(offset);
  const wallClock = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  const isRealDate = new Date(wallClock).toISOString().startsWith(`${year}-${month}-${day}T${hour}:${minute}`);
  // A time structure that was never filled prints as 1900-01-00: an unset clock, not a broken sender.
  if (!isRealDate) return { kind: Number(year) < 2015 ? 'absent' : 'unreadable' };
  if (offsetMin === null) return { kind: 'unreadable' };
  if (offset === undefined) return { kind: 'naive' };
  const ms = wallClock + Math.floor(Number(`0.${fraction}`) * 1000) - offsetMin * 60_000;
  return { kind: 'instant', ms };
}

/** The clock of one push: the instant its values are held against, and how far it is believed. */
export interface PushClock {
  /** The push's own time where it is believed, else that of its arrival. */
  referenceMs: number;
  quality: TimeQuality;
  flags: readonly ReadingFlag[];
  /** The instant the sender gave, believed or not; null when it gave none. */
  sentMs: number | null;
  nowMs: number;
}

/**
 * Decides whether the sender's clock is believed. Old times are (a buffering client catches up with its own times); an unset clock,
 * one in the future, a wall clock without offset and silence are not: then it is the time of arrival.
 */
export function pushClock(sent: SentTime, now: Date): PushClock {
  const nowMs = now.getTime();
  const sentMs = sent.kind === 'instant' ? sent.ms : null;
  if (sentMs !== null && sentMs >= CLOCK_UNSET_BEFORE_MS && sentMs <= nowMs + FUTURE_TOLERANCE_MS) {
    return { referenceMs: sentMs, quality: 'device', flags: [], sentMs, nowMs };
  }
  const flags: ReadingFlag[] = sent.kind === 'naive' ? ['clock_untrusted', 'clock_naive'] : ['clock_untrusted'];
  return { referenceMs: nowMs, quality: 'receipt', flags, sentMs, nowMs };
}

/** When a device says it measured: an instant, `never`, or null when it does not say. */
export type MeasuredAt = number | 'never' | null;

/** Reads `last_update`: Unix time; 0 is "never since the gateway's boot" (devices §1.2). */
export function parseMeasuredAt(raw: unknown): MeasuredAt {
  const sent = parseSentTime(raw);
  if (sent.kind !== 'instant') return null;
  return sent.ms === 0 ? 'never' : sent.ms;
}

/** The time of a live sample: that of the measurement where it is plausible, else that of the push (devices §1.4). */
export function sampleTime(clock: PushClock, measuredAt: MeasuredAt): { sampledAt: Date; timeQuality: TimeQuality } {
  if (typeof measuredAt === 'number' && measuredAt >= CLOCK_UNSET_BEFORE_MS) {
    const ageMs = clock.referenceMs - measuredAt;
    if (ageMs >= 0 && ageMs <= MAX_MEASUREMENT_AGE_MS)
      return { sampledAt: new Date(measuredAt), timeQuality: 'device' };
  }
  return { sampledAt: new Date(clock.referenceMs), timeQuality: clock.quality };
}

/**
 * How old the measurement was when it was pushed, in ms; null when that cannot be known. With a clock that is not believed, the
 * sender's own two times are still held against each other, because a wrong clock is wrong in both.
 */
export function measurementAge(clock: PushClock, measuredAt: MeasuredAt): number | null {
  if (typeof measuredAt !== 'number') return null;
  if (clock.quality === 'device') {
    // Seconds since boot, as some bridges send, are no age.
    const ageMs = clock.referenceMs - measuredAt;
    return measuredAt >= CLOCK_UNSET_BEFORE_MS && ageMs >= 0 ? ageMs : null;
  }
  const ages = [clock.sentMs, clock.nowMs].flatMap((ms) => (ms !== null && ms >= measuredAt ? [ms - measuredAt] : []));
  return ages.length > 0 ? Math.min(...ages) : null;
}

function fromEpoch(epoch: number): SentTime {
  const ms = Math.abs(epoch) < MILLISECONDS_FROM ? epoch * 1000 : epoch;
  return Math.abs(ms) <= MAX_DATE_MS ? { kind: 'instant', ms: Math.floor(ms) } : { kind: 'unreadable' };
}

function offsetMinutes(offset: string): number | null {
  if (offset === 'Z' || offset === 'z') return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(3).replace(':', ''));
  if (hours > 14 || minutes > 59) return null;
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}
