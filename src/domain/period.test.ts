import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addDays,
  addMonths,
  dayBounds,
  isTimeZone,
  localDate,
  monthBounds,
  QUARTER_MS,
  quarterStart,
  startOfWeek,
  startsOf,
  utcOffsetMinutes,
  weekBounds,
  yearBounds,
} from './period.ts';

const HOUR = 3_600_000;
const zones = Intl.supportedValuesOf('timeZone');

describe('dayBounds', () => {
  it.each([
    ['Europe/Berlin', '2026-03-29', '2026-03-28T23:00:00.000Z', 23],
    ['Europe/Berlin', '2026-10-25', '2026-10-24T22:00:00.000Z', 25],
    ['Europe/Berlin', '2026-06-12', '2026-06-11T22:00:00.000Z', 24],
    ['UTC', '2026-06-12', '2026-06-12T00:00:00.000Z', 24],
    ['America/New_York', '2026-03-08', '2026-03-08T05:00:00.000Z', 23],
    ['America/New_York', '2026-11-01', '2026-11-01T04:00:00.000Z', 25],
    ['America/St_Johns', '2026-03-08', '2026-03-08T03:30:00.000Z', 23],
    ['Pacific/Honolulu', '2026-06-12', '2026-06-12T10:00:00.000Z', 24],
    ['Pacific/Kiritimati', '2026-06-12', '2026-06-11T10:00:00.000Z', 24],
    ['Asia/Kolkata', '2026-06-12', '2026-06-11T18:30:00.000Z', 24],
    ['Asia/Kathmandu', '2026-06-12', '2026-06-11T18:15:00.000Z', 24],
    ['Pacific/Chatham', '2026-09-27', '2026-09-26T11:15:00.000Z', 23],
    ['Australia/Lord_Howe', '2026-04-05', '2026-04-04T13:00:00.000Z', 24.5],
    ['Australia/Lord_Howe', '2026-10-04', '2026-10-03T13:30:00.000Z', 23.5],
    // Clocks go forward at midnight: the day begins at 01:00
    ['Africa/Cairo', '2026-04-24', '2026-04-23T22:00:00.000Z', 23],
    ['America/Santiago', '2026-09-06', '2026-09-06T04:00:00.000Z', 23],
    ['Asia/Beirut', '2026-03-29', '2026-03-28T22:00:00.000Z', 23],
    // Clocks go back at midnight to 23:00 of the day before
    ['Africa/Cairo', '2026-10-29', '2026-10-28T21:00:00.000Z', 25],
    // Clocks go back at 01:00 to midnight: two midnights
    ['America/Havana', '2026-11-01', '2026-11-01T04:00:00.000Z', 25],
  ])('%s %s begins %s and has %f h', (zone, date, from, hours) => {
    const day = dayBounds(date, zone);
    expect(day.from.toISOString()).toBe(from);
    expect((day.to.getTime() - day.from.getTime()) / HOUR).toBe(hours);
  });

  it('tiles in every zone, on quarter hours, and holds the instants of its date', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: 0, max: 365 * 6 }),
        fc.nat(1_000_000),
        (zone, n, share) => {
          const date = addDays('2024-01-01', n);
          const day = dayBounds(date, zone);
          expect(dayBounds(addDays(date, 1), zone).from).toEqual(day.to);
          expect(day.from.getTime() % QUARTER_MS).toBe(0);
          const instant =
            day.from.getTime() + Math.floor((day.to.getTime() - day.from.getTime() - 1) * (share / 1_000_000));
          expect(localDate(instant, zone)).toBe(date);
          expect(localDate(day.from, zone)).toBe(date);
          expect(localDate(day.from.getTime() - 1, zone)).toBe(addDays(date, -1));
        },
      ),
      { numRuns: 400 },
    );
  });

  it.each(['2026-02-30', '2026-13-01', '26-01-01', '', '2026-01-01T00:00:00Z'])('refuses %j', (date) => {
    expect(() => dayBounds(date, 'UTC')).toThrow(RangeError);
  });
});

describe('longer periods', () => {
  it('are the days they consist of', () => {
    const berlin = 'Europe/Berlin';
    expect(monthBounds('2026-03', berlin)).toEqual({
      from: dayBounds('2026-03-01', berlin).from,
      to: dayBounds('2026-03-31', berlin).to,
    });
    expect(monthBounds('2026-12-24', berlin).to).toEqual(dayBounds('2027-01-01', berlin).from);
    expect(yearBounds(2026, berlin)).toEqual({
      from: dayBounds('2026-01-01', berlin).from,
      to: dayBounds('2026-12-31', berlin).to,
    });
    expect(yearBounds('2026-07-01', berlin)).toEqual(yearBounds('2026', berlin));
    // Monday 23 to Sunday 29 March, with the short Sunday
    expect(weekBounds('2026-03-29', berlin)).toEqual({
      from: dayBounds('2026-03-23', berlin).from,
      to: dayBounds('2026-03-29', berlin).to,
    });
  });

  it('calendar arithmetic', () => {
    expect(addDays('2026-02-28', 1)).toBe('2026-03-01');
    expect(addDays('2024-03-01', -1)).toBe('2024-02-29');
    expect(addMonths('2026-01-31', 1)).toBe('2026-02-01');
    expect(addMonths('2026-01-15', -1)).toBe('2025-12-01');
    expect(startOfWeek('2026-06-14')).toBe('2026-06-08');
    expect(startOfWeek('2026-06-15')).toBe('2026-06-15');
  });
});

describe('offsets and zones', () => {
  it.each([
    ['Europe/Berlin', '2026-01-01T00:00:00Z', 60],
    ['Europe/Berlin', '2026-07-01T00:00:00Z', 120],
    ['America/St_Johns', '2026-01-01T00:00:00Z', -210],
    ['Asia/Kathmandu', '2026-01-01T00:00:00Z', 345],
    ['Australia/Eucla', '2026-01-01T00:00:00Z', 525],
    ['Pacific/Marquesas', '2026-01-01T00:00:00Z', -570],
    ['Pacific/Kiritimati', '2026-01-01T00:00:00Z', 840],
    ['UTC', '2026-01-01T00:00:00.123Z', 0],
    ['Europe/Berlin', '1970-01-01T00:00:00Z', 60],
  ])('%s at %s: %i min', (zone, at, minutes) => {
    expect(utcOffsetMinutes(zone, new Date(at))).toBe(minutes);
    expect(utcOffsetMinutes(zone, Date.parse(at))).toBe(minutes);
  });

  it('changes at the second the clocks change', () => {
    const change = Date.parse('2026-03-29T01:00:00Z');
    expect(utcOffsetMinutes('Europe/Berlin', change - 1)).toBe(60);
    expect(utcOffsetMinutes('Europe/Berlin', change)).toBe(120);
  });

  it('knows zones from other words', () => {
    for (const zone of ['Europe/Berlin', 'Asia/Calcutta', 'UTC', 'Etc/GMT-2']) expect(isTimeZone(zone)).toBe(true);
    for (const word of ['', 'Mars/Olympus', '+02:00', 'Europe/Berlin; DROP', 'x'.repeat(500)])
      expect(isTimeZone(word)).toBe(false);
    expect(() => utcOffsetMinutes('Mars/Olympus', 0)).toThrow(RangeError);
  });

  describe.each([
    ['Europe/Berlin', '2026-03-27', '2026-04-01'],
    ['America/St_Johns', '2026-10-30', '2026-11-03'],
    ['Asia/Kathmandu', '2026-06-12', '2026-06-14'],
    ['Africa/Cairo', '2026-04-23', '2026-04-26'],
    ['Australia/Lord_Howe', '2026-04-04', '2026-04-07'],
  ])('starts in %s', (zone, first, last) => {
    const range = { from: dayBounds(first, zone).from, to: dayBounds(last, zone).to };

    it('of hours show no minutes on the wall, an hour apart but where the clock changes', () => {
      const hours = startsOf('hour', range, zone);
      expect(hours[0]).toEqual(range.from);
      const atWall = new Intl.DateTimeFormat('en', { timeZone: zone, minute: 'numeric', second: 'numeric' });
      for (const hour of hours) expect(atWall.format(hour)).toBe('00:00');
      const apart = hours.map((hour, i) => ((hours[i + 1] ?? range.to).getTime() - hour.getTime()) / 60_000);
      const odd = apart.filter((minutes) => minutes !== 60);
      expect(odd).toEqual(zone === 'Australia/Lord_Howe' ? [90] : []);
    });

    it('of days are those of the days', () => {
      const days = startsOf('day', range, zone);
      expect(days.map((day) => localDate(day, zone))).toEqual(days.map((_, i) => addDays(first, i)));
      for (const day of days) expect(day).toEqual(dayBounds(localDate(day, zone), zone).from);
    });

    it('begin at or before the range, and end before it does', () => {
      const inside = { from: new Date(range.from.getTime() + 100 * 60_000), to: new Date(range.to.getTime() - 1) };
      for (const unit of ['hour', 'day', 'month', 'year'] as const) {
        const starts = startsOf(unit, inside, zone);
        expect((starts[0] as Date) <= inside.from, unit).toBe(true);
        expect(starts[1] === undefined || starts[1] > inside.from, unit).toBe(true);
        expect((starts.at(-1) as Date) < inside.to, unit).toBe(true);
      }
    });
  });

  it('quarter hours', () => {
    const at = Date.parse('2026-06-12T10:29:59.999Z');
    expect(new Date(quarterStart(at)).toISOString()).toBe('2026-06-12T10:15:00.000Z');
    expect(quarterStart(-1)).toBe(-QUARTER_MS);
  });
});
