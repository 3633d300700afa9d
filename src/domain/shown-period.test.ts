import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayBounds, utcOffsetMinutes } from './period.ts';
import {
  CALENDAR_KINDS,
  type PeriodChoice,
  type PeriodKind,
  ROLLING_KINDS,
  sameWallTime,
  shownPeriod,
  slotsOf,
} from './shown-period.ts';

const BERLIN = 'Europe/Berlin';
/** Monday, 15 June, 14:20 on Berlin's walls. */
const NOW = new Date('2026-06-15T12:20:30Z');
const HOUR_MS = 3_600_000;

function choice(kind: PeriodKind, given: Partial<PeriodChoice> = {}): PeriodChoice {
  return { kind, date: null, until: null, compare: false, ...given };
}

function dates(kind: PeriodKind, date: string | null = null, now = NOW, zone = BERLIN): unknown {
  const { firstDate, lastDate, isRunning } = shownPeriod(choice(kind, { date }), zone, now);
  return [firstDate, lastDate, isRunning];
}

describe('what a period shows', () => {
  it.each([
    ['1h', '2026-06-15T11:15:00.000Z'],
    ['6h', '2026-06-15T06:15:00.000Z'],
    ['24h', '2026-06-14T12:00:00.000Z'],
    ['7d', '2026-06-08T22:00:00.000Z'],
    ['30d', '2026-05-16T22:00:00.000Z'],
  ] as const)('%s ends now and begins at %s', (kind, from) => {
    const shown = shownPeriod(choice(kind), BERLIN, NOW);
    expect(shown.from.toISOString()).toBe(from);
    expect(shown.to).toEqual(NOW);
    expect(shown.next).toBeNull();
  });

  it.each([
    ['day', null, '2026-06-15', '2026-06-15', true],
    ['day', '2026-06-14', '2026-06-14', '2026-06-14', false],
    ['week', '2026-06-14', '2026-06-08', '2026-06-14', false],
    ['week', null, '2026-06-15', '2026-06-21', true],
    ['month', '2026-02-10', '2026-02-01', '2026-02-28', false],
    ['year', '2024-02-29', '2024-01-01', '2024-12-31', false],
    ['7d', '2026-06-10', '2026-06-04', '2026-06-10', false],
    ['30d', '2026-06-14', '2026-05-16', '2026-06-14', false],
    // The future and the stone age are not there.
    ['day', '2027-01-01', '2026-06-15', '2026-06-15', true],
    ['day', '1066-10-14', '2000-01-01', '2000-01-01', false],
  ] as const)('%s of %s is %s to %s', (kind, date, first, last, running) => {
    expect(dates(kind, date)).toEqual([first, last, running]);
  });

  it.each([
    ['day', '2027-01-01', '2027-01-01'],
    ['month', '2026-06-20', '2026-06-20'],
    ['day', '1066-10-14', '1066-10-14'],
    ['day', '2026-06-15', null],
    ['month', '2026-06-10', null],
    ['day', null, null],
    ['1h', '2027-01-01', null],
  ] as const)('%s of %s: the date that cannot be shown is %s', (kind, date, unshown) => {
    expect(shownPeriod(choice(kind, { date }), BERLIN, NOW).unshownDate).toBe(unshown);
  });

  it('total begins with the year of the first thing known', () => {
    const shown = shownPeriod(choice('total'), BERLIN, NOW, '2023-08-04');
    expect([shown.firstDate, shown.lastDate, shown.previous, shown.next]).toEqual([
      '2023-01-01',
      '2026-12-31',
      null,
      null,
    ]);
    expect(shownPeriod(choice('total'), BERLIN, NOW).firstDate).toBe('2026-01-01');
  });

  it('today is the site’s today', () => {
    const night = new Date('2026-06-15T22:30:00Z');
    expect(dates('day', null, night)).toEqual(['2026-06-16', '2026-06-16', true]);
    expect(dates('day', null, night, 'America/New_York')).toEqual(['2026-06-15', '2026-06-15', true]);
    expect(dates('day', null, night, 'Pacific/Kiritimati')).toEqual(['2026-06-16', '2026-06-16', true]);
  });
});

describe('from one to the next', () => {
  it.each([
    ['day', '2026-06-15', '2026-06-14'],
    ['week', '2026-06-15', '2026-06-08'],
    ['month', '2026-03-31', '2026-02-01'],
    ['year', '2026-06-15', '2025-01-01'],
    ['7d', '2026-06-15', '2026-06-08'],
  ] as const)('‹ of the %s of %s leads to %s', (kind, date, to) => {
    expect(shownPeriod(choice(kind, { date }), BERLIN, NOW).previous).toMatchObject({ kind, date: to });
  });

  it('› ends with what is now, which carries no date, so that it stays now', () => {
    expect(shownPeriod(choice('day', { date: '2026-06-13' }), BERLIN, NOW).next).toMatchObject({ date: '2026-06-14' });
    expect(shownPeriod(choice('day', { date: '2026-06-14' }), BERLIN, NOW).next).toMatchObject({ date: null });
    expect(shownPeriod(choice('day', { date: '2026-06-15' }), BERLIN, NOW).choice.date).toBeNull();
    const hour = shownPeriod(choice('1h', { until: new Date('2026-06-15T12:00:00Z') }), BERLIN, NOW);
    expect(hour.next).toMatchObject({ until: null });
  });

  it('tiles: the one before ends where this one begins, in every zone and over every change of the clock', () => {
    const zones = [BERLIN, 'UTC', 'America/St_Johns', 'Australia/Lord_Howe', 'Africa/Cairo', 'Pacific/Chatham'];
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.constantFrom(...[...ROLLING_KINDS, ...CALENDAR_KINDS].filter((kind) => kind !== 'total')),
        fc.integer({ min: Date.parse('2024-01-01'), max: Date.parse('2027-01-01') }),
        (zone, kind, ms) => {
          const shown = shownPeriod(choice(kind), zone, new Date(ms));
          if (shown.previous === null) throw new Error('there is always one before');
          const before = shownPeriod(shown.previous, zone, new Date(ms));
          expect(before.to).toEqual(shown.from);
          expect(before.isRunning).toBe(false);
          expect(before.choice).toMatchObject({ kind, compare: false });
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('where bars stand', () => {
  it.each([
    ['2026-03-29', 23],
    ['2026-10-25', 25],
    ['2026-06-15', 24],
  ])('%s has %i hours', (date, hours) => {
    const slots = slotsOf(dayBounds(date, BERLIN), 'hour', BERLIN);
    expect(slots).toHaveLength(hours);
    for (const { from, to } of slots) expect(to.getTime() - from.getTime()).toBe(HOUR_MS);
  });

  it('a month has its days, a year its months, whatever the clocks do', () => {
    const month = shownPeriod(choice('month', { date: '2026-03-15' }), BERLIN, NOW);
    expect(slotsOf(month, 'day', BERLIN)).toHaveLength(31);
    const year = shownPeriod(choice('year'), BERLIN, NOW);
    expect(slotsOf(year, 'month', BERLIN)).toHaveLength(12);
    expect(slotsOf(shownPeriod(choice('total'), BERLIN, NOW, '2023-05-01'), 'year', BERLIN)).toHaveLength(4);
  });

  it('a clock put back by half an hour makes one hour longer, not another one', () => {
    const slots = slotsOf(dayBounds('2026-04-05', 'Australia/Lord_Howe'), 'hour', 'Australia/Lord_Howe');
    expect(slots.at(-1)?.to).toEqual(dayBounds('2026-04-05', 'Australia/Lord_Howe').to);
    expect(slots.length).toBeGreaterThanOrEqual(24);
  });
});

describe('beside the day before', () => {
  it.each([
    ['2026-04-23T09:00:00Z', '2026-04-24', '2026-04-24T09:00:00Z'],
    ['2026-04-23T00:30:00Z', '2026-04-24', '2026-04-24T01:00:00Z'],
    ['2026-04-24T09:00:00Z', '2026-04-25', '2026-04-25T09:00:00Z'],
    ['2026-10-29T23:30:00Z', '2026-10-30', '2026-10-30T23:30:00Z'],
  ])('%s on the wall of Cairo, where clocks change at midnight, is on %s at %s', (wall, day, expected) => {
    const zone = 'Africa/Cairo';
    const onWall = (at: number): string =>
      `${new Date(at + utcOffsetMinutes(zone, at) * 60_000).toISOString().slice(0, 19)}Z`;
    const before = dayBounds(wall.slice(0, 10), zone);
    let ms = before.from.getTime();
    while (onWall(ms) !== wall) ms += 30 * 60_000;
    expect(onWall(sameWallTime(ms, before.from, dayBounds(day, zone).from, zone))).toBe(expected);
  });

  it('noon stands on noon, also after the clock was changed in the night', () => {
    const before = dayBounds('2026-03-28', BERLIN);
    const day = dayBounds('2026-03-29', BERLIN);
    const noonBefore = Date.parse('2026-03-28T11:00:00Z');
    expect(new Date(sameWallTime(noonBefore, before.from, day.from, BERLIN)).toISOString()).toBe(
      '2026-03-29T10:00:00.000Z',
    );
    const plain = sameWallTime(
      Date.parse('2026-06-13T10:00:00Z'),
      new Date('2026-06-12T22:00:00Z'),
      new Date('2026-06-13T22:00:00Z'),
      BERLIN,
    );
    expect(new Date(plain).toISOString()).toBe('2026-06-14T10:00:00.000Z');
  });
});
