import { describe, expect, it } from 'vitest';
import type { PowerPoint } from '../../services/services.ts';
import { type DayCurveInput, dayCurve } from './day-curve.ts';

const DAY = { from: new Date('2026-06-14T22:00:00Z'), to: new Date('2026-06-15T22:00:00Z') };
const NOON = new Date('2026-06-15T12:00:00Z');

function points(from: string, count: number, powerW: (i: number) => number = () => 100): PowerPoint[] {
  const start = new Date(`2026-06-15T${from}:00Z`).getTime();
  return Array.from({ length: count }, (_, i) => ({
    time: new Date(start + i * 300_000),
    powerW: powerW(i),
    powerMaxW: powerW(i) + 5,
  }));
}

function curveOf(series: PowerPoint[][], more: Partial<DayCurveInput> = {}): ReturnType<typeof dayCurve> {
  return dayCurve({
    day: DAY,
    bucketMs: 300_000,
    series: series.map((own, i) => ({ name: `inverter ${i + 1}`, points: own })),
    isOneInverter: series.length === 1,
    now: NOON,
    isCurrent: true,
    isAsleep: false,
    ...more,
  });
}

describe('a day', () => {
  it('without a value is nothing, not zero', () => {
    const { layers, last, peak, gaps } = curveOf([[]]);
    expect(layers[0]?.segments).toEqual([]);
    expect({ last, peak, gaps }).toEqual({ last: null, peak: null, gaps: [] });
  });

  it('is one line where no more than two reports in a row are missing', () => {
    const all = points('08:00', 12);
    expect(curveOf([all.filter((_, i) => i !== 5 && i !== 6)]).layers[0]?.segments).toHaveLength(1);
  });

  it('is broken where data is missing, and the hole is told', () => {
    const { layers, gaps } = curveOf([[...points('08:00', 6), ...points('09:30', 6)]]);
    expect(layers[0]?.segments).toHaveLength(2);
    expect(gaps).toMatchObject([
      { from: new Date('2026-06-15T08:27:30Z'), to: new Date('2026-06-15T09:32:30Z'), isOpen: false },
    ]);
  });

  it('a single value between two holes is still seen', () => {
    const { layers } = curveOf([points('08:00', 1)]);
    expect(layers[0]?.segments[0]?.line).toMatch(/^M[\d.]+ [\d.]+h0$/);
  });

  it('what is missing up to now is a hole, unless it is night or the value is new', () => {
    const morning = [points('06:00', 12)];
    expect(curveOf(morning, { isCurrent: false }).gaps).toMatchObject([{ isOpen: true, to: NOON }]);
    expect(curveOf(morning, { isCurrent: false, isAsleep: true }).gaps).toEqual([]);
    expect(curveOf([points('11:30', 6)], { isCurrent: false }).gaps).toEqual([]);
  });

  it('one of several that is silent is a hole of its own, by name', () => {
    const { gaps } = curveOf([points('06:00', 71), points('06:00', 12)]);
    expect(gaps).toMatchObject([{ name: 'inverter 2', isOpen: true }]);
  });

  it('layers stand upon each other, so that the top is the sum', () => {
    const { peak, last, layers } = curveOf([points('08:00', 6), points('08:00', 6, () => 200)]);
    expect(peak?.powerW).toBe(300);
    expect(last?.powerW).toBe(300);
    expect(layers).toHaveLength(2);
  });

  it('the peak of one inverter is its highest value, as its statistics say it', () => {
    const { peak } = curveOf([points('08:00', 6, (i) => (i === 3 ? 400 : 100))]);
    expect(peak).toMatchObject({ powerW: 405, at: new Date('2026-06-15T08:15:00Z') });
  });

  it('shows four to twenty-two o’clock, and more when there was power before', () => {
    const hours = (curve: ReturnType<typeof dayCurve>): string[] =>
      curve.xTicks.map(({ at }) => at.toISOString().slice(11, 13));
    // 22:00Z is Berlin's midnight.
    expect(hours(curveOf([points('08:00', 6)]))).toEqual(['04', '07', '10', '13', '16', '19']);
    expect(hours(curveOf([points('00:10', 6)]))[0]).toBe('01');
  });

  it('every coordinate is inside the drawing', () => {
    const { layers } = curveOf([points('03:00', 100, (i) => 40 * (i % 9))]);
    const numbers = layers.flatMap(({ segments }) => segments.flatMap(({ area }) => area.match(/[\d.-]+/g) ?? []));
    expect(numbers.length).toBeGreaterThan(200);
    for (const n of numbers) expect(Number(n)).toSatisfy((value: number) => value >= 0 && value <= 1000);
  });
});
