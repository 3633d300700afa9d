import { describe, expect, test } from 'vitest';
import { VirtualInverter } from './inverter.ts';
import { SUN_M80G3 } from './models.ts';
import { Sky, STEP_MS } from './sky.ts';

const HOUR = 3_600_000;
const MIDSUMMER = Date.UTC(2025, 5, 21);
const BERLIN = { latitude: 52.5, longitude: 13.4 };
const panel = { name: 'a', seed: 3, peakW: 430, tiltDeg: 30, azimuthDeg: 180, lagSteps: 2, derate: 0.9 };

function inverter({ peakW = 430, seed = 1, lifetimeWh = [1000, 2000] } = {}): VirtualInverter {
  return new VirtualInverter({
    seed,
    model: SUN_M80G3,
    panels: [
      { ...panel, peakW },
      { ...panel, peakW, seed: 4, azimuthDeg: 200, lagSteps: 3 },
    ],
    sky: new Sky({ seed, place: BERLIN, alwaysDaySinceMs: null }),
    startMs: MIDSUMMER,
    lifetimeWh,
  });
}

describe('a virtual inverter', () => {
  test('counts what it produced: the counters are the integral of the powers it showed', () => {
    const device = inverter();
    // In the middle of a step, and at the end of the morning likewise
    let state = device.advanceTo(MIDSUMMER + 8 * HOUR + 2000, 120);
    const start = state;
    const energy = [0, 0, 0];
    // A second divides a step, so the mean of its two ends is exact
    for (let ms = MIDSUMMER + 8 * HOUR + 3000; ms <= MIDSUMMER + 12 * HOUR + 3000; ms += 1000) {
      const next = device.advanceTo(ms, 120);
      const before = [state.powerW, ...state.inputs.map((input) => input.powerW)];
      [next.powerW, ...next.inputs.map((input) => input.powerW)].forEach((powerW, i) => {
        energy[i] = (energy[i] ?? 0) + (powerW + (before[i] ?? 0)) / 2 / 3600;
      });
      state = next;
    }
    expect(energy[0]).toBeGreaterThan(1000);
    expect(state.totalWh - start.totalWh).toBeCloseTo(energy[0] ?? 0, 6);
    expect(state.todayWh - start.todayWh).toBeCloseTo(energy[0] ?? 0, 6);
    for (const i of [0, 1]) {
      expect((state.inputs[i]?.totalWh ?? 0) - (start.inputs[i]?.totalWh ?? 0)).toBeCloseTo(energy[i + 1] ?? 0, 6);
    }
  });

  test('counts the same however often it is looked at', () => {
    const [often, seldom] = [inverter(), inverter()];
    for (let ms = MIDSUMMER; ms < MIDSUMMER + 30 * HOUR; ms += 7_777) often.advanceTo(ms, 120);
    const [a, b] = [often.advanceTo(MIDSUMMER + 30 * HOUR, 120), seldom.advanceTo(MIDSUMMER + 30 * HOUR, 120)];
    expect(a.totalWh).toBeCloseTo(b.totalWh, 6);
    expect(a.inputs[1]?.totalWh).toBeCloseTo(b.inputs[1]?.totalWh ?? 0, 6);
  });

  test('gives the same day for the same seed', () => {
    const at = MIDSUMMER + 10 * HOUR;
    expect(inverter().advanceTo(at, 120)).toEqual(inverter().advanceTo(at, 120));
    expect(inverter({ seed: 2 }).advanceTo(at, 120)).not.toEqual(inverter().advanceTo(at, 120));
  });

  test('produces nothing at night and keeps its counters', () => {
    const device = inverter();
    let totalWh: number | null = null;
    for (let ms = MIDSUMMER + 19 * HOUR; ms < MIDSUMMER + 26 * HOUR; ms += STEP_MS) {
      const state = device.advanceTo(ms, 120);
      // Between the last step of the day and the first of the night the power falls in a straight line
      if (device.isAwake(ms) || device.isAwake(ms - STEP_MS)) continue;
      totalWh ??= state.totalWh;
      expect(state).toMatchObject({ powerW: 0, powerDcW: 0, totalWh });
      for (const input of state.inputs) expect(input).toMatchObject({ powerW: 0, voltageV: 0 });
    }
    expect(totalWh).toBeGreaterThan(4000);
  });

  test('begins its day counter at local midnight, its lifetime counter where it was', () => {
    const device = inverter({ lifetimeWh: [1000, 2000] });
    const first = device.advanceTo(MIDSUMMER + HOUR, 120);
    expect(first.totalWh).toBeCloseTo(3000 * SUN_M80G3.efficiency, 9);
    const evening = device.advanceTo(MIDSUMMER + 21 * HOUR, 120);
    expect(evening.todayWh).toBeGreaterThan(1000);
    expect(evening.todayWh).toBeCloseTo(evening.totalWh - first.totalWh, 6);
    // 22:00 UTC is midnight at +120 minutes
    expect(device.advanceTo(MIDSUMMER + 22 * HOUR - 1, 120).todayWh).toBe(evening.todayWh);
    expect(device.advanceTo(MIDSUMMER + 22 * HOUR, 120).todayWh).toBe(0);
    const nextNoon = device.advanceTo(MIDSUMMER + 34 * HOUR, 120);
    expect(nextNoon.todayWh).toBeCloseTo(nextNoon.totalWh - evening.totalWh, 6);
  });

  test('never gives more than it is rated for, and takes the surplus from all inputs', () => {
    const device = inverter({ peakW: 900 });
    let clipped = 0;
    for (let ms = MIDSUMMER + 8 * HOUR; ms < MIDSUMMER + 14 * HOUR; ms += 60_000) {
      const { powerW, powerDcW, inputs } = device.advanceTo(ms, 120);
      expect(powerW).toBeLessThanOrEqual(SUN_M80G3.ratedPowerW + 1e-9);
      expect(powerW).toBeCloseTo(powerDcW * SUN_M80G3.efficiency, 9);
      expect((inputs[0]?.powerW ?? 0) + (inputs[1]?.powerW ?? 0)).toBeCloseTo(powerDcW, 9);
      if (powerW > SUN_M80G3.ratedPowerW - 1e-6) clipped += 1;
    }
    expect(clipped).toBeGreaterThan(10);
  });
});
