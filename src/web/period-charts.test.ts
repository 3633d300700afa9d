import { describe, expect, it, vi } from 'vitest';
import { fakeServices, sunnyInverter } from '../../test/support/fake-services.ts';
import { NOON } from '../../test/support/fake-web.ts';
import type { PeriodChoice } from '../domain/shown-period.ts';
import type { InverterCurrent } from '../services/services.ts';
import { accountSources, inverterSource } from './chart-sources.ts';
import { type PeriodCharts, readPeriodCharts } from './period-charts.ts';

const BERLIN = 'Europe/Berlin';
const choice = (kind: PeriodChoice['kind'], given: Partial<PeriodChoice> = {}): PeriodChoice => ({
  kind,
  date: null,
  until: null,
  compare: false,
  ...given,
});

const others = (count: number): string => `${count} others`;

function chartsOf(inverters: InverterCurrent[], asked: PeriodChoice, now = NOON): Promise<PeriodCharts> {
  const services = fakeServices(inverters);
  const sources = accountSources(services, 1, inverters, others);
  return readPeriodCharts({ sources, inverters, choice: asked, timeZone: BERLIN, now });
}

describe('the charts of a period', () => {
  it('the bars sum to the total, and today’s is the figure of the inverter', async () => {
    const one = sunnyInverter(NOON, { id: 1 });
    const { energy, totalWh, power } = await chartsOf([one], choice('day'));
    expect(Math.abs((totalWh ?? 0) - (one.energyTodayWh ?? 0))).toBeLessThan(12);
    expect(energy.bars.reduce((wh, bar) => wh + (bar.totalWh ?? 0), 0)).toBe(totalWh);
    expect(power.peak?.value).toBe(one.maxPowerTodayW);
  });

  it('half of a month is compared with half of the one before, a whole one with a whole one', async () => {
    const one = sunnyInverter(NOON, { id: 1 });
    const running = await chartsOf([one], choice('month', { compare: true }));
    const may = await chartsOf([one], choice('month', { date: '2026-05-31' }));
    const sofar = await fakeServices([one]).statistics.energy(1, 1, {
      from: '2026-05-01',
      to: new Date(NOON.getTime() - 31 * 86_400_000),
      bucket: 'day',
    });
    expect(running.before?.energyWh).toBe(sofar.totalWh);
    expect(running.before?.energyWh).toBeLessThan(may.totalWh ?? 0);
    const past = await chartsOf([one], choice('month', { date: '2026-05-31', compare: true }));
    const april = await chartsOf([one], choice('month', { date: '2026-04-30' }));
    expect(past.before?.energyWh).toBe(april.totalWh);
    // The third of a month stands on the third.
    expect(past.energy.bars[2]?.beforeWh).toBe(april.energy.bars[2]?.totalWh);
    expect(past.energy.bars[30]?.beforeWh).toBeNull();
  });

  it.each([
    ['1h', 1],
    ['6h', 6],
    ['24h', 24],
    ['7d', 7 * 24],
  ] as const)('%s up to now is compared with as much that ended %i hours ago', async (kind, hours) => {
    const now = new Date('2026-06-15T12:10:00Z');
    const one = sunnyInverter(now, { id: 1 });
    const { period, before, energy } = await chartsOf([one], choice(kind, { compare: true }), now);
    const ago = (at: Date): Date => new Date(at.getTime() - hours * 3_600_000);
    const quarters = await fakeServices([one]).statistics.energy(1, 1, {
      from: ago(period.from),
      to: ago(now),
      bucket: '15m',
    });
    // The last of them has gone on for ten minutes of its fifteen.
    const last = quarters.points.at(-1);
    expect(last?.start).toEqual(ago(new Date('2026-06-15T12:00:00Z')));
    const expected = (quarters.totalWh ?? 0) - (last?.energyWh ?? 0) / 3;
    expect(Math.abs((before?.energyWh ?? 0) - expected)).toBeLessThan(kind === '7d' ? 60 : 3);
    // The bar that has begun stands beside the one before it.
    expect(energy.bars.at(-1)?.beforeWh).toBeGreaterThan(0);
  });

  it.each([
    ['day', '2026-06-13T22:00:00.000Z', '2026-06-14T12:10:00.000Z'],
    ['week', '2026-06-07T22:00:00.000Z', '2026-06-08T12:10:00.000Z'],
    ['month', '2026-04-30T22:00:00.000Z', '2026-05-15T12:10:00.000Z'],
    ['year', '2024-12-31T23:00:00.000Z', '2025-06-15T12:10:00.000Z'],
    ['1h', '2026-06-15T10:00:00.000Z', '2026-06-15T11:10:00.000Z'],
    ['24h', '2026-06-13T12:00:00.000Z', '2026-06-14T12:10:00.000Z'],
    ['30d', '2026-04-16T22:00:00.000Z', '2026-05-16T12:10:00.000Z'],
  ] as const)('a running %s is compared from %s to %s, in the bars as in the sum', async (kind, from, until) => {
    const now = new Date('2026-06-15T12:10:00Z');
    const { before, energy } = await chartsOf([sunnyInverter(now, { id: 1 })], choice(kind, { compare: true }), now);
    expect([before?.period.from.toISOString(), before?.until.toISOString()]).toEqual([from, until]);
    expect(before?.energyWh).toBeGreaterThan(0);
    expect(energy.bars.reduce((wh, bar) => wh + (bar.beforeWh ?? 0), 0)).toBe(before?.energyWh);
    expect(before?.elsewhereWh).toBe(0);
    expect(energy.bars.filter((bar) => bar.from > now && bar.beforeWh !== null)).toEqual([]);
  });

  it.each([
    ['spring', '2026-03-30T09:10:00Z'],
    ['autumn', '2025-10-27T11:10:00Z'],
  ])('24 hours after those in which the clock was changed in %s are compared with as many', async (_, time) => {
    const now = new Date(time);
    const one = sunnyInverter(now, { id: 1 });
    const { before, energy } = await chartsOf([one], choice('24h', { compare: true }), now);
    expect(before).toMatchObject({ until: new Date(now.getTime() - 86_400_000), elsewhereWh: 0 });
    const range = { from: before?.period.from ?? now, to: before?.until ?? now };
    const hours = await fakeServices([one]).statistics.energy(1, 1, { ...range, bucket: 'hour' });
    const wh = new Map(hours.points.map(({ start, energyWh }) => [start.getTime() + 86_400_000, energyWh]));
    expect(wh.size).toBeGreaterThan(8);
    // Each beside the one 24 hours before it; of the last, a part counts.
    expect(energy.bars.slice(0, -1).map(({ beforeWh }) => beforeWh)).toEqual(
      energy.bars.slice(0, -1).map(({ from }) => wh.get(from.getTime()) ?? null),
    );
    expect(energy.bars.at(-1)?.beforeWh).toBeGreaterThan(0);
  });

  it.each([
    ['2025-03-01T11:10:00Z', '2024-03-01T11:10:00.000Z'],
    ['2028-03-01T11:10:00Z', '2027-03-01T11:10:00.000Z'],
    ['2028-02-29T11:10:00Z', '2027-02-28T23:00:00.000Z'],
    ['2028-12-31T11:10:00Z', '2027-12-31T11:10:00.000Z'],
  ])('a year at %s is compared up to %s, whichever has a 29 February, month by month', async (time, until) => {
    const now = new Date(time);
    const { before, energy } = await chartsOf([sunnyInverter(now, { id: 1 })], choice('year', { compare: true }), now);
    expect(before?.until.toISOString()).toBe(until);
    const { totalWh } = await fakeServices([sunnyInverter(now, { id: 1 })]).statistics.energy(1, 1, {
      ...{ from: `${until.slice(0, 4)}-02-01`, to: `${until.slice(0, 4)}-03-01`, bucket: 'month' },
    });
    expect(energy.bars[1]?.beforeWh).toBe(totalWh);
    expect(energy.bars.reduce((wh, bar) => wh + (bar.beforeWh ?? 0), 0)).toBe(before?.energyWh);
    expect(before?.elsewhereWh).toBe(0);
  });

  it('what a longer month before has on days that this one lacks is told apart', async () => {
    const one = sunnyInverter(NOON, { id: 1 });
    const { before, energy } = await chartsOf([one], choice('month', { date: '2026-02-10', compare: true }));
    const sumOf = async (from: string): Promise<number | null> =>
      (await fakeServices([one]).statistics.energy(1, 1, { from, to: '2026-02-01', bucket: 'day' })).totalWh;
    const last = (await sumOf('2026-01-29')) ?? 0;
    expect(before).toMatchObject({ energyWh: await sumOf('2026-01-01'), elsewhereWh: last });
    expect(last).toBeGreaterThan(0);
    expect(energy.bars.reduce((wh, bar) => wh + (bar.beforeWh ?? 0), last)).toBe(before?.energyWh);
  });

  it('the day before lies behind the day, at the same times', async () => {
    const { power } = await chartsOf([sunnyInverter(NOON, { id: 1 })], choice('day', { compare: true }));
    const evening = power.rows.find(({ at }) => at.toISOString() === '2026-06-15T16:00:00.000Z');
    expect(evening).toMatchObject({ values: [null] });
    expect(evening?.before).toBeGreaterThan(100);
  });

  it('all together: a layer each, the maximum is the maximum of the sum', async () => {
    const two = [sunnyInverter(NOON, { id: 1 }), sunnyInverter(NOON, { id: 2, name: 'Garten' }, { peakW: 400 })];
    const { power, energy } = await chartsOf(two, choice('day'));
    expect(power.layers.map(({ name }) => name)).toEqual(['Balkon Süd', 'Garten']);
    expect(energy.names).toEqual(['Balkon Süd', 'Garten']);
    const sums = power.rows.map(({ total }) => total);
    expect(power.peak?.value).toBeLessThan((two[0]?.maxPowerTodayW ?? 0) + (two[1]?.maxPowerTodayW ?? 0));
    expect(power.peak?.value).toBeGreaterThanOrEqual(Math.max(...sums));
  });

  it.each(['7d', '30d'] as const)(
    'all together over %s: no maximum over means, for what they had together at most is not known',
    async (kind) => {
      const two = [sunnyInverter(NOON, { id: 1 }), sunnyInverter(NOON, { id: 2, name: 'Garten' }, { peakW: 400 })];
      const { power } = await chartsOf(two, choice(kind));
      expect(power.layers).toHaveLength(2);
      expect([power.peak, power.isPeakApart, power.hasBand]).toEqual([null, false, false]);
    },
  );

  it('of more than there are colours the strongest have a layer each and the others one, and all is shown', async () => {
    const many = Array.from({ length: 8 }, (_, i) =>
      sunnyInverter(NOON, { id: i + 1, name: `${i + 1}`, energyTotalWh: i === 1 ? 1 : 1_000 * (i + 1) }),
    );
    const { power, energy, totalWh } = await chartsOf(many, choice('day'));
    expect(power.layers.map(({ name }) => name)).toEqual(['4', '5', '6', '7', '8', '3 others']);
    expect(energy.names).toEqual(power.layers.map(({ name }) => name));
    const all = await fakeServices(many).statistics.energy(1, null, {
      from: '2026-06-15',
      to: '2026-06-16',
      bucket: 'day',
    });
    expect(Math.abs((totalWh ?? 0) - (all.totalWh ?? 0))).toBeLessThan(100);
  });

  it('over a week those that share a layer are read without all the others, of whom no sum is drawn', async () => {
    const many = Array.from({ length: 8 }, (_, i) => sunnyInverter(NOON, { id: i + 1 }));
    const services = fakeServices(many);
    const together = vi.spyOn(services.statistics, 'accountPowers');
    const sources = accountSources(services, 1, many, others);
    const read = { sources, inverters: many, timeZone: BERLIN, now: NOON };
    expect((await readPeriodCharts({ ...read, choice: choice('7d') })).power.layers.at(-1)?.name).toBe('3 others');
    expect(together).not.toHaveBeenCalled();
    await readPeriodCharts({ ...read, choice: choice('24h') });
    expect(together).toHaveBeenCalledTimes(1);
  });

  it('those of several zones have a layer each too, by the days of the account', async () => {
    const zones = [
      sunnyInverter(NOON, { id: 1 }),
      sunnyInverter(NOON, { id: 2, name: 'Azoren', timeZone: 'Atlantic/Azores' }),
    ];
    const { energy } = await chartsOf(zones, choice('7d'));
    expect(energy.names).toEqual(['Balkon Süd', 'Azoren']);
    expect(energy.bars.at(-2)?.valuesWh.every((wh) => (wh ?? 0) > 0)).toBe(true);
    expect(accountSources(fakeServices(zones), 1, zones.slice(0, 1), others).layers[0]?.name).toBe('Balkon Süd');
  });

  it('a week of one has its lowest and highest values, of a year only the highest', async () => {
    const one = sunnyInverter(NOON, { id: 1 });
    const week = await chartsOf([one], choice('7d'));
    expect(week.power).toMatchObject({ hasBand: true, hasLowest: true, meansOf: null });
    expect(week.power.peak?.value).toBe(one.maxPowerTodayW);
    expect((await chartsOf([one], choice('year'))).power).toMatchObject({ hasBand: true, hasLowest: false });
  });

  it('total begins with the year of the first energy, and a year with daily means', async () => {
    const one = sunnyInverter(NOON, { id: 1 });
    const total = await chartsOf([one], choice('total'));
    expect(total.energy.bars.map(({ from }) => from.toISOString().slice(0, 4))).toEqual(['2023', '2024', '2025']);
    const services = fakeServices([one]);
    const source = inverterSource(services, 1, one);
    const year = await readPeriodCharts({
      sources: { whole: source, layers: [source] },
      inverters: [one],
      choice: choice('year'),
      timeZone: BERLIN,
      now: NOON,
    });
    expect(year.power.hasBand).toBe(true);
    expect(year.power.rows.length).toBeLessThanOrEqual(366);
  });
});
