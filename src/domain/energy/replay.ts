import { emptyBooking, widen } from './ledger.ts';
import type { CounterState, EnergyState } from './state.ts';
import type { QuarterBooking } from './types.ts';

/**
 * Tools for late samples (storage.md "The flush"): fold from a kept state once with the samples known so far and once with the late
 * ones among them; what differs is the correction, and where both courses meet again the rest of history stands.
 */

/** What must be *added* to rows that hold `before` to make them hold `after`; energies and counts may be negative. */
export function bookingDifference(
  before: readonly QuarterBooking[],
  after: readonly QuarterBooking[],
): QuarterBooking[] {
  const old = new Map(before.map((row) => [row.quarterStart, row]));
  const starts = new Set([...before, ...after].map((row) => row.quarterStart));
  const fresh = new Map(after.map((row) => [row.quarterStart, row]));
  return [...starts]
    .sort((a, b) => a - b)
    .map((start) => minus(fresh.get(start) ?? emptyBooking(start), old.get(start) ?? emptyBooking(start)))
    .filter((row) =>
      [row.energyWh, row.estimatedWh, row.powerSumDw, row.powerCount].some((list) => list.some(Boolean)),
    );
}

function minus(after: QuarterBooking, before: QuarterBooking): QuarterBooking {
  const row = emptyBooking(after.quarterStart);
  widen(row, Math.max(after.energyWh.length, before.energyWh.length));
  for (const field of ['energyWh', 'estimatedWh', 'powerSumDw', 'powerCount'] as const) {
    row[field] = row[field].map((_, i) => (after[field][i] ?? 0) - (before[field][i] ?? 0));
  }
  // Samples are only ever added, so a maximum can only grow
  row.powerMaxDw = row.powerMaxDw.map((_, i) => after.powerMaxDw[i] ?? null);
  return row;
}

/** Whether two states lead to the same future: equal but for what was booked so far and when an event was last raised. */
export function sameCourse(a: EnergyState, b: EnergyState): boolean {
  return JSON.stringify(courseOf(a)) === JSON.stringify(courseOf(b));
}

function courseOf(state: EnergyState): EnergyState {
  return { ...state, counters: state.counters.map(courseOfCounter) };
}

function courseOfCounter(counter: CounterState): CounterState {
  return { ...counter, bookedWh: 0, firstGoodWh: null, quarantinedAt: 0 };
}

/**
 * The latest state, corrected by what a replay changed before the two courses met again.
 * @param before,after the states of both courses at the sample where `sameCourse` held
 */
export function carryForward(latest: EnergyState, before: EnergyState, after: EnergyState): EnergyState {
  const find = (state: EnergyState, channel: number): CounterState | undefined =>
    state.counters.find((counter) => counter.channel === channel);
  return {
    ...latest,
    counters: latest.counters.map((counter) => {
      const old = find(before, counter.channel);
      const fresh = find(after, counter.channel);
      if (old === undefined || fresh === undefined) return counter;
      const shift = (fresh.firstGoodWh ?? 0) - (old.firstGoodWh ?? 0);
      return {
        ...counter,
        bookedWh: counter.bookedWh + fresh.bookedWh - old.bookedWh,
        firstGoodWh: counter.firstGoodWh === null ? null : counter.firstGoodWh + shift,
      };
    }),
  };
}
