import { describe, expect, it } from 'vitest';
import { facts, foldAll, HOUR, MINUTE, sumWh, type Tick, ticks } from '../../../test/support/energy-samples.ts';
import { tellGlitch } from '../../../test/support/glitch-table.ts';
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

describe('glitches, each seen in the field', () => {
  const cases: {
    name: string;
    samples: EnergySample[];
    given?: Partial<Parameters<typeof facts>[0]>;
    wh: number;
    events: string[];
    lifetimeWh?: number;
  }[] = [
    {
      name: 'the first total ever books nothing, however large it is',
      samples: ticks(NOON, [[0, 444_671, 600]]),
      wh: 0,
      events: [],
      lifetimeWh: 444_671,
    },
    {
      name: 'zero after a reboot of the DTU (OpenDTU#2730): neither -444 kWh nor +444 kWh',
      samples: ticks(NOON, [
        [0, 444_671, 600],
        [1, 0, 0],
        [2, 0, 0],
        [3, 444_701, 600],
      ]),
      wh: 30,
      events: ['quarantined'],
      lifetimeWh: 444_701,
    },
    {
      name: '2 113 405 kWh (OpenDTU#1022)',
      samples: ticks(NOON, [
        [0, 2_617_458, 600],
        [1, 2_113_405_000, 0],
        [2, 2_617_478, 600],
      ]),
      wh: 20,
      events: ['quarantined'],
      lifetimeWh: 2_617_478,
    },
    {
      name: '694 419 kWh (OpenDTU#831), twice in a row',
      samples: ticks(NOON, [
        [0, 1_000_000, 600],
        [1, 694_419_000, 600],
        [2, 694_419_000, 600],
        [3, 1_000_030, 600],
      ]),
      wh: 30,
      events: ['quarantined'],
    },
    {
      name: 'a glitch that sticks for an hour of sunshine is never believed',
      samples: ticks(NOON, [
        [0, 1_000_000, 600],
        ...Array.from({ length: 60 }, (_, i): Tick => [i + 1, 694_419_000, 600]),
        [61, 1_000_610, 600],
      ]),
      wh: 610,
      events: ['quarantined'],
    },
    {
      name: 'a glitch as the very first value does not stay in the lifetime figure',
      samples: ticks(NOON, [[0, 2_113_405_000, 600], ...steady(1, 30, 500_000)]),
      wh: 290,
      events: ['quarantined', 'rebased'],
      lifetimeWh: 500_290,
    },
    {
      name: 'inverter swapped: the counter starts low, only its own rise is booked',
      samples: ticks(NOON, [...steady(0, 10, 5_000_000), ...steady(10, 30, 1_200)]),
      wh: 90 + 290,
      events: ['quarantined', 'rebased'],
      lifetimeWh: 5_000_000 + 380,
    },
    {
      name: 'inverter swapped, a sample every 20 min',
      samples: ticks(NOON, [
        [0, 5_000_000, 600],
        ...Array.from({ length: 5 }, (_, i): Tick => [20 * i + 20, 1_200 + 200 * i, 600]),
      ]),
      wh: 800,
      events: ['quarantined', 'rebased'],
    },
    {
      name: 'offset raised by 1 000 kWh by the owner: nothing booked for it, nothing lost after it',
      samples: ticks(NOON, [...steady(0, 10, 5_000_000), ...steady(10, 30, 6_000_100)]),
      wh: 90 + 290,
      events: ['quarantined', 'rebased'],
    },
    {
      name: 'offset raised by 1 kWh at night: the cap that grows with time does not let it in later',
      samples: ticks(MIDNIGHT, [[0, 50_000, 0], ...Array.from({ length: 300 }, (_, i): Tick => [i + 1, 51_000, 0])]),
      wh: 0,
      events: ['quarantined', 'rebased'],
    },
    {
      name: 'negative totals (offset below zero) are totals',
      samples: ticks(NOON, steady(0, 11, -20_050)),
      wh: 100,
      events: [],
      lifetimeWh: -20_050 + 100,
    },
    {
      name: 'a total that passes through zero because of an offset',
      samples: ticks(NOON, steady(0, 5, -20)),
      wh: 40,
      events: ['quarantined'],
      lifetimeWh: 20,
    },
    {
      name: 'falling by 1 or 2 Wh is rounding',
      samples: ticks(NOON, [
        [0, 1_000, 60],
        [1, 1_001, 60],
        [2, 999, 60],
        [3, 1_002, 60],
      ]),
      wh: 2,
      events: [],
    },
    {
      name: '16-bit wrap: 65 535 to 9 is no fall of 65 kWh and no rise',
      samples: ticks(NOON, [...steady(0, 3, 65_510), ...steady(3, 30, 9)]),
      wh: 20 + 290,
      events: ['quarantined', 'rebased'],
    },
    {
      name: '65 546 Wh for one sample',
      samples: ticks(NOON, [
        [0, 1_000, 600],
        [1, 65_546, 600],
        [2, 1_020, 600],
      ]),
      wh: 20,
      events: ['quarantined'],
    },
    {
      name: 'a quarantined last value of the evening does not cost the next morning',
      samples: ticks(NOON, [
        [0, 1_000, 600],
        [1, 1_100, 600],
        [20 * 60, 1_105, 100],
      ]),
      wh: 105,
      events: ['quarantined', 'gap'],
    },
    {
      name: 'totals that are no numbers are no totals',
      samples: ticks(NOON, [
        [0, 1_000, 600],
        [1, Number.NaN, 600],
        [2, 1e300, 600],
        [3, null, 600],
        [4, 1_040, 600],
      ]),
      wh: 40,
      events: [],
    },
    {
      name: '8 kW of unknown rating at 60 s',
      samples: ticks(
        NOON,
        Array.from({ length: 61 }, (_, i): Tick => [i, 10_000 + Math.round((i * 8000) / 60), 8000]),
      ),
      given: { ratedPowerW: null },
      wh: 8000,
      events: [],
    },
    {
      name: '8 kW of unknown rating at 300 s',
      samples: ticks(
        NOON,
        Array.from({ length: 13 }, (_, i): Tick => [5 * i, 10_000 + Math.round((i * 8000) / 12), 8000]),
      ),
      given: { ratedPowerW: null },
      wh: 8000,
      events: [],
    },
    {
      name: '8 kW on an input that is reckoned with 1 kW, every 20 min: the accepted power vouches for it',
      samples: ticks(
        NOON,
        Array.from({ length: 7 }, (_, i): Tick => [20 * i, 10_000 + Math.round((i * 8000) / 3), 8000]),
        1,
      ),
      given: { kind: 'opendtu', ratedPowerW: null },
      wh: 16_000,
      events: [],
    },
    {
      name: '100 Wh steps at 60 s (Solarman 0x5408)',
      samples: ticks(
        NOON,
        Array.from({ length: 121 }, (_, i): Tick => [i, 177_500 + Math.floor((i * 5) / 100) * 100, 300]),
      ),
      given: { kind: 'solarman', ratedPowerW: 600, counterStepWh: 100 },
      wh: 600,
      events: [],
    },
    {
      name: 'a counter that moves in lumps every 15 min is believed as far as power vouches for it',
      samples: ticks(
        NOON,
        Array.from({ length: 61 }, (_, i): Tick => [i, 1_000 + Math.floor(i / 15) * 200, 800]),
      ),
      wh: 800,
      events: [],
    },
    {
      name: 'events of a device that only talks nonsense stay few',
      samples: ticks(
        NOON,
        Array.from({ length: 300 }, (_, i): Tick => [i, i === 0 ? 1_000 : 1e9 + (i % 2) * 1e8, 0]),
      ),
      wh: 0,
      events: ['quarantined', 'quarantined', 'quarantined', 'quarantined', 'quarantined'],
    },
  ];

  const named = cases.map((one) => [one.name, one] as const);
  it.for(named)('%s', ([, { samples, given, wh, events, lifetimeWh }], { task }) => {
    const used = facts(given);
    const fold = foldAll(samples, used);
    const told = fold.events.map((event) => event.kind);
    tellGlitch(task, { expectedWh: wh, bookedWh: sumWh(fold.bookings), events: told });
    expect(sumWh(fold.bookings)).toBe(wh);
    expect(told).toEqual(events);
    if (lifetimeWh !== undefined) expect(energyTotalWh(fold.state, used.kind, 0)).toBe(lifetimeWh);
  });

  it('a new series books to its own time only', () => {
    const old = Array.from({ length: 60 }, (_, i): Tick => [i, 5_000_000, 90]);
    const swapped = Array.from({ length: 61 }, (_, i): Tick => [60 + i, 1_200 + Math.floor(i / 10) * 100, 600]);
    const fold = foldAll(ticks(NOON, [...old, ...swapped]), facts({ counterStepWh: 100 }));
    expect(sumWh(fold.bookings, 0, 0, NOON + HOUR)).toBe(0);
    expect(sumWh(fold.bookings)).toBe(600);
  });

  it('a new series without power is spread over its own time too', () => {
    const swapped = Array.from({ length: 5 }, (_, i): Tick => [120 + 4 * i, 1_200 + 10 * i, null]);
    const fold = foldAll(ticks(NOON, [[0, 5_000_000, null], ...swapped]));
    expect(sumWh(fold.bookings, 0, 0, NOON + 2 * HOUR)).toBe(0);
    expect(sumWh(fold.bookings)).toBe(40);
  });

  it('a constant new series is believed after three samples and ten minutes, without booking', () => {
    const night = (minutes: number[]): EnergySample[] =>
      ticks(MIDNIGHT, [[0, 5_000_000, 0], ...minutes.map((minute): Tick => [minute, 800_000, 0])]);
    expect(kinds(night([1, 5, 10]))).toEqual(['quarantined']);
    expect(kinds(night([1, 11]))).toEqual(['quarantined']);
    expect(kinds(night([1, 5, 11]))).toEqual(['quarantined', 'rebased']);
  });

  it('says what was quarantined and what it was rebased to', () => {
    const { events } = foldAll(ticks(NOON, [...steady(0, 2, 5_000_000), ...steady(2, 12, 1_200)]));
    expect(events).toEqual([
      {
        kind: 'quarantined',
        channel: 0,
        t: NOON + 2 * MINUTE,
        detail: { reason: 'fall', totalWh: 1_200, goodWh: 5_000_010 },
      },
      {
        kind: 'rebased',
        channel: 0,
        t: NOON + 12 * MINUTE,
        detail: { fromWh: 5_000_010, toWh: 1_300, bookedWh: 100 },
      },
    ]);
  });
});
