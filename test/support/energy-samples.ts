import { type EnergyState, emptyEnergyState } from '../../src/domain/energy/state.ts';
import type { EnergyFacts, EnergySample, QuarterBooking } from '../../src/domain/energy/types.ts';
import { type EnergyFold, foldEnergy } from '../../src/domain/energy.ts';
import { QUARTER_MS, quarterStart } from '../../src/domain/period.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** A plain day: the sun is up from 06:00 to 20:00 UTC. */
export function sunFromSixToEight(quarterStartMs: number): boolean {
  const hour = (quarterStartMs % DAY) / HOUR;
  return hour >= 6 && hour < 20;
}

export function facts(change: Partial<EnergyFacts> = {}): EnergyFacts {
  return { kind: 'other', ratedPowerW: 800, counterStepWh: 1, daylight: sunFromSixToEight, ...change };
}

/** A sample of one counter: `[minute, totalWh, powerW]`, counted from `start`. */
export type Tick = readonly [minute: number, totalWh: number | null, powerW: number | null];

export function ticks(start: number, list: readonly Tick[], channel = 0): EnergySample[] {
  return list.map(([minute, totalWh, powerW]) => ({
    t: start + minute * MINUTE,
    fresh: true,
    counters: [{ channel, totalWh, powerW }],
  }));
}

export function foldAll(
  samples: readonly EnergySample[],
  given: EnergyFacts = facts(),
  state: EnergyState = emptyEnergyState(),
): EnergyFold {
  return foldEnergy(state, samples, given);
}

/** Wh of one channel over all quarter hours, or those in [from, to). */
export function sumWh(
  bookings: readonly QuarterBooking[],
  channel = 0,
  from = Number.NEGATIVE_INFINITY,
  to = Number.POSITIVE_INFINITY,
): number {
  let sum = 0;
  for (const row of bookings) if (row.quarterStart >= from && row.quarterStart < to) sum += row.energyWh[channel] ?? 0;
  return sum;
}

export function quarterOf(bookings: readonly QuarterBooking[], ms: number): QuarterBooking | undefined {
  return bookings.find((row) => row.quarterStart === quarterStart(ms));
}

/** What the quarter-hour table holds after these bookings were added to it, whatever batches they came in. */
export function table(bookings: readonly QuarterBooking[]): Map<number, QuarterBooking> {
  const rows = new Map<number, QuarterBooking>();
  const add = (a: readonly number[], b: readonly number[]): number[] =>
    Array.from({ length: Math.max(a.length, b.length) }, (_, i) => (a[i] ?? 0) + (b[i] ?? 0));
  for (const row of bookings) {
    const old = rows.get(row.quarterStart);
    if (row.quarterStart % QUARTER_MS !== 0) throw new Error('not a quarter hour');
    rows.set(row.quarterStart, {
      quarterStart: row.quarterStart,
      energyWh: add(old?.energyWh ?? [], row.energyWh),
      estimatedWh: add(old?.estimatedWh ?? [], row.estimatedWh),
      powerSumDw: add(old?.powerSumDw ?? [], row.powerSumDw),
      powerCount: add(old?.powerCount ?? [], row.powerCount),
      powerMaxDw: Array.from({ length: Math.max(old?.powerMaxDw.length ?? 0, row.powerMaxDw.length) }, (_, i) => {
        const [a, b] = [old?.powerMaxDw[i] ?? null, row.powerMaxDw[i] ?? null];
        return a === null || b === null ? (a ?? b) : Math.max(a, b);
      }),
    });
  }
  for (const row of rows.values()) trim(row);
  return new Map([...rows].sort(([a], [b]) => a - b));
}

/** A batch that knew of fewer channels has shorter lists: channels at the end that hold nothing are left out. */
function trim(row: QuarterBooking): void {
  const lists = [row.energyWh, row.estimatedWh, row.powerSumDw, row.powerCount, row.powerMaxDw];
  for (let last = row.energyWh.length - 1; last >= 0; last -= 1) {
    if (lists.some((list) => (list[last] ?? 0) !== 0 || (list === row.powerMaxDw && list[last] !== null))) return;
    for (const list of lists) list.length = last;
  }
}
