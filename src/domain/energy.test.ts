import { describe, expect, it } from 'vitest';
import { facts, foldAll, HOUR, MINUTE, sumWh, type Tick, ticks } from '../../test/support/energy-samples.ts';
import { tellGlitch } from '../../test/support/glitch-table.ts';
import { emptyEnergyState } from './energy/state.ts';
import type { EnergySample } from './energy/types.ts';
import { energySample } from './energy/types.ts';
import { foldEnergy, isLate } from './energy.ts';
import { dayBounds } from './period.ts';
import { emptyReading } from './reading.ts';

/** 12 June 2026, noon UTC: sunny in every test that does not say otherwise. */
const NOON = Date.UTC(2026, 5, 12, 12);

/** 600 W at one sample a minute: 10 Wh each. */
function steady(from: number, count: number, firstWh: number): Tick[] {
  return Array.from({ length: count }, (_, i) => [from + i, firstWh + 10 * i, 600] as const);
}

describe('days of the site', () => {
  // Power around the clock (a battery), so that every hour counts: 60 W, 15 Wh a quarter hour
  const battery = (from: number, hours: number): EnergySample[] =>
    ticks(
      from,
      Array.from({ length: hours * 12 + 1 }, (_, i): Tick => [5 * i, 100_000 + 5 * i, 60]),
    );

  it.for<[zone: string, date: string, hours: number]>([
    ['Europe/Berlin', '2026-03-29', 23],
    ['Europe/Berlin', '2026-10-25', 25],
    ['America/New_York', '2026-03-08', 23],
    ['America/St_Johns', '2026-11-01', 25],
    ['Asia/Kathmandu', '2026-06-12', 24],
    ['Asia/Kolkata', '2026-06-12', 24],
    ['Australia/Lord_Howe', '2026-04-05', 24.5],
    ['Pacific/Chatham', '2026-09-27', 23],
  ])('%s, %s: %f hours of energy, and days tile', ([zone, date, hours], { task }) => {
    const day = dayBounds(date, zone);
    const fold = foldAll(battery(day.from.getTime() - 30 * HOUR, 90));
    const bookedWh = sumWh(fold.bookings, 0, day.from.getTime(), day.to.getTime());
    tellGlitch(task, { expectedWh: 60 * hours, bookedWh, events: fold.events.map((e) => e.kind) });
    expect(bookedWh).toBe(60 * hours);
    expect(sumWh(fold.bookings)).toBe(60 * 90);
  });

  it('yield_day is not looked at: one that never resets and one that resets at dusk change nothing', ({ task }) => {
    const reading = (minute: number, energyTodayWh: number | null) =>
      emptyReading({
        kind: 'opendtu',
        serial: '116183771004',
        sampledAt: new Date(NOON + minute * MINUTE),
        timeQuality: 'device',
        energyTodayWh,
        channels: [
          {
            channel: 1,
            name: null,
            powerW: 60,
            voltageV: 30,
            currentA: 2,
            energyTodayWh,
            energyTotalWh: 9_000 + minute,
            irradiationPct: null,
          },
        ],
      });
    const fold = (today: (minute: number) => number | null) =>
      foldAll(
        [0, 1, 2, 3].map((minute) => energySample(reading(minute, today(minute)), NOON + minute * MINUTE)),
        facts({ kind: 'opendtu' }),
      );
    const plain = fold(() => null);
    const stuck = fold((minute) => 65_530 + minute);
    tellGlitch(task, { expectedWh: 3, bookedWh: sumWh(stuck.bookings), events: stuck.events.map((e) => e.kind) });
    expect(sumWh(plain.bookings)).toBe(3);
    expect(stuck).toEqual(plain);
    expect(fold((minute) => (minute < 2 ? 1_489 : 4))).toEqual(plain);
  });
});

describe('order of time', () => {
  it('a sample at or before the last one is late and is left alone', () => {
    const { state } = foldAll(ticks(NOON, steady(0, 3, 1_000)));
    expect(isLate(state, NOON + 2 * MINUTE)).toBe(true);
    expect(isLate(state, NOON + 2 * MINUTE + 1)).toBe(false);
    expect(isLate(emptyEnergyState(), 1)).toBe(false);
    expect(foldEnergy(state, ticks(NOON, [[1, 9_999, 600]]), facts())).toEqual({
      state,
      bookings: [],
      events: [],
      late: 1,
    });
  });

  it('does not touch the state it is given', () => {
    const { state } = foldAll(ticks(NOON, steady(0, 3, 1_000)));
    const copy = structuredClone(state);
    foldEnergy(state, ticks(NOON, [...steady(3, 3, 1_030), [7, 9e9, 600]]), facts());
    expect(state).toEqual(copy);
  });
});
