import type { PowerPoint } from '../../src/services/services.ts';

const FIVE_MINUTES_MS = 5 * 60_000;

/** A summer day's power in buckets of five minutes, with clouds that come from the seed alone. */
export function fakeDay(given: {
  until: Date;
  peakW: number;
  seed: number;
  /** Nothing was received in these. */
  gaps?: readonly { from: Date; to: Date }[];
}): PowerPoint[] {
  const { until, peakW, seed, gaps = [] } = given;
  const points: PowerPoint[] = [];
  const start = new Date(until);
  start.setUTCHours(3, 30, 0, 0);
  for (let ms = start.getTime(); ms <= until.getTime() - FIVE_MINUTES_MS; ms += FIVE_MINUTES_MS) {
    const time = new Date(ms);
    if (gaps.some(({ from, to }) => time >= from && time < to)) continue;
    // The sun is up for sixteen hours; its height, squared a little, is the power of a balcony.
    const height = Math.sin((Math.PI * (ms - start.getTime())) / (16 * 3600_000));
    if (height < 0) break;
    const hour = (ms - start.getTime()) / 3600_000;
    const cloud = Math.max(0, Math.sin(hour * 2.1 + seed) * Math.sin(hour * 5.3 + seed * 2) - 0.35);
    const powerW = round(peakW * height ** 1.4 * (0.985 + 0.015 * Math.sin(hour * 17 + seed)) * (1 - 0.8 * cloud));
    points.push({ time, powerW, powerMaxW: round(powerW * 1.03) });
  }
  return points;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
