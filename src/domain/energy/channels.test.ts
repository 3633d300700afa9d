import { describe, expect, it } from 'vitest';
import { facts, foldAll, MINUTE, sumWh, type Tick, ticks } from '../../../test/support/energy-samples.ts';
import { counterColumns, energyTotalWh } from './state.ts';
import type { CounterInput, EnergySample } from './types.ts';

/** 12 June 2026, noon UTC: sunny in every test that does not say otherwise. */
const NOON = Date.UTC(2026, 5, 12, 12);

/** 600 W at one sample a minute: 10 Wh each. */
function steady(from: number, count: number, firstWh: number): Tick[] {
  return Array.from({ length: count }, (_, i) => [from + i, firstWh + 10 * i, 600] as const);
}

describe('inverter and inputs', () => {
  function openDtu(
    minute: number,
    acW: number | null,
    inputs: readonly (readonly [number | null, number | null])[],
  ): EnergySample {
    const counters: CounterInput[] = [{ channel: 0, totalWh: null, powerW: acW }];
    for (const [i, [totalWh, powerW]] of inputs.entries()) counters.push({ channel: i + 1, totalWh, powerW });
    return { t: NOON + minute * MINUTE, fresh: true, counters };
  }
  const given = facts({ kind: 'opendtu' });

  it('an OpenDTU inverter is the sum of its inputs in every quarter hour', () => {
    const samples = Array.from({ length: 120 }, (_, i) =>
      openDtu(i, 290, [
        [444_671 + 3 * i, 180],
        [300_000 + 2 * i, 120],
      ]),
    );
    const fold = foldAll(samples, given);
    for (const row of fold.bookings) expect(row.energyWh[0]).toBe((row.energyWh[1] ?? 0) + (row.energyWh[2] ?? 0));
    expect(sumWh(fold.bookings)).toBe(119 * 5);
    expect(counterColumns(fold.state, 'opendtu')).toEqual({
      firstGoodWh: [744_671, 444_671, 300_000],
      bookedWh: [595, 357, 238],
      counterWh: [744_671 + 595, 444_671 + 357, 300_000 + 238],
    });
  });

  it('inputs that appear later take over from the AC integral without booking twice', () => {
    const before = Array.from({ length: 61 }, (_, i) => openDtu(i, 600, []));
    const after = Array.from({ length: 61 }, (_, i) => openDtu(61 + i, 600, [[444_671 + 10 * i, 630]]));
    const fold = foldAll([...before, ...after], given);
    expect(sumWh(fold.bookings, 0)).toBe(610 + 600);
    expect(sumWh(fold.bookings, 1)).toBe(600);
    // The device's own figure holds what was integrated before: the lifetime shown is the device's
    expect(energyTotalWh(fold.state, 'opendtu', 0)).toBe(444_671 + 600);
    expect(energyTotalWh(fold.state, 'opendtu', 1)).toBe(444_671 + 600);
  });

  it('inputs without totals are integrated and summed', () => {
    const samples = [0, 10, 20, 30].map((minute) =>
      openDtu(minute, 500, [
        [null, 240],
        [null, 360],
      ]),
    );
    const fold = foldAll(samples, given);
    expect([1, 2].map((channel) => sumWh(fold.bookings, channel))).toEqual([120, 180]);
    expect(sumWh(fold.bookings, 0)).toBe(300);
  });

  it('other inverters have their own total, with the inputs beside it', () => {
    const samples = Array.from(
      { length: 11 },
      (_, i): EnergySample => ({
        t: NOON + i * MINUTE,
        fresh: true,
        counters: [
          { channel: 0, totalWh: 9_000 + 9 * i, powerW: 540 },
          { channel: 1, totalWh: 5_000 + 10 * i, powerW: 600 },
        ],
      }),
    );
    const fold = foldAll(samples, facts({ kind: 'solarman' }));
    expect(sumWh(fold.bookings, 0)).toBe(90);
    expect(sumWh(fold.bookings, 1)).toBe(100);
  });

  it('an inverter without a total is the sum of its inputs’ totals until it has one', () => {
    const both = (minute: number, own: number | null): EnergySample => ({
      t: NOON + minute * MINUTE,
      fresh: true,
      counters: [
        { channel: 0, totalWh: own, powerW: 90 },
        { channel: 1, totalWh: 5_000 + 10 * minute, powerW: 600 },
      ],
    });
    const samples = [0, 1, 2, 3].map((minute) => both(minute, null));
    samples.push(...[4, 5, 6].map((minute) => both(minute, 70_000 + 10 * minute)));
    const fold = foldAll(samples, facts());
    expect(sumWh(fold.bookings, 0)).toBe(60);
    expect(energyTotalWh(fold.state, 'other', 0)).toBe(70_060);
  });

  it('an input named twice counts once, and one that no inverter has does not count', () => {
    const lying = (minute: number): EnergySample => ({
      t: NOON + minute * MINUTE,
      fresh: true,
      counters: [
        { channel: 1, totalWh: 1_000 + minute, powerW: 60 },
        { channel: 1, totalWh: 9_000 + minute, powerW: 60 },
        { channel: 99, totalWh: 1_000 + minute, powerW: 60 },
        { channel: -1, totalWh: 1_000, powerW: 60 },
      ],
    });
    const fold = foldAll([lying(0), lying(1)], given);
    expect(fold.state.counters.map((counter) => counter.channel)).toEqual([0, 1]);
    expect(sumWh(fold.bookings, 1)).toBe(1);
    expect(fold.events).toEqual([]);
  });
});

describe('no totals at all: power integrated, estimated', () => {
  it('a trapezoid, with the fraction of a Wh carried on', () => {
    const fold = foldAll(
      ticks(
        NOON,
        Array.from({ length: 601 }, (_, i): Tick => [i / 10, null, 33.3]),
      ),
    );
    expect(sumWh(fold.bookings)).toBe(33);
    expect(sumWh(fold.bookings.map((row) => ({ ...row, energyWh: row.estimatedWh })))).toBe(33);
    expect(energyTotalWh(fold.state, 'other', 0)).toBe(33);
  });

  it('a five-hour hole between two samples of 300 W is worth 15 minutes, not 1.5 kWh', () => {
    const fold = foldAll(
      ticks(NOON, [
        [0, null, 300],
        [300, null, 300],
      ]),
    );
    expect(fold.bookings.map((row) => [row.quarterStart, row.energyWh[0]])).toEqual([
      [NOON, 37],
      [NOON + 295 * MINUTE - 10 * MINUTE, 38],
      [NOON + 300 * MINUTE, 0],
    ]);
  });

  it('negative power is not production', () => {
    expect(
      sumWh(
        foldAll(
          ticks(NOON, [
            [0, null, -400],
            [10, null, -400],
          ]),
        ).bookings,
      ),
    ).toBe(0);
  });

  it('and does not eat up what follows', () => {
    const fold = foldAll(
      ticks(NOON, [
        [0, null, -400],
        [6, null, 400],
      ]),
    );
    expect(sumWh(fold.bookings)).toBe(20);
  });

  it('a total that appears later takes over; nothing is booked twice', () => {
    const integrated: Tick[] = Array.from({ length: 61 }, (_, i) => [i, null, 600]);
    const fold = foldAll(ticks(NOON, [...integrated, ...steady(61, 61, 50_000)]));
    expect(sumWh(fold.bookings)).toBe(610 + 600);
    expect(energyTotalWh(fold.state, 'other', 0)).toBe(50_600);
  });

  it('trackers are integrated beside the charger’s own total (Victron)', () => {
    const samples = Array.from(
      { length: 61 },
      (_, i): EnergySample => ({
        t: NOON + i * MINUTE,
        fresh: true,
        counters: [
          { channel: 0, totalWh: 80_000 + 10 * i, powerW: 600 },
          { channel: 1, totalWh: null, powerW: 240 },
          { channel: 2, totalWh: null, powerW: 360 },
        ],
      }),
    );
    const { bookings } = foldAll(samples, facts({ kind: 'victron', counterStepWh: 10 }));
    expect([0, 1, 2].map((channel) => sumWh(bookings, channel))).toEqual([600, 240, 360]);
    expect(bookings[0]?.estimatedWh).toEqual([0, bookings[0]?.energyWh[1], bookings[0]?.energyWh[2]]);
  });
});
