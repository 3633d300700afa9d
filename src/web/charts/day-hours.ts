import type { Bounds } from '../../domain/period.ts';
import type { CurvePoint } from './curve.ts';

const HOUR_MS = 3_600_000;

/** From four to twenty-two o'clock, wider where there was power before or after: a day's empty hours only make it smaller. */
export function lightHours(day: Bounds, points: readonly CurvePoint[], bucketMs: number): Bounds {
  const start = day.from.getTime();
  const length = day.to.getTime() - start;
  const lit = points.filter(({ value }) => value > 0).map(({ time }) => time.getTime());
  const first = lit.reduce((min, ms) => Math.min(min, ms), start + 4 * HOUR_MS);
  const last = lit.reduce((max, ms) => Math.max(max, ms + bucketMs), start + 22 * HOUR_MS);
  return {
    from: new Date(start + Math.max(0, Math.floor((first - start) / HOUR_MS) * HOUR_MS)),
    to: new Date(start + Math.min(length, Math.ceil((last - start) / HOUR_MS) * HOUR_MS)),
  };
}
