import { describe, expect, it } from 'vitest';
import {
  DAY,
  facts,
  foldAll,
  HOUR,
  MINUTE,
  quarterOf,
  sumWh,
  type Tick,
  ticks,
} from '../../../test/support/energy-samples.ts';
import { tellGlitch } from '../../../test/support/glitch-table.ts';
import { foldEnergy } from '../energy.ts';
import { QUARTER_MS } from '../period.ts';
import { energyTotalWh } from './state.ts';
import type { EnergySample } from './types.ts';

/** 12 June 2026, noon UTC: sunny in every test that does not say otherwise. */
const NOON = Date.UTC(2026, 5, 12, 12);
const MIDNIGHT = Date.UTC(2026, 5, 12);

/** 600 W at one sample a minute: 10 Wh each. */
function steady(from: number, count: number, firstWh: number): Tick[] {
  return Array.from({ length: count }, (_, i) => [from + i, firstWh + 10 * i, 600] as const);
}

function kinds(samples: readonly EnergySample[], given = facts()): string[] {
  return foldAll(samples, given).events.map((event) => event.kind);
}

describe('nights and outages', () => {
  const evening = ticks(MIDNIGHT, [
    [19 * 60, 10_000, 60],
    [19 * 60 + 1, 10_001, 0],
  ]);

  it('a DTU restarted at night says 0 until morning: the morning books what was produced, no more', ({ task }) => {
    const night = ticks(MIDNIGHT, [
      [23 * 60, 0, 0],
      [24 * 60 + 120, 0, 0],
      [24 * 60 + 7 * 60, 10_005, 60],
    ]);
    const fold = foldAll([...evening, ...night]);
    tellGlitch(task, { expectedWh: 5, bookedWh: sumWh(fold.bookings), events: fold.events.map((e) => e.kind) });
    expect(sumWh(fold.bookings)).toBe(5);
    expect(energyTotalWh(fold.state, 'other', 0)).toBe(10_005);
  });

  it('an inverter first heard of as 0 at night does not book its lifetime in the morning', () => {
    const fold = foldAll(
      ticks(MIDNIGHT, [
        [0, 0, 0],
        [7 * 60, 4_000, 60],
        [7 * 60 + 1, 4_001, 60],
      ]),
    );
    expect(sumWh(fold.bookings)).toBe(1);
    expect(energyTotalWh(fold.state, 'other', 0)).toBe(4_001);
  });

  it('a brand-new inverter does start at 0', () => {
    const fold = foldAll(ticks(NOON, steady(0, 11, 0)));
    expect(sumWh(fold.bookings)).toBe(100);
  });

  it('a sample that is not fresh changes nothing, not even the time', () => {
    const before = foldAll(evening).state;
    const frozen: EnergySample = {
      t: MIDNIGHT + 20 * HOUR,
      fresh: false,
      counters: [{ channel: 0, totalWh: 99_999, powerW: 600 }],
    };
    const fold = foldEnergy(before, [frozen], facts());
    expect(fold).toEqual({ state: before, bookings: [], events: [], late: 0 });
  });

  it('an outage of three days books its energy evenly over the hours of sun, estimated', ({ task }) => {
    const fold = foldAll(
      ticks(MIDNIGHT, [
        [12 * 60, 100_000, 0],
        [12 * 60 + 3 * 24 * 60, 100_000 + 42 * 4 * 20, 0],
      ]),
    );
    tellGlitch(task, { expectedWh: 3360, bookedWh: sumWh(fold.bookings), events: fold.events.map((e) => e.kind) });
    // 3 × 14 h of sun are 168 quarter hours
    expect(sumWh(fold.bookings)).toBe(3360);
    expect(fold.bookings).toHaveLength(168 + 1);
    for (const row of fold.bookings.filter((booking) => (booking.energyWh[0] ?? 0) > 0)) {
      expect(row.energyWh).toEqual([20]);
      expect(row.estimatedWh).toEqual([20]);
      expect((row.quarterStart % DAY) / HOUR).toBeGreaterThanOrEqual(6);
      expect((row.quarterStart % DAY) / HOUR).toBeLessThan(20);
    }
  });

  it('without sun in the gap: evenly over all of it', () => {
    const fold = foldAll(
      ticks(MIDNIGHT, [
        [0, 1_000, null],
        [60, 1_040, null],
      ]),
    );
    expect(fold.bookings.map((row) => row.energyWh[0])).toEqual([10, 10, 10, 10]);
    expect(fold.bookings.map((row) => row.estimatedWh[0])).toEqual([10, 10, 10, 10]);
  });

  it('a gap takes what the measurements around it do not explain', () => {
    // 600 W for ten minutes explain 100 Wh; the other 900 Wh fell into three hours of silence
    const fold = foldAll(
      ticks(NOON, [
        [0, 100_000, 600],
        [10, 100_000, 600],
        [190, 101_000, 600],
      ]),
    );
    expect(sumWh(fold.bookings)).toBe(1000);
    expect(quarterOf(fold.bookings, NOON)?.energyWh[0]).toBe(100 + 25);
    expect(quarterOf(fold.bookings, NOON)?.estimatedWh[0]).toBe(25);
    expect(quarterOf(fold.bookings, NOON + HOUR)?.estimatedWh[0]).toBe(75);
  });

  it('a gap takes nothing when the measurements explain the delta to a tenth', () => {
    // 100 Wh measured before a pause of half an hour; the counter says 105, or 95: the two instruments never agree to the Wh
    for (const gained of [105, 95]) {
      const fold = foldAll(
        ticks(NOON, [
          [0, 100_000, 600],
          [10, 100_000, 600],
          [40, 100_000 + gained, 0],
        ]),
      );
      expect(fold.bookings.map((row) => row.energyWh[0])).toEqual([gained, 0]);
      expect(fold.bookings.map((row) => row.estimatedWh[0])).toEqual([0, 0]);
    }
  });

  it('also when the sample that ends the gap tells no power', () => {
    const fold = foldAll(
      ticks(NOON, [
        [0, 100_000, 600],
        [10, 100_000, 600],
        [190, 101_000, null],
      ]),
    );
    expect(sumWh(fold.bookings)).toBe(1000);
    expect(quarterOf(fold.bookings, NOON + HOUR)?.estimatedWh[0]).toBe(75);
  });

  it('a gap at night takes nothing: the measurements were merely short', () => {
    const fold = foldAll(
      ticks(MIDNIGHT, [
        [20 * 60 + 5, 1_000, 60],
        [20 * 60 + 15, 1_000, 0],
        [28 * 60, 1_000, 0],
        [28 * 60 + 1, 1_100, 0],
      ]),
      facts({ counterStepWh: 100 }),
    );
    expect(fold.bookings.filter((row) => row.energyWh[0] !== 0)).toMatchObject([
      { quarterStart: MIDNIGHT + 20 * HOUR, energyWh: [100], estimatedWh: [0] },
    ]);
  });

  it('tells a gap once, by day, and only of a device that used to come more often', () => {
    const gap = (from: number, minutes: number[]): string[] =>
      kinds(
        ticks(
          from,
          minutes.map((minute): Tick => [minute, null, 100]),
        ),
      );
    expect(gap(NOON, [0, 5, 65])).toEqual(['gap']);
    expect(gap(NOON, [0, 5, 19])).toEqual([]);
    expect(gap(MIDNIGHT, [0, 5, 300])).toEqual([]);
    expect(gap(NOON, [0, 60, 120, 180])).toEqual([]);
  });
});

describe('spreading between two changes of a counter', () => {
  it('draws no 0/100/200 bars from a counter of 100 Wh steps', () => {
    // 200 W, 50 Wh a quarter hour, told in hundreds
    const fold = foldAll(
      ticks(
        NOON,
        Array.from({ length: 241 }, (_, i): Tick => [i, 177_500 + Math.floor((i * 200) / 60 / 100) * 100, 200]),
      ),
      facts({ kind: 'solarman', counterStepWh: 100 }),
    );
    const bars = fold.bookings.filter((row) => row.quarterStart < NOON + 4 * HOUR).map((row) => row.energyWh[0]);
    expect(bars).toEqual(new Array(16).fill(50));
    expect(fold.bookings.every((row) => (row.estimatedWh[0] ?? 0) === 0)).toBe(true);
  });

  it('follows the measured power', () => {
    const fold = foldAll(
      ticks(NOON, [
        [0, 1_000, 100],
        [10, 1_000, 100],
        [15, 1_000, 300],
        [20, 1_000, 300],
        [30, 1_100, 300],
      ]),
    );
    // 25 Wh and 75 Wh measured: (100 × 10 min + trapezoid 200 × 5 min) and 300 × 15 min
    const first = (100 * 10 + 200 * 5) / 60;
    const second = (300 * 15) / 60;
    expect(quarterOf(fold.bookings, NOON)?.energyWh[0]).toBe(Math.round((100 * first) / (first + second)));
    expect(sumWh(fold.bookings)).toBe(100);
  });

  it('books the evening rest of a step to the evening', () => {
    const fold = foldAll(
      ticks(MIDNIGHT, [
        [19 * 60, 1_000, 240],
        [19 * 60 + 15, 1_000, 240],
        [19 * 60 + 16, 1_000, 0],
        ...Array.from({ length: 100 }, (_, i): Tick => [19 * 60 + 20 + i * 7, 1_000, 0]),
        [31 * 60, 1_000, 0],
        [31 * 60 + 15, 1_100, 320],
      ]),
      facts({ counterStepWh: 100 }),
    );
    expect(sumWh(fold.bookings, 0, MIDNIGHT, MIDNIGHT + DAY)).toBe(61);
    expect(sumWh(fold.bookings, 0, MIDNIGHT + DAY)).toBe(39);
  });

  it('takes the inverter’s power where an input tells none', () => {
    const samples = [0, 15, 30].map(
      (minute): EnergySample => ({
        t: NOON + minute * MINUTE,
        fresh: true,
        counters: [
          { channel: 0, totalWh: null, powerW: minute === 30 ? 600 : 200 },
          { channel: 1, totalWh: minute === 30 ? 1_100 : 1_000, powerW: null },
        ],
      }),
    );
    const fold = foldAll(samples, facts({ counterStepWh: 100 }));
    // 50 Wh of power in the first quarter hour, 100 Wh in the second
    expect(fold.bookings.map((row) => row.energyWh[1])).toEqual([33, 67, 0]);
  });

  it('counts power by quarter hour in tenths of a watt', () => {
    const { bookings } = foldAll(
      ticks(NOON, [
        [0, null, 100.4],
        [5, null, -0.4],
        [14, null, 300],
        [15, null, null],
        [16, null, -3],
      ]),
    );
    expect(quarterOf(bookings, NOON)).toMatchObject({ powerSumDw: [4000], powerCount: [3], powerMaxDw: [3000] });
    expect(quarterOf(bookings, NOON + QUARTER_MS)).toMatchObject({
      powerSumDw: [-30],
      powerCount: [1],
      powerMaxDw: [-30],
    });
  });
});
