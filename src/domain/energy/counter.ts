import { forgetBefore } from './power.ts';
import { type Book, spread } from './spread.ts';
import { baseOf, type CounterState } from './state.ts';
import type { EnergyEvent } from './types.ts';

/** Totals may step back by rounding (float32 in the DTU) without meaning it. */
const NOISE_WH = 2;
const HEADROOM = 1.2;
const SLACK_WH = 50;
const WS_PER_WH = 3600;
const MS_PER_HOUR = 3_600_000;
const REBASE_SAMPLES = 3;
const REBASE_MS = 10 * 60_000;
/** While a candidate's samples follow one another this closely, a sample that continues it is not held against the old series. */
const SAME_SERIES_MS = 15 * 60_000;
/** A device that sends nonsense every few seconds is one event an hour, not a thousand. */
const EVENT_EVERY_MS = 60 * 60_000;

/** What judging one total needs besides the counter. */
export interface Judging {
  t: number;
  /** The channel's own power in this sample, judged; null if it tells none. */
  powerW: number | null;
  ratedW: number;
  stepWh: number;
  daylight: (quarterStartMs: number) => boolean;
  book: Book;
  event: (event: EnergyEvent) => void;
}

/** The accumulator of devices §4.2 for one total of one counter; `notePower` must have seen the same sample before. */
export function judgeTotal(counter: CounterState, totalWh: number, now: Judging): void {
  if (counter.goodWh === null || isDoubtfulZero(counter, now.t)) {
    firstEver(counter, totalWh, now);
    return;
  }
  if (totalWh === 0 && counter.goodWh !== 0) {
    // Exactly 0 is what a rebooted DTU says before its first frame (OpenDTU#2730); it neither feeds nor ends a candidate
    quarantined(counter, totalWh, 'zero', now);
    return;
  }
  const candidate = counter.candidate;
  const close = candidate !== null && now.t - candidate.at <= SAME_SERIES_MS;
  // First of all: the cap against the old series grows with time, and a jump that was refused must not slip through later
  if (close && continues(counter, totalWh, now)) {
    follow(counter, totalWh, now);
    return;
  }
  const step = totalWh - counter.goodWh;
  if (step < 0 && step >= -NOISE_WH) {
    accept(counter, counter.goodWh, 0, now);
  } else if (step >= 0 && step <= capWh(counter, counter.goodAt, now)) {
    accept(counter, totalWh, step, now);
  } else if (!close && continues(counter, totalWh, now)) {
    follow(counter, totalWh, now);
  } else {
    counter.candidate = { firstWh: totalWh, valueWh: totalWh, count: 1, since: now.t, at: now.t, stillWs: 0 };
    quarantined(counter, totalWh, step > 0 ? 'jump' : 'fall', now);
  }
}

/**
 * A first total of 0 may be a new inverter's, or what a rebooted DTU says at night. If nothing follows within 15 minutes, the next
 * total is the first one, or a young inverter's whole lifetime would be booked as one night's energy.
 */
function isDoubtfulZero(counter: CounterState, t: number): boolean {
  return counter.goodWh === 0 && !counter.confirmed && t - counter.goodAt > SAME_SERIES_MS;
}

function firstEver(counter: CounterState, totalWh: number, now: Judging): void {
  counter.firstGoodWh = baseOf(totalWh, counter.bookedWh);
  counter.goodWh = totalWh;
  counter.goodAt = now.t;
  counter.changedAt = now.t;
  counter.maxPowerW = now.powerW ?? 0;
  counter.carryWs = 0;
  counter.weights = [];
  counter.gaps = [];
}

/**
 * The most that can have been produced since `from`: rated power with headroom, never less than the highest power accepted since the
 * last good total; and, for counters that move in lumps, what the measured power itself vouches for.
 */
function capWh(counter: CounterState, from: number, now: Judging): number {
  const ratedWh = (HEADROOM * Math.max(now.ratedW, counter.maxPowerW) * (now.t - from)) / MS_PER_HOUR;
  let measuredWs = 0;
  if (now.powerW !== null) for (let i = 1; i < counter.weights.length; i += 2) measuredWs += counter.weights[i] ?? 0;
  return Math.max(ratedWh, (HEADROOM * measuredWs) / WS_PER_WH) + slackWh(now);
}

function slackWh(now: Judging): number {
  return Math.max(SLACK_WH, 2 * now.stepWh);
}

/** Whether a total goes on where the candidate left off: not back, and not faster than the device can produce. */
function continues(counter: CounterState, totalWh: number, now: Judging): boolean {
  const candidate = counter.candidate;
  if (candidate === null) return false;
  const step = totalWh - candidate.valueWh;
  const ratedWh = (HEADROOM * Math.max(now.ratedW, counter.maxPowerW) * (now.t - candidate.at)) / MS_PER_HOUR;
  return step >= -NOISE_WH && step <= ratedWh + slackWh(now);
}

/**
 * One more sample of a candidate. It counts when the total rose, or when it had no reason to: a value that stands still while power
 * is measured is a glitch that sticks, not a counter.
 */
function follow(counter: CounterState, totalWh: number, now: Judging): void {
  const candidate = counter.candidate;
  if (candidate === null) return;
  candidate.at = now.t;
  if (totalWh > candidate.valueWh) {
    candidate.valueWh = totalWh;
    candidate.stillWs = 0;
    candidate.count += 1;
  } else if (candidate.stillWs <= 2 * now.stepWh * WS_PER_WH) {
    candidate.count += 1;
  }
  if (candidate.count < REBASE_SAMPLES || now.t - candidate.since < REBASE_MS) return;

  const fromWh = counter.goodWh ?? 0;
  const bookedWh = candidate.valueWh - candidate.firstWh;
  // Nothing was ever booked from the old value, so it was no counter either (a glitch in the very first sample)
  if (!counter.confirmed) counter.firstGoodWh = baseOf(candidate.firstWh, counter.bookedWh);
  forgetBefore(counter, candidate.since);
  counter.changedAt = candidate.since;
  now.event({
    kind: 'rebased',
    channel: counter.channel,
    t: now.t,
    detail: { fromWh, toWh: candidate.valueWh, bookedWh },
  });
  accept(counter, candidate.valueWh, bookedWh, now);
}

function accept(counter: CounterState, totalWh: number, gainedWh: number, now: Judging): void {
  if (gainedWh > 0) {
    spread(counter, gainedWh, now.t, now.daylight, now.book);
    counter.confirmed = true;
    counter.changedAt = now.t;
    counter.weights = [];
    counter.gaps = [];
  }
  counter.goodWh = totalWh;
  counter.goodAt = now.t;
  counter.maxPowerW = now.powerW ?? 0;
  counter.candidate = null;
}

function quarantined(counter: CounterState, totalWh: number, reason: 'jump' | 'fall' | 'zero', now: Judging): void {
  if (counter.quarantinedAt !== 0 && now.t - counter.quarantinedAt < EVENT_EVERY_MS) return;
  counter.quarantinedAt = now.t;
  now.event({
    kind: 'quarantined',
    channel: counter.channel,
    t: now.t,
    detail: { reason, totalWh, goodWh: counter.goodWh ?? 0 },
  });
}
