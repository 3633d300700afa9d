import type { Bounds } from '../../domain/period.ts';
import { round, type TickStyle, valueTicks } from './axis.ts';

/** Energy of one slot of time. */
export interface BarPoint {
  start: Date;
  energyWh: number;
  /** What of it was inferred, not counted. */
  estimatedWh: number;
}

export interface BarsInput {
  slots: readonly Bounds[];
  /** One inverter or input each, upon each other. */
  series: readonly { name: string; points: readonly BarPoint[] }[];
  /** The period before, in the order of the slots; null where nothing is known. */
  before: readonly (number | null)[] | null;
  /** When a counter told what is not believed, and what therefore no bar holds. */
  disbelieved: readonly Date[];
  now: Date;
  /** Whether energy could be expected in a slot: not at night. */
  isExpected(slot: Bounds): boolean;
  /** How a slot is written under its bar, and how many of them there is room for. */
  style: TickStyle;
}

export interface Part {
  layer: number;
  y: number;
  height: number;
  /** How much of the height, from its top, is inferred. */
  estimatedHeight: number;
}

export interface Bar extends Bounds {
  /** Thousandths of the drawing; the slot's room, of which the bar fills the middle. */
  x: number;
  width: number;
  parts: Part[];
  /** Null: nothing is known, which is not zero. */
  totalWh: number | null;
  /** By layer. */
  valuesWh: (number | null)[];
  estimated: boolean;
  /** How often a counter told something in it that is not believed. */
  disbelieved: number;
  /** Over, with nothing known although something should be. */
  isMissing: boolean;
  isRunning: boolean;
  beforeWh: number | null;
  /** Where the bar of the period before ends. */
  beforeY: number | null;
  /** Written under on every screen, on wide ones only, or not at all. */
  label: 'always' | 'wide' | 'never';
  hasValue: boolean;
}

export interface Bars {
  bars: Bar[];
  names: string[];
  yTicks: { y: number; energyWh: number }[];
  style: TickStyle;
  highest: Bar | null;
  hasEstimates: boolean;
  hasDisbelieved: boolean;
  missing: number;
}

/** So many words there is room for under the bars, on a phone and on a wide screen. */
const MAX_LABELS: Record<TickStyle, { narrow: number; wide: number }> = {
  time: { narrow: 6, wide: 12 },
  weekday: { narrow: 7, wide: 7 },
  date: { narrow: 6, wide: 12 },
  month: { narrow: 6, wide: 12 },
  year: { narrow: 6, wide: 20 },
};
/** And so many values upon them. */
const MAX_VALUES = 7;

/** The geometry of energy by slots of time. */
export function barsOf({ slots, series, before, disbelieved, now, isExpected, style }: BarsInput): Bars {
  const known = series.map(({ points }) => new Map(points.map((point) => [point.start.getTime(), point])));
  const raw = slots.map((slot) => known.map((of) => of.get(slot.from.getTime()) ?? null));
  const totals = raw.map((points) => sumOfKnown(points.map((point) => point?.energyWh ?? null)));
  const highestWh = Math.max(0, ...totals.map((wh) => wh ?? 0));
  const max = Math.max(highestWh, ...(before ?? []).map((wh) => wh ?? 0), 10) * 1.16;
  const y = (wh: number): number => round(1000 - (wh / max) * 1000);
  const every = everyOf(slots.length, MAX_LABELS[style].wide);
  const everyNarrow = every * Math.ceil(everyOf(slots.length, MAX_LABELS[style].narrow) / every);
  const peakIndex = totals.findIndex((wh) => wh !== null && wh > 0 && wh === highestWh);
  const bars = slots.map((slot, index): Bar => {
    const points = raw[index] ?? [];
    const totalWh = totals[index] ?? null;
    const beforeWh = before?.[index] ?? null;
    return {
      ...slot,
      x: round((index / slots.length) * 1000),
      width: round(1000 / slots.length),
      parts: partsOf(points, y),
      totalWh,
      valuesWh: points.map((point) => point?.energyWh ?? null),
      estimated: points.some((point) => (point?.estimatedWh ?? 0) > 0),
      disbelieved: disbelieved.filter((at) => slot.from <= at && at < slot.to).length,
      isMissing: totalWh === null && slot.to <= now && isExpected(slot),
      isRunning: slot.from <= now && now < slot.to,
      beforeWh,
      beforeY: beforeWh === null ? null : y(beforeWh),
      label: index % everyNarrow === 0 ? 'always' : index % every === 0 ? 'wide' : 'never',
      hasValue: totalWh !== null && totalWh > 0 && (slots.length <= MAX_VALUES || index === peakIndex),
    };
  });
  return {
    bars,
    names: series.map(({ name }) => name),
    yTicks: valueTicks(max).map((energyWh) => ({ y: y(energyWh), energyWh })),
    style,
    highest: bars[peakIndex] ?? null,
    hasEstimates: bars.some(({ estimated }) => estimated),
    hasDisbelieved: bars.some((bar) => bar.disbelieved > 0),
    missing: missingAmongKnown(bars),
  };
}

function everyOf(count: number, room: number): number {
  return Math.ceil(count / room);
}

function partsOf(points: readonly (BarPoint | null)[], y: (wh: number) => number): Part[] {
  let base = 0;
  return points.flatMap((point, layer) => {
    if (point === null || point.energyWh <= 0) return [];
    const bottom = y(base);
    base += point.energyWh;
    const height = round(bottom - y(base));
    const share = Math.min(1, Math.max(0, point.estimatedWh / point.energyWh));
    return [{ layer, y: y(base), height, estimatedHeight: round(height * share) }];
  });
}

/** Before the first thing known nothing is missing: then there was no inverter yet. */
function missingAmongKnown(bars: Bar[]): number {
  const first = bars.findIndex(({ totalWh }) => totalWh !== null);
  bars.forEach((bar, index) => {
    if (first === -1 || index < first) bar.isMissing = false;
  });
  return bars.filter(({ isMissing }) => isMissing).length;
}

function sumOfKnown(values: readonly (number | null)[]): number | null {
  return values.reduce((sum, value) => (value === null ? sum : (sum ?? 0) + value), null);
}
