import type { Bounds } from '../domain/period.ts';
import { addDays, dayBounds, localDate } from '../domain/period.ts';
import {
  type PeriodChoice,
  type PeriodKind,
  type ShownPeriod,
  type SlotSize,
  shownPeriod,
  slotsOf,
} from '../domain/shown-period.ts';
import { isCurrent } from '../domain/state.ts';
import { isSunUp, placeOfZone } from '../domain/sun.ts';
import { summaryOf } from '../services/account-summary.ts';
import type { InverterSummary } from '../services/services.ts';
import { type ChartBucket, type ChartSource, type ChartSources, fewAtATime } from './chart-sources.ts';
import type { TickStyle } from './charts/axis.ts';
import { type BarPoint, type Bars, barsOf } from './charts/bars.ts';
import { type Curve, type CurveInput, type CurvePoint, curveOf } from './charts/curve.ts';
import { lightHours } from './charts/day-hours.ts';
import { type Before, comparedWith, movedTo, placedBefore, readBefore } from './period-before.ts';

/** How finely each period is drawn: no more points than a wide screen has pixels for. */
const FINENESS: Record<PeriodKind, { bucket: ChartBucket; slot: SlotSize; style: TickStyle }> = {
  '1h': { bucket: '1m', slot: '15m', style: 'time' },
  '6h': { bucket: '1m', slot: '15m', style: 'time' },
  '24h': { bucket: '5m', slot: 'hour', style: 'time' },
  '7d': { bucket: '15m', slot: 'day', style: 'weekday' },
  '30d': { bucket: '1h', slot: 'day', style: 'date' },
  day: { bucket: '5m', slot: 'hour', style: 'time' },
  week: { bucket: '15m', slot: 'day', style: 'weekday' },
  month: { bucket: '1h', slot: 'day', style: 'date' },
  year: { bucket: '1d', slot: 'month', style: 'month' },
  total: { bucket: '1d', slot: 'year', style: 'year' },
};

const BUCKET_MS: Record<ChartBucket, number> = {
  '1m': 60_000,
  '5m': 300_000,
  '15m': 900_000,
  '1h': 3_600_000,
  '1d': 86_400_000,
};

/** Solarman loggers report every five minutes, and jitter leaves a bucket empty now and then: a gap is what is longer. */
const GAP_BUCKETS = 3;

/** A power that is noise: the scale of a chart reaches at least so far. */
const LEAST_W = 20;

/** One period of power or whatever else, drawn. */
export interface DrawnCurve {
  period: ShownPeriod;
  curve: Curve;
  /** Whether its last value is what is now. */
  isCurrent: boolean;
}

/** One period of something, drawn. */
export interface PeriodCharts {
  period: ShownPeriod;
  power: Curve;
  energy: Bars;
  /** All energy of the period; null where nothing is known. */
  totalWh: number | null;
  /** What it is compared with; null where it is not. */
  before: Before | null;
  /** Whether the last value of the curve is what is now. */
  isCurrent: boolean;
}

export interface PeriodInput {
  sources: ChartSources;
  /** Whose state tells whether silence is a fault. */
  inverters: readonly InverterSummary[];
  choice: PeriodChoice;
  timeZone: string;
  now: Date;
}

const PUSHED: readonly PeriodKind[] = ['1h', '6h', '24h', 'day'];

/** Whether a reading that comes in is to be seen in the charts at once: where a minute is more than a pixel. */
export function isPushedChoice({ kind, date, until }: PeriodChoice): boolean {
  return PUSHED.includes(kind) && date === null && until === null;
}

/** Changes where an open page must be loaded again: at midnight, when its day is over. */
export function periodShape({ period }: { period: ShownPeriod }): string {
  return isPushedChoice(period.choice) && period.choice.kind === 'day' ? period.firstDate : '';
}

/** Reads and draws a period, by the same functions as API and export read it. */
export async function readPeriodCharts(input: PeriodInput): Promise<PeriodCharts> {
  const period = await periodOf(input);
  const { curve, isCurrent } = await powerOf(input, period);
  const { energy, totalWh, before } = await energyOf(input, period);
  return { period, power: curve, energy, totalWh, before, isCurrent };
}

/** Only the curve of power. */
export async function readPowerCurve(input: PeriodInput): Promise<DrawnCurve> {
  return powerOf(input, await periodOf(input));
}

/** Only the bars of energy. */
export async function readEnergyBars(
  input: PeriodInput,
): Promise<{ period: ShownPeriod; energy: Bars; totalWh: number | null }> {
  const period = await periodOf(input);
  const { energy, totalWh } = await energyOf(input, period);
  return { period, energy, totalWh };
}

async function powerOf(input: PeriodInput, period: ShownPeriod): Promise<DrawnCurve> {
  const { sources } = input;
  const { layers, whole, compared } = await readPower(input, period);
  return drawn(input, period, layers, compared, {
    isStacked: true,
    hasBand: hasBand(sources, period),
    disbelieved: await sources.whole.disbelieved(readable(period)),
    peak: highestOf(whole ?? [], period.isRunning && !isOne(sources) ? summaryOf(input.inverters).powerW : null),
    least: LEAST_W,
  });
}

function hasBand({ layers }: ChartSources, period: ShownPeriod): boolean {
  return layers.length === 1 && bucketMsOf(period) >= BUCKET_MS['15m'];
}

async function energyOf(
  input: PeriodInput,
  period: ShownPeriod,
): Promise<{ energy: Bars; totalWh: number | null; before: Before | null }> {
  const { now, timeZone } = input;
  const { slots, series, totalWh, before } = await readEnergy(input, period);
  const { style } = FINENESS[period.choice.kind];
  const isExpected = energyExpected(period, timeZone);
  const disbelieved = await input.sources.whole.disbelieved(readable(period));
  const bars = barsOf({ slots, series, before: before?.barsWh ?? null, disbelieved, now, isExpected, style });
  return { energy: bars, totalWh, before };
}

/** Several side by side, of whatever they measure; `least`: the scale reaches at least so far. */
export async function readComparison(input: PeriodInput, least: number): Promise<DrawnCurve> {
  const period = await periodOf(input);
  const { bucket } = FINENESS[period.choice.kind];
  const range = { ...readable(period), bucket };
  const layers = await fewAtATime(input.sources.layers, (source) => source.curve(range));
  return drawn(input, period, layers, [], {
    isStacked: false,
    hasBand: false,
    disbelieved: [],
    peak: 'as drawn',
    least,
  });
}

async function periodOf({ choice, timeZone, now, sources }: PeriodInput): Promise<ShownPeriod> {
  if (choice.kind !== 'total') return shownPeriod(choice, timeZone, now);
  const [first] = await sources.whole.energy({ from: null, to: tomorrow(now, timeZone), bucket: 'year' });
  return shownPeriod(choice, timeZone, now, first === undefined ? null : localDate(first.start, timeZone));
}

async function readPower(
  { sources, now }: PeriodInput,
  period: ShownPeriod,
): Promise<{ layers: CurvePoint[][]; whole: CurvePoint[] | null; compared: CurvePoint[] }> {
  const { bucket } = FINENESS[period.choice.kind];
  const range = { ...readable(period), bucket };
  // Every day's lowest is its night.
  const withLowest = hasBand(sources, period) && bucketMsOf(period) < BUCKET_MS['1d'];
  const layers = await fewAtATime(sources.layers, (source) => source.curve({ ...range, withLowest }));
  // Of a week two curves cross each other every day, and nobody sees anything: there the bars are compared.
  const isFine = bucketMsOf(period) < BUCKET_MS['15m'];
  // Nor is it kept what several had together at most: the sum of each one's highest in a quarter hour is more than they ever had.
  const whole = isOne(sources) ? (layers[0] ?? []) : isFine ? await sources.whole.curve(range) : null;
  const before = isFine ? comparedWith(period, now) : null;
  if (before === null) return { layers, whole, compared: [] };
  const move = movedTo(period, before);
  const compared = await sources.whole.curve({ ...readable(before), bucket });
  return {
    layers,
    whole,
    compared: compared.map((point) => ({ ...point, time: new Date(move(point.time.getTime())) })),
  };
}

async function readEnergy(
  { sources, timeZone, now }: PeriodInput,
  period: ShownPeriod,
): Promise<{
  slots: Bounds[];
  series: { name: string; points: BarPoint[] }[];
  totalWh: number | null;
  before: Before | null;
}> {
  const { slot } = FINENESS[period.choice.kind];
  const series = await fewAtATime(sources.layers, async (source) => ({
    name: source.name,
    points: await source.energy({ ...readable(period), bucket: slot }),
  }));
  const earlier = await readBefore(sources.whole, period, slot, now);
  const all = [...series.flatMap(({ points }) => points), ...(earlier?.points ?? [])];
  const slots = slotsOf(litPart(period, all), slot, timeZone);
  return {
    slots,
    series,
    totalWh: totalOf(series.flatMap(({ points }) => points)),
    before: earlier === null ? null : placedBefore(earlier, slots),
  };
}

/** Of a day the same hours as its curve shows. */
function litPart(period: ShownPeriod, points: readonly Pick<BarPoint, 'start' | 'energyWh'>[]): Bounds {
  if (period.choice.kind !== 'day') return period;
  const lit = points.map(({ start, energyWh }) => ({ time: start, value: energyWh, max: 0, min: null }));
  return lightHours(period, lit, 3_600_000);
}

function drawn(
  { sources, inverters, timeZone, now }: PeriodInput,
  period: ShownPeriod,
  layers: readonly CurvePoint[][],
  compared: readonly CurvePoint[],
  look: Pick<CurveInput, 'isStacked' | 'hasBand' | 'disbelieved' | 'peak' | 'least'>,
): DrawnCurve {
  const bucketMs = bucketMsOf(period);
  const axis = period.choice.kind === 'day' ? lightHours(period, [...layers.flat(), ...compared], bucketMs) : period;
  const place = placeOfZone(timeZone);
  const isNow = inverters.some(({ state }) => isCurrent(state));
  const curve = curveOf({
    ...look,
    from: axis.from,
    to: axis.to,
    timeZone,
    bucketMs,
    series: layers.map((points, i) => ({
      name: sources.layers[i]?.name ?? '',
      points,
      gapMs: gapMsOf(sources.layers[i], bucketMs),
    })),
    before: compared.filter(({ time }) => time >= axis.from && time < axis.to),
    now,
    isCurrent: isNow,
    isAsleep: inverters.every(({ state }) => state === 'asleep'),
    // A day's mean tells nothing of its nights.
    isExpected: (at) => bucketMs >= BUCKET_MS['1d'] || isSunUp(at, place),
  });
  return { period, curve, isCurrent: period.isRunning && isNow };
}

function bucketMsOf({ choice }: ShownPeriod): number {
  return BUCKET_MS[FINENESS[choice.kind].bucket];
}

function energyExpected({ choice }: ShownPeriod, timeZone: string): (slot: Bounds) => boolean {
  const { slot: size } = FINENESS[choice.kind];
  if (size !== '15m' && size !== 'hour') return () => true;
  const place = placeOfZone(timeZone);
  return ({ from, to }) => isSunUp(from, place) && isSunUp(to, place);
}

function gapMsOf(source: ChartSource | undefined, bucketMs: number): number {
  return Math.max(GAP_BUCKETS * bucketMs, (source?.staleAfterS ?? 0) * 1000);
}

/** @param nowW what several deliver together at this moment, which may be more than any mean; it is the highest as soon as it is said */
function highestOf(points: readonly CurvePoint[], nowW: number | null): { time: Date; value: number } | null {
  const highest = points.reduce<CurvePoint | null>((a, b) => (a === null || b.max > a.max ? b : a), null);
  const last = points.at(-1);
  if (highest === null || last === undefined) return null;
  if (nowW !== null && nowW > highest.max) return { time: last.time, value: nowW };
  return { time: highest.time, value: highest.max };
}

function isOne({ whole, layers }: ChartSources): boolean {
  return layers.length === 1 && layers[0] === whole;
}

function readable({ from, to }: Bounds): Bounds {
  return { from, to };
}

function tomorrow(now: Date, timeZone: string): Date {
  return dayBounds(addDays(localDate(now, timeZone), 1), timeZone).from;
}

function totalOf(points: readonly BarPoint[]): number | null {
  return points.length === 0 ? null : points.reduce((sum, { energyWh }) => sum + energyWh, 0);
}
