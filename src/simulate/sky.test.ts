import { describe, expect, test } from 'vitest';
import { Sky, STEP_MS } from './sky.ts';

const BERLIN = { latitude: 52.5, longitude: 13.4 };
const MIDSUMMER = Date.UTC(2025, 5, 21);
const step = (ms: number) => Math.floor(ms / STEP_MS);
const real = (seed = 1) => new Sky({ seed, place: BERLIN, alwaysDaySinceMs: null });

/** Light over a day, every ten minutes. */
const day = (sky: Sky, start: number) => Array.from({ length: 144 }, (_, i) => sky.light(step(start + i * 600_000)));
const brightness = (sky: Sky, start: number) => day(sky, start).reduce((sum, { beam }) => sum + beam, 0);

describe('the sky', () => {
  test('is dark at night, lets inverters sleep below 3 degrees, and has the sun in the south at noon', () => {
    const sky = real();
    for (const light of day(sky, MIDSUMMER))
      if (light.altitude <= 0) expect(light).toMatchObject({ beam: 0, diffuse: 0 });
    expect(sky.isUp(MIDSUMMER)).toBe(false);
    const noon = sky.light(step(MIDSUMMER + 11.12 * 3_600_000));
    expect(noon.altitude).toBeCloseTo(61, 0);
    expect(noon.up ** 2 + noon.east ** 2 + noon.north ** 2).toBeCloseTo(1, 9);
    expect(noon.north).toBeLessThan(-0.47);
    expect(Math.abs(noon.east)).toBeLessThan(0.04);
    expect(sky.light(step(MIDSUMMER + 6 * 3_600_000)).east).toBeGreaterThan(0.5);
    expect(sky.isUp(MIDSUMMER + 11 * 3_600_000)).toBe(true);
  });

  test('is the same for the same seed, whatever was asked before', () => {
    const [a, b] = [real(5), real(5)];
    // Every slot of the memory holds another step before
    for (let i = 0; i < 40_000; i++) b.light(i);
    expect(day(a, MIDSUMMER)).toEqual(day(b, MIDSUMMER));
    expect(day(a, MIDSUMMER)).not.toEqual(day(real(6), MIDSUMMER));
  });

  test('knows clear days and grey ones, summer and winter', () => {
    const sky = real();
    const days = Array.from({ length: 60 }, (_, i) => brightness(sky, MIDSUMMER + i * 86_400_000));
    expect(Math.max(...days)).toBeGreaterThan(4 * Math.min(...days));
    const winter = Array.from({ length: 60 }, (_, i) => brightness(sky, MIDSUMMER + (183 + i) * 86_400_000));
    const sum = (list: number[]) => list.reduce((a, b) => a + b, 0);
    expect(sum(days)).toBeGreaterThan(1.7 * sum(winter));
  });

  test('with endless noon is bright at every hour of a winter night, and real before', () => {
    const since = Date.UTC(2025, 11, 20, 22);
    const sky = new Sky({ seed: 1, place: BERLIN, alwaysDaySinceMs: since });
    for (const light of day(sky, since)) {
      expect(light.altitude).toBeGreaterThan(45);
      expect(light.diffuse).toBeGreaterThan(20);
    }
    expect(sky.light(step(since) - 1).beam).toBe(0);
  });
});
