import { describe, expect, it } from 'vitest';
import { PeriodQuery, periodQuery } from './period-query.ts';

const NOTHING = { kind: 'day', date: null, until: null, compare: false };

describe('the period in an address', () => {
  it.each([
    ['', NOTHING],
    ['period=month&date=2026-02-10', { ...NOTHING, kind: 'month', date: '2026-02-10' }],
    ['period=6h&until=2026-06-15T12:00Z', { ...NOTHING, kind: '6h', until: new Date('2026-06-15T12:00:00Z') }],
    ['period=year&compare=1', { ...NOTHING, kind: 'year', compare: true }],
    // Links of before.
    ['time_range=24+hours', { ...NOTHING, kind: '24h' }],
    ['time_range=7+days&period=week', { ...NOTHING, kind: 'week' }],
    // What makes no sense is as if it were not there, and takes nothing else with it.
    ['period=month&date=2026-02-30', { ...NOTHING, kind: 'month' }],
    ['period=decade&date=2026-02-10', { ...NOTHING, date: '2026-02-10' }],
    ['period=6h&until=yesterday&compare=yes', { ...NOTHING, kind: '6h' }],
    ['time_range=__proto__', NOTHING],
  ])('%s', (query, choice) => {
    expect(PeriodQuery.parse(Object.fromEntries(new URLSearchParams(query)))).toEqual(choice);
  });

  it('opens the same period again', () => {
    for (const choice of [
      { kind: 'day', date: '2026-06-15', until: null, compare: true },
      { kind: '1h', date: null, until: new Date('2026-06-15T11:15:00Z'), compare: false },
    ] as const) {
      expect(PeriodQuery.parse(Object.fromEntries(new URLSearchParams(periodQuery(choice))))).toEqual(choice);
    }
    expect(periodQuery({ kind: 'week', date: null, until: null, compare: false }, { metric: 'energy' })).toBe(
      'period=week&metric=energy',
    );
  });
});
