import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DAY,
  facts,
  foldAll,
  HOUR,
  MINUTE,
  sumWh,
  sunFromSixToEight,
  table,
} from '../../test/support/energy-samples.ts';
import { packEnergyState, unpackEnergyState } from './energy/packing.ts';
import { bookingDifference, carryForward, sameCourse } from './energy/replay.ts';
import { counterColumns, type EnergyState, emptyEnergyState } from './energy/state.ts';
import type { CounterInput, EnergyFacts, EnergySample, QuarterBooking } from './energy/types.ts';
import { foldEnergy, isLate } from './energy.ts';
import { DEVICE_KINDS } from './inverter.ts';

const START = Date.UTC(2026, 5, 12, 9);

const anyFacts: fc.Arbitrary<EnergyFacts> = fc.record({
  kind: fc.constantFrom(...DEVICE_KINDS),
  ratedPowerW: fc.constantFrom(null, 300, 800, 10_000),
  counterStepWh: fc.constantFrom(1, 10, 100),
  daylight: fc.constant(sunFromSixToEight),
});

/** Totals that are now and then plausible, now and then nonsense; powers likewise; steps from a second to two days. */
const anyCounter = (channel: number): fc.Arbitrary<CounterInput> =>
  fc.record({
    channel: fc.constant(channel),
    totalWh: fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 100_000, max: 100_400 }) },
      { weight: 1, arbitrary: fc.constantFrom(null, 0, 2_113_405_000, 694_419_000, 65_535, -40) },
      { weight: 1, arbitrary: fc.integer({ min: -1000, max: 1_000_000 }) },
    ),
    powerW: fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 0, max: 8000 }).map((dw) => dw / 10) },
      { weight: 1, arbitrary: fc.constantFrom(null, -4, 0) },
    ),
  });

const anyDevice: fc.Arbitrary<EnergySample[]> = fc
  .integer({ min: 0, max: 3 })
  .chain((inputs) =>
    fc.array(
      fc.record({
        step: fc.oneof(
          { weight: 8, arbitrary: fc.integer({ min: 1, max: 400_000 }) },
          { weight: 1, arbitrary: fc.integer({ min: 400_000, max: 2 * DAY }) },
        ),
        fresh: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, fc.constant(false)),
        counters: fc.tuple(...Array.from({ length: inputs + 1 }, (_, channel) => anyCounter(channel))),
      }),
      { maxLength: 60 },
    ),
  )
  .map((list) => {
    let t = START;
    return list.map(({ step, fresh, counters }) => {
      t += step;
      return { t, fresh, counters };
    });
  });

/** As production does it: batches, each with the state from the database. */
function inBatches(
  samples: readonly EnergySample[],
  sizes: readonly number[],
  given: EnergyFacts,
): { state: EnergyState; rows: ReturnType<typeof table> } {
  let stored = JSON.stringify(packEnergyState(emptyEnergyState()));
  const bookings: QuarterBooking[] = [];
  let from = 0;
  for (let i = 0; from < samples.length; i += 1) {
    const to = from + (sizes[i % sizes.length] ?? 1);
    const fold = foldEnergy(unpackEnergyState(JSON.parse(stored)), samples.slice(from, to), given);
    bookings.push(...fold.bookings);
    stored = JSON.stringify(packEnergyState(fold.state));
    from = to;
  }
  return { state: unpackEnergyState(JSON.parse(stored)), rows: table(bookings) };
}

describe('whatever a device sends', () => {
  it('batches, splits and restarts change nothing', () => {
    fc.assert(
      fc.property(
        anyDevice,
        anyFacts,
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
        (all, given, sizes) => {
          const whole = foldAll(all, given);
          const cut = inBatches(all, sizes, given);
          expect(cut.state).toEqual(whole.state);
          expect(cut.rows).toEqual(table(whole.bookings));
        },
      ),
    );
  });

  it('duplicates, and late samples that are replayed, give the same quarter hours and the same total', () => {
    fc.assert(
      fc.property(anyDevice, anyFacts, fc.infiniteStream(fc.nat()), (all, given, dice) => {
        const order = all
          .flatMap((sample) => ((dice.next().value ?? 0) % 4 === 0 ? [sample, sample] : [sample]))
          .map((sample) => ({ sample, key: dice.next().value ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ sample }) => sample);
        const stored: EnergySample[] = [];
        let state = emptyEnergyState();
        let bookings: QuarterBooking[] = [];
        for (const sample of order) {
          if (stored.some((known) => known.t === sample.t)) continue;
          const before = [...stored];
          stored.push(sample);
          stored.sort((a, b) => a.t - b.t);
          if (isLate(state, sample.t)) {
            const replayed = foldAll(stored, given);
            bookings.push(...bookingDifference(foldAll(before, given).bookings, replayed.bookings));
            state = replayed.state;
          } else {
            const fold = foldEnergy(state, [sample], given);
            bookings.push(...fold.bookings);
            state = fold.state;
          }
          bookings = [...table(bookings).values()];
        }
        const whole = foldAll(all, given);
        expect(state).toEqual(whole.state);
        const differing = bookingDifference(bookings, whole.bookings);
        expect(differing).toEqual([]);
      }),
    );
  });

  it('the parts are the whole: quarter hours, booked, inputs; nothing negative, nothing beyond the cap', () => {
    fc.assert(
      fc.property(anyDevice, anyFacts, (all, given) => {
        const { state, bookings } = foldAll(all, given);
        const { bookedWh } = counterColumns(state, given.kind);
        const hours = ((all.at(-1)?.t ?? START) - START) / HOUR;
        for (const [channel, booked] of bookedWh.entries()) {
          expect(sumWh(bookings, channel)).toBe(booked ?? 0);
          const rated = Math.max(given.ratedPowerW ?? 30_000, 15_000);
          // Twice, because a cap is the larger of rated and measured energy, whose times may overlap
          const slack = Math.max(50, 2 * given.counterStepWh) * all.length;
          expect(booked ?? 0).toBeLessThanOrEqual(Math.max(1, bookedWh.length - 1) * (2 * 1.2 * rated * hours + slack));
        }
        for (const row of bookings) {
          for (const [channel, wh] of row.energyWh.entries()) {
            expect(Number.isInteger(wh) && wh >= 0).toBe(true);
            expect(row.estimatedWh[channel] ?? -1).toBeGreaterThanOrEqual(0);
            expect(row.estimatedWh[channel] ?? Number.NaN).toBeLessThanOrEqual(wh);
          }
        }
      }),
    );
  });

  it('the state stays small', () => {
    fc.assert(
      fc.property(anyDevice, anyFacts, (all, given) => {
        const packed = JSON.stringify(packEnergyState(foldAll(all, given).state));
        expect(packed.length).toBeLessThan(1500);
      }),
    );
  });
});

/** A device that counts right: power by the sun, counters that step, frames now and then lost or corrupt. */
const honestDevice = fc.record({
  stepWh: fc.constantFrom(1, 100),
  inputs: fc.integer({ min: 1, max: 4 }),
  peakW: fc.integer({ min: 5, max: 400 }),
  offsetWh: fc.integer({ min: 1, max: 10_000_000 }),
  gaps: fc.array(
    fc.oneof(
      { weight: 30, arbitrary: fc.integer({ min: 20_000, max: 320_000 }) },
      { weight: 1, arbitrary: fc.integer({ min: 20 * MINUTE, max: 30 * HOUR }) },
    ),
    { minLength: 20, maxLength: 200 },
  ),
  glitches: fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 2_113_405_000, 694_419_000)), { maxLength: 6 }),
});

describe('a device that counts right', () => {
  it('is booked to the last Wh in spite of glitches and outages, and OpenDTU inputs sum to the inverter in every row', () => {
    fc.assert(
      fc.property(honestDevice, ({ stepWh, inputs, peakW, offsetWh, gaps, glitches }) => {
        const trueWh = new Array<number>(inputs).fill(offsetWh);
        const samples: EnergySample[] = [];
        let t = START;
        let first: number[] | undefined;
        let last: number[] = [];
        const powerAt = (ms: number): number => peakW * Math.max(0, Math.sin((Math.PI * ((ms % DAY) / HOUR - 6)) / 14));
        for (const [i, gap] of gaps.entries()) {
          for (let ms = t; ms < t + gap; ms += 10_000) {
            for (let k = 0; k < inputs; k += 1) trueWh[k] = (trueWh[k] ?? 0) + (powerAt(ms) * (1 + k / 10)) / 360;
          }
          t += gap;
          const told = trueWh.map((wh) => Math.floor(wh / stepWh) * stepWh);
          const glitch = i > 0 && i < gaps.length - 1 ? glitches.find(([at]) => at % gaps.length === i) : undefined;
          // A first total of 0 is a total: there is nothing to tell it by
          if (told.every((wh) => wh > 0)) first ??= told;
          last = told;
          samples.push({
            t,
            fresh: true,
            counters: told.map((wh, k) => ({
              channel: k + 1,
              totalWh: glitch?.[1] ?? wh,
              powerW: Math.round(powerAt(t) * (1 + k / 10) * 10) / 10,
            })),
          });
        }
        fc.pre(first !== undefined && samples[0]?.counters.every((c) => (c.totalWh ?? 0) > 0) === true);
        const { bookings, state } = foldAll(samples, facts({ kind: 'opendtu', counterStepWh: stepWh }));
        for (let k = 0; k < inputs; k += 1) expect(sumWh(bookings, k + 1)).toBe((last[k] ?? 0) - (first?.[k] ?? 0));
        for (const row of bookings) {
          expect(row.energyWh[0]).toBe(row.energyWh.slice(1).reduce((sum, wh) => sum + wh, 0));
          expect(row.estimatedWh[0]).toBe(row.estimatedWh.slice(1).reduce((sum, wh) => sum + wh, 0));
        }
        const columns = counterColumns(state, 'opendtu');
        expect((columns.firstGoodWh[0] ?? 0) + (columns.bookedWh[0] ?? 0)).toBe(last.reduce((sum, wh) => sum + wh, 0));
        expect(JSON.stringify(packEnergyState(state)).length).toBeLessThan(1500);
      }),
    );
  });
});

describe('replay', () => {
  it('meets the old course again, and carries the correction forward to the newest state', () => {
    const counter = (t: number, totalWh: number): EnergySample => ({
      t: START + t * MINUTE,
      fresh: true,
      counters: [{ channel: 0, totalWh, powerW: 600 }],
    });
    const early = Array.from({ length: 60 }, (_, i) => counter(i, 1_000 + 10 * i));
    const late = [counter(70, 1_700), counter(75, 1_750)];
    const then = Array.from({ length: 60 }, (_, i) => counter(90 + i, 1_900 + 10 * i));
    const given = facts();
    const start = foldAll(early, given).state;
    const newest = foldEnergy(start, then, given);

    const meeting = then.slice(0, 3);
    const before = foldEnergy(start, meeting, given);
    const after = foldEnergy(start, [...late, ...meeting], given);
    expect(sameCourse(foldEnergy(start, then.slice(0, 1), given).state, foldEnergy(start, late, given).state)).toBe(
      false,
    );
    expect(sameCourse(before.state, after.state)).toBe(true);

    const corrected = carryForward(newest.state, before.state, after.state);
    const rows = table([...newest.bookings, ...bookingDifference(before.bookings, after.bookings)]);
    const right = foldEnergy(start, [...late, ...then], given);
    expect(corrected.counters[0]?.bookedWh).toBe(right.state.counters[0]?.bookedWh);
    expect(bookingDifference([...rows.values()], right.bookings)).toEqual([]);
  });
});
