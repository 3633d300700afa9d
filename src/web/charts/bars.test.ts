import { describe, expect, it } from 'vitest';
import { type BarsInput, barsOf } from './bars.ts';

const NOW = new Date('2026-06-15T12:00:00Z');
const at = (day: number): Date => new Date(Date.UTC(2026, 5, day));
const slots = [12, 13, 14, 15, 16].map((day) => ({ from: at(day), to: at(day + 1) }));

function drawn(days: Record<number, number>, more: Partial<BarsInput> = {}): ReturnType<typeof barsOf> {
  const points = Object.entries(days).map(([day, energyWh]) => ({
    start: at(Number(day)),
    energyWh,
    estimatedWh: day === '14' ? energyWh / 4 : 0,
  }));
  return barsOf({
    slots,
    series: [{ name: 'a', points }],
    before: null,
    disbelieved: [],
    now: NOW,
    isExpected: () => true,
    style: 'weekday',
    ...more,
  });
}

describe('bars of energy', () => {
  it('what is not known is not zero: missing where it is over, nothing before the first and after now', () => {
    const { bars, missing } = drawn({ 13: 100, 15: 50 });
    expect(bars.map(({ totalWh }) => totalWh)).toEqual([null, 100, null, 50, null]);
    expect(bars.map(({ isMissing }) => isMissing)).toEqual([false, false, true, false, false]);
    expect(missing).toBe(1);
    expect(drawn({ 13: 100, 14: 0, 15: 50 }).bars[2]).toMatchObject({ totalWh: 0, parts: [], isMissing: false });
    expect(drawn({ 13: 100, 15: 50 }, { isExpected: () => false }).missing).toBe(0);
  });

  it('stand upon each other, so that the top is the sum', () => {
    const series = [300, 100].map((energyWh, i) => ({
      name: `${i}`,
      points: [{ start: at(13), energyWh, estimatedWh: 0 }],
    }));
    const [, bar] = drawn({}, { series }).bars;
    expect(bar?.totalWh).toBe(400);
    const [low, high] = bar?.parts ?? [];
    expect((low?.y ?? 0) - (high?.y ?? 0)).toBeCloseTo(high?.height ?? 0, 1);
    expect((low?.height ?? 0) / (high?.height ?? 1)).toBeCloseTo(3, 1);
  });

  it('the highest is told, what is guessed is marked, what is running is not over', () => {
    const { highest, hasEstimates, bars } = drawn({ 13: 100, 14: 400, 15: 50 });
    expect(highest).toMatchObject({ from: at(14), totalWh: 400, hasValue: true });
    expect(hasEstimates).toBe(true);
    const [guessed] = bars[2]?.parts ?? [];
    expect((guessed?.estimatedHeight ?? 0) / (guessed?.height ?? 1)).toBeCloseTo(0.25, 2);
    expect(bars[1]?.parts[0]?.estimatedHeight).toBe(0);
    expect(bars.map(({ isRunning }) => isRunning)).toEqual([false, false, false, true, false]);
    expect(drawn({ 13: 100 }).hasEstimates).toBe(false);
  });

  it('what a counter told and nobody believed is marked where it was told, also where no energy is known', () => {
    const told = [at(13), new Date(at(13).getTime() + 3_600_000), new Date(at(15).getTime() - 1), at(20)];
    const { bars, hasDisbelieved } = drawn({ 13: 100 }, { disbelieved: told });
    expect(bars.map(({ disbelieved }) => disbelieved)).toEqual([0, 2, 1, 0, 0]);
    expect(hasDisbelieved).toBe(true);
    expect(drawn({ 13: 100 }, { disbelieved: [at(20)] }).hasDisbelieved).toBe(false);
  });

  it('the period before has its mark in the same scale', () => {
    const [, bar] = drawn({ 13: 100 }, { before: [null, 200, null, null, null] }).bars;
    expect(bar?.beforeWh).toBe(200);
    expect(bar?.beforeY).toBeLessThan(bar?.parts[0]?.y ?? 0);
    expect(drawn({ 13: 100 }).bars[1]?.beforeY).toBeNull();
  });
});
