import { describe, expect, it } from 'vitest';
import { isTight } from './axis.ts';
import { type Curve, type CurveInput, type CurvePoint, curveOf } from './curve.ts';
import { lightHours } from './day-hours.ts';

const DAY = { from: new Date('2026-06-14T22:00:00Z'), to: new Date('2026-06-15T22:00:00Z') };
const NOON = new Date('2026-06-15T12:00:00Z');

function points(from: string, count: number, value: (i: number) => number = () => 100): CurvePoint[] {
  const start = new Date(`2026-06-15T${from}:00Z`).getTime();
  return Array.from({ length: count }, (_, i) => ({
    time: new Date(start + i * 300_000),
    value: value(i),
    max: value(i) + 5,
    min: null,
  }));
}

function drawn(series: CurvePoint[][], more: Partial<CurveInput> = {}): Curve {
  return curveOf({
    ...lightHours(DAY, series.flat(), 300_000),
    timeZone: 'Europe/Berlin',
    bucketMs: 300_000,
    series: series.map((own, i) => ({ name: `inverter ${i + 1}`, points: own, gapMs: 900_000 })),
    isStacked: true,
    hasBand: false,
    disbelieved: [],
    peak: 'as drawn',
    before: [],
    least: 20,
    now: NOON,
    isCurrent: true,
    isAsleep: false,
    isExpected: () => true,
    ...more,
  });
}

describe('a day', () => {
  it('without a value is nothing, not zero', () => {
    const { layers, last, peak, gaps } = drawn([[]]);
    expect(layers[0]?.segments).toEqual([]);
    expect({ last, peak, gaps }).toEqual({ last: null, peak: null, gaps: [] });
  });

  it('is one line where no more than two reports in a row are missing', () => {
    const all = points('08:00', 12);
    expect(drawn([all.filter((_, i) => i !== 5 && i !== 6)]).layers[0]?.segments).toHaveLength(1);
  });

  it('is broken where data is missing, and the hole is told', () => {
    const { layers, gaps } = drawn([[...points('08:00', 6), ...points('09:30', 6)]]);
    expect(layers[0]?.segments).toHaveLength(2);
    expect(gaps).toMatchObject([
      { from: new Date('2026-06-15T08:27:30Z'), to: new Date('2026-06-15T09:32:30Z'), isOpen: false },
    ]);
  });

  it('a single value between two holes is still seen', () => {
    const { layers } = drawn([points('08:00', 1)]);
    expect(layers[0]?.segments[0]?.line).toMatch(/^M[\d.]+ [\d.]+h0$/);
  });

  it('what is missing up to now is a hole, unless it is night or the value is new', () => {
    const morning = [points('06:00', 12)];
    expect(drawn(morning, { isCurrent: false }).gaps).toMatchObject([{ isOpen: true, to: NOON }]);
    expect(drawn(morning, { isCurrent: false, isAsleep: true }).gaps).toEqual([]);
    expect(drawn([points('11:30', 6)], { isCurrent: false }).gaps).toEqual([]);
  });

  it('one of several that is silent is a hole of its own, by name', () => {
    const { gaps } = drawn([points('06:00', 71), points('06:00', 12)]);
    expect(gaps).toMatchObject([{ name: 'inverter 2', isOpen: true }]);
  });

  it('layers stand upon each other, so that the top is the sum', () => {
    const { peak, last, layers } = drawn([points('08:00', 6), points('08:00', 6, () => 200)]);
    expect(peak?.value).toBe(300);
    expect(last?.value).toBe(300);
    expect(layers).toHaveLength(2);
  });

  it('where no highest value is known the highest mean is not called one', () => {
    const { peak, isPeakApart, rows } = drawn([points('08:00', 6), points('08:00', 6)], { peak: null });
    expect([peak, isPeakApart, rows[0]?.total]).toEqual([null, false, 200]);
  });

  it('long buckets are told as means, where no band shows what was between', () => {
    const meansOf = (bucketMs: number, hasBand = false): unknown => drawn([[]], { bucketMs, hasBand }).meansOf;
    expect([300_000, 900_000, 3_600_000, 86_400_000].map((ms) => meansOf(ms))).toEqual([
      null,
      'quarter',
      'hour',
      'day',
    ]);
    expect(meansOf(3_600_000, true)).toBeNull();
  });

  it('the peak is the one that is known better than from the means', () => {
    const known = { time: new Date('2026-06-15T08:15:00Z'), value: 405 };
    const { peak, isPeakApart, yTicks } = drawn([points('08:00', 6, (i) => (i === 3 ? 400 : 100))], { peak: known });
    expect(peak).toMatchObject({ value: 405, at: known.time });
    expect(isPeakApart, 'within what is drawn').toBe(false);
    expect(drawn([points('08:00', 6)], { peak: known }).isPeakApart, 'far over every mean').toBe(true);
    expect(Math.max(...yTicks.map(({ value }) => value))).toBeLessThan(405 * 1.16);
  });

  it('who is late among several does not make the sum dip', () => {
    const late = points('08:00', 7).filter((_, i) => i !== 3);
    const { rows, layers } = drawn([points('08:00', 7), late]);
    expect(rows.map(({ total }) => total)).toEqual([200, 200, 200, 200, 200, 200, 200]);
    expect(layers[1]?.segments).toHaveLength(1);
  });

  it('side by side nothing is summed, and nobody is the highest', () => {
    const { rows, peak } = drawn([points('08:00', 2), points('08:00', 2, () => 30)], { isStacked: false });
    expect(rows.map(({ values }) => values)).toEqual([
      [100, 30],
      [100, 30],
    ]);
    expect(peak).toBeNull();
  });

  it('a band reaches from the mean to the highest value', () => {
    const [segment] = drawn([points('08:00', 2)], { hasBand: true }).layers[0]?.segments ?? [];
    const y = (text: string | undefined, at: number): number => Number(text?.match(/[\d.]+/g)?.[at]);
    expect(y(segment?.band, 1)).toBeLessThan(y(segment?.line, 1));
    expect(drawn([points('08:00', 2)]).layers[0]?.segments[0]?.band).toBe('');
  });

  it('a band begins at the lowest value where it is known, at the mean where it is not', () => {
    const lowest = points('08:00', 3).map((point, i) => ({ ...point, min: i === 1 ? null : 40 }));
    const { layers, rows, hasLowest } = drawn([lowest], { hasBand: true });
    const [segment] = layers[0]?.segments ?? [];
    const ys = (text: string | undefined): number[] => (text?.match(/ [\d.]+/g) ?? []).map(Number);
    const mean = ys(segment?.line)[0] ?? 0;
    // Forth along the highest, back along the lowest; downwards is more.
    const back = ys(segment?.band).slice(3);
    expect(back.map((y) => Math.sign(y - mean))).toEqual([1, 0, 1]);
    expect(rows.map(({ min }) => min)).toEqual([40, null, 40]);
    expect(hasLowest).toBe(true);
    expect(drawn([points('08:00', 3)], { hasBand: true }).hasLowest).toBe(false);
  });

  it('what a counter told and nobody believed is marked; what lies too close is one mark', () => {
    const told = ['08:02', '08:04', '12:00'].map((time) => new Date(`2026-06-15T${time}:00Z`));
    const { marks, rows } = drawn([points('08:00', 6)], { disbelieved: told });
    expect(marks.map(({ from, count }) => [from, count])).toEqual([
      [told[0], 2],
      [told[2], 1],
    ]);
    expect(rows.map(({ disbelieved }) => disbelieved)).toEqual([2, 0, 0, 0, 0, 1]);
  });

  it('the period before stands behind, with its gaps, and scales with it', () => {
    const before = [...points('06:00', 6, () => 900), ...points('10:00', 6, () => 900)];
    const { before: line, rows, yTicks } = drawn([points('08:00', 6)], { before });
    expect(line.match(/M/g)).toHaveLength(2);
    expect(rows[0]).toMatchObject({ before: 900, values: [null] });
    expect(Math.max(...yTicks.map(({ value }) => value))).toBeGreaterThan(500);
  });

  it('shows four to twenty-two o’clock, and more when there was power before', () => {
    const hours = (curve: Curve): string[] => curve.xTicks.map(({ at }) => at.toISOString().slice(11, 13));
    // 22:00Z is Berlin's midnight.
    expect(hours(drawn([points('08:00', 6)]))).toEqual(['04', '07', '10', '13', '16', '19']);
    expect(hours(drawn([points('00:10', 6)]))[0]).toBe('01');
  });

  it('every coordinate is inside the drawing', () => {
    const { layers } = drawn([points('03:00', 100, (i) => 40 * (i % 9))]);
    const numbers = layers.flatMap(({ segments }) => segments.flatMap(({ area }) => area.match(/[\d.-]+/g) ?? []));
    expect(numbers.length).toBeGreaterThan(200);
    for (const n of numbers) expect(Number(n)).toSatisfy((value: number) => value >= 0 && value <= 1000);
  });
});

describe('gaps', () => {
  /** Two days, night from 18:00 to 04:00 UTC. */
  const LONG = { from: new Date('2026-06-15T00:00:00Z'), to: new Date('2026-06-17T00:00:00Z') };
  const isExpected = (at: Date): boolean => at.getUTCHours() >= 4 && at.getUTCHours() < 18;
  const hours = (day: number, from: number, to: number): CurvePoint[] =>
    Array.from({ length: (to - from) * 12 }, (_, i) => ({
      time: new Date(Date.UTC(2026, 5, day, from) + i * 300_000),
      value: 100,
      max: 100,
      min: null,
    }));
  const gapsOf = (own: CurvePoint[], more: Partial<CurveInput> = {}): string[] =>
    drawn([own], { ...LONG, now: LONG.to, isExpected, ...more }).gaps.map(
      ({ from, to }) => `${from.toISOString().slice(8, 16)} ${to.toISOString().slice(8, 16)}`,
    );

  it('a night in which the inverter sleeps is none, nor its late waking', () => {
    expect(gapsOf([...hours(15, 5, 17), ...hours(16, 5, 17)])).toEqual([]);
  });

  it('of an outage over night the daylight is missing', () => {
    expect(gapsOf([...hours(15, 5, 14), ...hours(16, 8, 17)])).toEqual(['15T13:57 15T18:12', '16T04:12 16T08:02']);
  });

  it('a past day that ends early has one, that is over', () => {
    const { gaps } = drawn([hours(15, 5, 12)], {
      from: LONG.from,
      to: new Date('2026-06-16T00:00:00Z'),
      now: LONG.to,
      isExpected,
    });
    expect(gaps).toMatchObject([{ isOpen: false }]);
  });
});

describe('the words under a chart', () => {
  it.each([
    ['17.10. 22.10. 27.10. 1.11. 6.11. 11.11.', 167, false],
    ['Mo Di Mi Do Fr Sa So', 143, false],
    ['06:00 09:00 12:00 15:00 18:00 21:00', 167, false],
    ['18:00 21:00 00:00 03:00 06:00 09:00 12:00', 125, true],
    ['22_May 27_May 1_Jun 6_Jun 11_Jun', 167, true],
    ['2021 2022 2023 2024 2025 2026', 167, false],
    ['Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec', 84, true],
  ])('%s, %i thousandths apart: on a phone every second only: %s', (words, apart, isThinned) => {
    const placed = words.split(' ').map((text, i) => ({ x: 40 + i * apart, text: text.replace('_', ' ') }));
    expect(isTight(placed)).toBe(isThinned);
  });
});
