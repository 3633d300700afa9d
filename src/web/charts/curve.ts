import type { Bounds } from '../../domain/period.ts';
import { round, type TimeTick, timeTicks, valueTicks } from './axis.ts';
import { type Gap, gapsOf } from './gaps.ts';

/** The mean of a bucket, and the highest and lowest single value in it. `time` is where the bucket begins. */
export interface CurvePoint {
  time: Date;
  value: number;
  max: number;
  /** Null: not known, and the band then begins at the mean. */
  min: number | null;
}

/** One inverter, one input, or several together. */
export interface Series {
  name: string;
  points: readonly CurvePoint[];
  /** Longer without a value is a gap. */
  gapMs: number;
}

export interface CurveInput extends Bounds {
  timeZone: string;
  bucketMs: number;
  series: readonly Series[];
  /** Each upon the ones below, so that the top is the sum; otherwise side by side. */
  isStacked: boolean;
  /** Whether the highest and lowest values are drawn too: where a bucket is long, the mean hides them. */
  hasBand: boolean;
  /** When something was told that is not believed, and therefore in no value. */
  disbelieved: readonly Date[];
  /** The highest value, where it is known better than from the means; null: not known, and the highest mean is none. */
  peak: { time: Date; value: number } | 'as drawn' | null;
  /** Another line behind, already moved to these times. */
  before: readonly CurvePoint[];
  /** The scale reaches at least up to this, so that noise does not look like noon. */
  least: number;
  now: Date;
  /** Whether the last value is still true; otherwise what follows it is a gap up to now. */
  isCurrent: boolean;
  /** Whether missing values up to now are to be expected (night). */
  isAsleep: boolean;
  /** Whether a value could be expected at a moment: not of one that sleeps at night. */
  isExpected(at: Date): boolean;
}

/** A stretch in which every value is there. x and y in thousandths of the drawing, y downwards. */
export interface Segment {
  line: string;
  area: string;
  /** Between lowest (or mean, where that is not known) and highest; empty without a band. */
  band: string;
}

export interface Spot {
  x: number;
  y: number;
  at: Date;
  value: number;
}

/** One moment as the table tells it: a value for each layer, null where it has none. */
export interface CurveRow {
  x: number;
  at: Date;
  values: (number | null)[];
  /** The sum of stacked layers, or the one there is. */
  total: number;
  max: number | null;
  min: number | null;
  before: number | null;
  /** How often something was told in it that is not believed. */
  disbelieved: number;
}

export interface Curve {
  layers: { name: string; segments: Segment[] }[];
  gaps: (Gap & { x: number; width: number; name: string })[];
  /** The highest; of one inverter the highest single value, as its statistics say it. Null where it is not known, or several stand side by side. */
  peak: Spot | null;
  /** Whether it stands clear of what is drawn: a mean over hours is lower than the highest minute in it. */
  isPeakApart: boolean;
  last: Spot | null;
  before: string;
  yTicks: { y: number; value: number }[];
  xTicks: TimeTick[];
  rows: CurveRow[];
  isStacked: boolean;
  hasBand: boolean;
  /** Whether any of the band's lower edge is known. */
  hasLowest: boolean;
  /** Of what the lines are means, where a mean hides what was between and no band shows it. */
  meansOf: 'quarter' | 'hour' | 'day' | null;
  /** Where something was told that is not believed; what stands too close together is one. */
  marks: { x: number; from: Date; count: number }[];
}

/** More lines than colours cannot be told apart: then they are drawn as one. */
export const MAX_LAYERS = 6;

/** The geometry of values over time. Where nothing at all is known there is nothing, not zero. */
export function curveOf(input: CurveInput): Curve {
  const from = input.from.getTime();
  const lengthMs = input.to.getTime() - from;
  const layers = input.isStacked ? stacked(input) : input.series.map((series) => placed(series, input.bucketMs));
  const top = layers.at(-1)?.points ?? [];
  const all = layers.flatMap(({ points }) => points);
  const highest = Math.max(0, ...all.map((point) => (input.hasBand ? point.max : point.top)));
  const known = input.peak === 'as drawn' ? null : input.peak;
  const scaleTo = Math.max(highest, known?.value ?? 0, ...input.before.map(({ value }) => value));
  // Room above the peak for its words.
  const max = Math.max(scaleTo, input.least) * 1.16;
  const x = (ms: number): number => round(((ms - from) / lengthMs) * 1000);
  const y = (value: number): number => round(1000 - (value / max) * 1000);
  const last = top.at(-1);
  return {
    layers: layers.map(({ name, gapMs, points }) => ({
      name,
      segments: runs(points, gapMs).map((run) => segment(run, input.hasBand, x, y)),
    })),
    gaps: layers.flatMap(({ name, gapMs, points }) =>
      gapsOf({ ...input, times: points.map(({ ms }) => ms), gapMs, isOneOfMany: layers.length > 1 }).map((gap) => ({
        ...gap,
        name,
        x: x(gap.from.getTime()),
        width: round(x(gap.to.getTime()) - x(gap.from.getTime())),
      })),
    ),
    peak: peakOf(input, top, x, y),
    isPeakApart: (known?.value ?? 0) > highest * 1.02,
    last: last === undefined ? null : { x: x(last.ms), y: y(last.top), at: new Date(last.ms), value: last.top },
    before: runs(
      placed({ name: '', points: input.before, gapMs: 3 * input.bucketMs }, input.bucketMs).points,
      3 * input.bucketMs,
    )
      .map((run) => lineOf(run.map(({ ms, top }) => `${x(ms)} ${y(top)}`)))
      .join(''),
    yTicks: valueTicks(max).map((value) => ({ y: y(value), value })),
    xTicks: timeTicks(input, input.timeZone),
    rows: rowsOf(layers, input, x),
    isStacked: input.isStacked,
    hasBand: input.hasBand,
    hasLowest: input.hasBand && all.some(({ min }) => min !== null),
    meansOf: input.hasBand ? null : meansOf(input.bucketMs),
    marks: marksOf(input.disbelieved, x),
  };
}

const QUARTER_MS = 15 * 60_000;

function meansOf(bucketMs: number): Curve['meansOf'] {
  if (bucketMs < QUARTER_MS) return null;
  return bucketMs === QUARTER_MS ? 'quarter' : bucketMs < 86_400_000 ? 'hour' : 'day';
}

/** Closer than two marks can be told apart, in thousandths. */
const MARK_EVERY = 25;

function marksOf(times: readonly Date[], x: (ms: number) => number): Curve['marks'] {
  const marks: Curve['marks'] = [];
  for (const from of times) {
    const last = marks.at(-1);
    const at = x(from.getTime());
    if (at < 0 || at > 1000) continue;
    if (last !== undefined && at - last.x < MARK_EVERY) last.count += 1;
    else marks.push({ x: at, from, count: 1 });
  }
  return marks;
}

interface Placed {
  ms: number;
  base: number;
  top: number;
  max: number;
  min: number | null;
}

interface Layer {
  name: string;
  gapMs: number;
  points: Placed[];
}

function placed({ name, points, gapMs }: Series, bucketMs: number): Layer {
  return {
    name,
    gapMs,
    points: points.map(({ time, value, max, min }) => {
      const top = Math.max(0, value);
      const lowest = min === null ? null : Math.min(top, Math.max(0, min));
      // The middle of the bucket is where its mean belongs.
      return { ms: time.getTime() + bucketMs / 2, base: 0, top, max: Math.max(top, max), min: lowest };
    }),
  };
}

/** Each layer upon the ones below. Who is a little late has its line between two reports, so that the sum shows no dip. */
function stacked({ series, bucketMs }: CurveInput): Layer[] {
  const layers = series.map((one) => placed(one, bucketMs));
  const times = [...new Set(layers.flatMap(({ points }) => points.map(({ ms }) => ms)))].sort((a, b) => a - b);
  const tops = new Map<number, number>();
  for (const layer of layers) {
    layer.points = filled(layer, times);
    for (const point of layer.points) {
      point.base = tops.get(point.ms) ?? 0;
      point.top += point.base;
      point.max += point.base;
      tops.set(point.ms, point.top);
    }
  }
  return layers;
}

function filled({ points, gapMs }: Layer, times: readonly number[]): Placed[] {
  const result: Placed[] = [];
  let next = 0;
  for (const ms of times) {
    const point = points[next];
    const before = points[next - 1];
    if (point?.ms === ms) {
      result.push(point);
      next += 1;
    } else if (point !== undefined && before !== undefined && point.ms - before.ms <= gapMs) {
      const share = (ms - before.ms) / (point.ms - before.ms);
      const top = before.top + (point.top - before.top) * share;
      result.push({ ms, base: 0, top, max: top, min: null });
    }
  }
  return result;
}

function runs(points: readonly Placed[], gapMs: number): Placed[][] {
  const result: Placed[][] = [];
  for (const point of points) {
    const run = result.at(-1);
    const before = run?.at(-1);
    if (run === undefined || before === undefined || point.ms - before.ms > gapMs) result.push([point]);
    else run.push(point);
  }
  return result;
}

type Scale = (value: number) => number;

function segment(run: readonly Placed[], hasBand: boolean, x: Scale, y: Scale): Segment {
  const tops = run.map(({ ms, top }) => `${x(ms)} ${y(top)}`);
  const back = (of: (point: Placed) => number): string[] =>
    [...run].reverse().map((point) => `${x(point.ms)} ${y(of(point))}`);
  const highest = hasBand ? run.map(({ ms, max }) => `${x(ms)} ${y(max)}`) : [];
  return {
    line: lineOf(tops),
    area: `M${[...tops, ...back(({ base }) => base)].join('L')}Z`,
    band: hasBand ? `M${[...highest, ...back(({ min, top }) => min ?? top)].join('L')}Z` : '',
  };
}

/** A single value is a dot: a line of no length with round ends. */
function lineOf(spots: readonly string[]): string {
  return `M${spots.length === 1 ? `${spots[0]}h0` : spots.join('L')}`;
}

function peakOf(
  { peak, bucketMs, isStacked, series }: CurveInput,
  top: readonly Placed[],
  x: Scale,
  y: Scale,
): Spot | null {
  if (peak === null || (!isStacked && series.length > 1)) return null;
  if (peak !== 'as drawn') {
    if (peak.value <= 0) return null;
    const ms = peak.time.getTime() + bucketMs / 2;
    return { x: x(ms), y: y(peak.value), at: peak.time, value: peak.value };
  }
  const highest = top.reduce<Placed | null>((a, b) => (a === null || b.top > a.top ? b : a), null);
  if (highest === null || highest.top <= 0) return null;
  return { x: x(highest.ms), y: y(highest.top), at: new Date(highest.ms), value: highest.top };
}

/** What the table under the drawing tells, and what the pointer reads there. */
function rowsOf(layers: readonly Layer[], input: CurveInput, x: Scale): CurveRow[] {
  const { isStacked, hasBand, before, bucketMs } = input;
  const rows = new Map<number, CurveRow>();
  const rowAt = (ms: number): CurveRow => {
    const known = rows.get(ms);
    if (known !== undefined) return known;
    const made: CurveRow = {
      x: x(ms),
      at: new Date(ms - bucketMs / 2),
      values: layers.map(() => null),
      total: 0,
      max: null,
      min: null,
      before: null,
      disbelieved: 0,
    };
    rows.set(ms, made);
    return made;
  };
  for (const { time, value } of before) rowAt(time.getTime() + bucketMs / 2).before = value;
  layers.forEach(({ points }, index) => {
    for (const { ms, base, top, max, min } of points) {
      const row = rowAt(ms);
      row.values[index] = top - base;
      row.total = isStacked ? row.total + top - base : top;
      if (hasBand) row.max = Math.max(row.max ?? 0, max);
      if (hasBand) row.min = min;
    }
  });
  const sorted = [...rows.values()].sort((a, b) => a.at.getTime() - b.at.getTime());
  for (const time of input.disbelieved) {
    const row = sorted.findLast(({ at }) => at <= time) ?? sorted[0];
    if (row !== undefined) row.disbelieved += 1;
  }
  return sorted;
}
