import type { PowerPoint } from '../../services/services.ts';

/** One inverter's day, or several together. */
export interface Series {
  name: string;
  points: readonly PowerPoint[];
}

export interface DayCurveInput {
  /** Local midnight and the next one. */
  day: { from: Date; to: Date };
  bucketMs: number;
  /** At most `MAX_LAYERS`. */
  series: readonly Series[];
  /** Then the highest single value is known, not only the highest mean. */
  isOneInverter: boolean;
  now: Date;
  /** Whether the last value is still true; otherwise what follows it is a gap up to now. */
  isCurrent: boolean;
  /** Whether missing values up to now are to be expected (night). */
  isAsleep: boolean;
}

/** A stretch in which every value is there. x and y in thousandths of the drawing, y downwards. */
export interface Segment {
  line: string;
  area: string;
}

export interface Spot {
  x: number;
  y: number;
  at: Date;
  powerW: number;
}

export interface DayCurve {
  layers: { name: string; segments: Segment[] }[];
  /** Of any layer: where one of several is missing, the sum is too low. */
  gaps: { x: number; width: number; from: Date; to: Date; isOpen: boolean; name: string }[];
  /**
   * The highest. Of one inverter the highest single value, as its statistics say it; of several the highest sum of means, since their
   * highest values do not come at the same moment.
   */
  peak: Spot | null;
  last: Spot | null;
  yTicks: { y: number; powerW: number }[];
  xTicks: { x: number; at: Date }[];
}

const HOUR_MS = 3_600_000;
/** Solarman loggers report every five minutes, and jitter leaves a bucket empty now and then: a gap is what is longer. */
const GAP_BUCKETS = 3;
/** More lines than colours cannot be told apart: then they are drawn as one. */
export const MAX_LAYERS = 6;

/**
 * The geometry of a day: a layer per inverter upon the ones below, so that the top line is the sum. Where nothing at all is known there
 * is nothing, not zero.
 */
export function dayCurve(input: DayCurveInput): DayCurve {
  const { from, to } = shownHours(input);
  const stacked = stack(input);
  const total = stacked.at(-1)?.points ?? [];
  const peakW = total.reduce((max, { top }) => Math.max(max, top), 0);
  // Room above the peak for its words.
  const maxW = Math.max(peakW, 20) * 1.16;
  const x = (ms: number): number => round(((ms - from) / (to - from)) * 1000);
  const y = (powerW: number): number => round(1000 - (powerW / maxW) * 1000);
  const spot = (p: StackedPoint | undefined): Spot | null =>
    p === undefined ? null : { x: x(p.ms), y: y(p.top), at: new Date(p.ms), powerW: p.top };

  const gapMs = GAP_BUCKETS * input.bucketMs;
  return {
    layers: stacked.map(({ name, points }) => ({
      name,
      segments: runs(points, gapMs).map((run) => segment(run, x, y)),
    })),
    gaps: stacked
      .flatMap(({ name, points }) => gaps(name, points, gapMs, input))
      .map((gap) => ({
        x: x(gap.from),
        width: round(x(gap.to) - x(gap.from)),
        from: new Date(gap.from),
        to: new Date(gap.to),
        isOpen: gap.isOpen,
        name: gap.name,
      })),
    peak: peakW > 0 ? peakOf(input, spot(total.find(({ top }) => top === peakW)), x, y) : null,
    last: spot(total.at(-1)),
    yTicks: ticks(maxW).map((powerW) => ({ y: y(powerW), powerW })),
    xTicks: hourTicks(from, to, input.day.from).map((ms) => ({ x: x(ms), at: new Date(ms) })),
  };
}

function peakOf(
  { series, isOneInverter, bucketMs }: DayCurveInput,
  ofMeans: Spot | null,
  x: (ms: number) => number,
  y: (powerW: number) => number,
): Spot | null {
  if (!isOneInverter) return ofMeans;
  const highest = series.flatMap(({ points }) => points).reduce((a, b) => (b.powerMaxW > a.powerMaxW ? b : a));
  const ms = highest.time.getTime() + bucketMs / 2;
  return { x: x(ms), y: y(highest.powerW), at: highest.time, powerW: highest.powerMaxW };
}

interface StackedPoint {
  ms: number;
  base: number;
  top: number;
}

function stack({ series, bucketMs }: DayCurveInput): { name: string; points: StackedPoint[] }[] {
  const tops = new Map<number, number>();
  return series.map(({ name, points }) => {
    const layer = points.map(({ time, powerW }) => {
      // The middle of the bucket is where its mean belongs.
      const ms = time.getTime() + bucketMs / 2;
      const base = tops.get(ms) ?? 0;
      const top = base + Math.max(0, powerW);
      tops.set(ms, top);
      return { ms, base, top };
    });
    return { name, points: layer };
  });
}

function runs(points: readonly StackedPoint[], gapMs: number): StackedPoint[][] {
  const result: StackedPoint[][] = [];
  for (const point of points) {
    const run = result.at(-1);
    const before = run?.at(-1);
    if (run === undefined || before === undefined || point.ms - before.ms > gapMs) result.push([point]);
    else run.push(point);
  }
  return result;
}

function segment(run: readonly StackedPoint[], x: (ms: number) => number, y: (powerW: number) => number): Segment {
  const there = run.map(({ ms, top }) => `${x(ms)} ${y(top)}`);
  const back = [...run].reverse().map(({ ms, base }) => `${x(ms)} ${y(base)}`);
  // A single value is a dot: a line of no length with round ends.
  const line = `M${there.length === 1 ? `${there[0]}h0` : there.join('L')}`;
  return { line, area: `M${[...there, ...back].join('L')}Z` };
}

function gaps(
  name: string,
  points: readonly StackedPoint[],
  gapMs: number,
  { now, series, isCurrent, isAsleep, day }: DayCurveInput,
): { from: number; to: number; isOpen: boolean; name: string }[] {
  const found = points.slice(1).flatMap(({ ms }, i) => {
    const before = points[i]?.ms ?? ms;
    return ms - before > gapMs ? [{ from: before, to: ms, isOpen: false, name }] : [];
  });
  const last = points.at(-1)?.ms;
  const end = Math.min(now.getTime(), day.to.getTime());
  // With several, one that is silent while the others report is a gap of its own.
  const isOpen = !isAsleep && (!isCurrent || series.length > 1);
  if (last !== undefined && isOpen && end - last > gapMs) found.push({ from: last, to: end, isOpen: true, name });
  return found;
}

/** From four to twenty-two o'clock, wider where there was power before or after: a day's empty hours only make it smaller. */
function shownHours({ day, series, bucketMs }: DayCurveInput): { from: number; to: number } {
  const start = day.from.getTime();
  const length = day.to.getTime() - start;
  const lit = series.flatMap(({ points }) => points.filter((p) => p.powerW > 0).map((p) => p.time.getTime()));
  const first = lit.reduce((min, ms) => Math.min(min, ms), start + 4 * HOUR_MS);
  const last = lit.reduce((max, ms) => Math.max(max, ms + bucketMs), start + 22 * HOUR_MS);
  return {
    from: start + Math.max(0, Math.floor((first - start) / HOUR_MS) * HOUR_MS),
    to: start + Math.min(length, Math.ceil((last - start) / HOUR_MS) * HOUR_MS),
  };
}

/** Every third hour of the day, not too near to the edges. */
function hourTicks(from: number, to: number, midnight: Date): number[] {
  const result: number[] = [];
  for (let ms = midnight.getTime(); ms <= to; ms += 3 * HOUR_MS) {
    if (ms - from >= HOUR_MS && to - ms >= HOUR_MS) result.push(ms);
  }
  return result;
}

/** Two to four lines at round distances, none at the very top. */
function ticks(maxW: number): number[] {
  const rough = maxW / 4;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * magnitude >= rough) ?? 10) * magnitude;
  return Array.from({ length: Math.floor((maxW * 0.97) / step) }, (_, i) => (i + 1) * step);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
