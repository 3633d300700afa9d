import { addDays, addMonths, type Bounds, dayBounds, localDate, yearBounds } from '../../domain/period.ts';

/** How a moment on the axis is written. */
export type TickStyle = 'time' | 'weekday' | 'date' | 'month' | 'year';

export interface TimeTick {
  /** Thousandths of the drawing. */
  x: number;
  at: Date;
  style: TickStyle;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Six to eight marks at round moments of the site's wall clock, none so near to an edge that its words would leave the drawing. */
export function timeTicks({ from, to }: Bounds, timeZone: string): TimeTick[] {
  const lengthMs = to.getTime() - from.getTime();
  const x = (ms: number): number => round(((ms - from.getTime()) / lengthMs) * 1000);
  const style = styleOf(lengthMs);
  return moments(from, to, lengthMs, timeZone)
    .map((at) => ({ x: x(at.getTime()), at, style }))
    .filter((tick) => tick.x >= EDGE[style] && tick.x <= 1000 - EDGE[style]);
}

const EDGE: Record<TickStyle, number> = { time: 50, weekday: 40, date: 25, month: 20, year: 20 };

function styleOf(lengthMs: number): TickStyle {
  if (lengthMs <= 1.5 * DAY_MS) return 'time';
  if (lengthMs <= 10 * DAY_MS) return 'weekday';
  if (lengthMs <= 45 * DAY_MS) return 'date';
  return lengthMs <= 400 * DAY_MS ? 'month' : 'year';
}

function moments(from: Date, to: Date, lengthMs: number, timeZone: string): Date[] {
  if (lengthMs <= 1.5 * DAY_MS) return times(from, to, lengthMs, timeZone);
  const first = localDate(from, timeZone);
  const found: Date[] = [];
  if (lengthMs <= 45 * DAY_MS) {
    const step = lengthMs <= 10 * DAY_MS ? 1 : 5;
    for (let date = first; ; date = addDays(date, step)) {
      const day = dayBounds(date, timeZone);
      if (day.from >= to) return found;
      // The words of a day stand in its middle.
      found.push(new Date((day.from.getTime() + day.to.getTime()) / 2));
    }
  }
  const isYear = lengthMs <= 400 * DAY_MS;
  for (let date = first; ; date = isYear ? addMonths(date, 1) : nextYear(date)) {
    const at = isYear ? dayBounds(date, timeZone).from : yearBounds(date, timeZone).from;
    if (at >= to) return found;
    found.push(new Date(at.getTime() + (isYear ? 15 : 182) * DAY_MS));
  }
}

function times(from: Date, to: Date, lengthMs: number, timeZone: string): Date[] {
  const stepMs = lengthMs <= 1.5 * HOUR_MS ? HOUR_MS / 4 : lengthMs <= 8 * HOUR_MS ? HOUR_MS : 3 * HOUR_MS;
  const found: Date[] = [];
  // Counted from each midnight, so that marks stand on round hours on both sides of it.
  for (let date = localDate(from, timeZone); ; date = addDays(date, 1)) {
    const day = dayBounds(date, timeZone);
    if (day.from >= to) return found;
    for (let ms = day.from.getTime(); ms < day.to.getTime() && ms <= to.getTime(); ms += stepMs) {
      if (ms >= from.getTime()) found.push(new Date(ms));
    }
  }
}

function nextYear(date: string): string {
  return addMonths(date, 12);
}

/** Of a drawing on a phone 360 pixels wide, and of the words under it. */
const NARROW = { plotPx: 250, letterPx: 7, pointPx: 3, gapPx: 6 };

/** Whether words at these places, in thousandths, would touch each other on a phone, which then has room for every second. */
export function isTight(words: readonly { x: number; text: string }[]): boolean {
  const widthOf = (text: string): number =>
    [...text].reduce((px, letter) => px + (/[\s.:]/.test(letter) ? NARROW.pointPx : NARROW.letterPx), NARROW.gapPx);
  return words.slice(1).some(({ x, text }, i) => {
    const before = words[i] ?? { x, text };
    return ((x - before.x) / 1000) * NARROW.plotPx < (widthOf(before.text) + widthOf(text)) / 2;
  });
}

/** Two to five lines at round distances, none at the very top. */
export function valueTicks(max: number): number[] {
  const rough = max / 5;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * magnitude >= rough) ?? 10) * magnitude;
  return Array.from({ length: Math.floor((max * 0.97) / step) }, (_, i) => (i + 1) * step);
}

/** How the lines of one scale are written: all in one unit, with as many decimals as tell them apart. */
export interface ScaleUnit {
  unit: string;
  divisor: number;
  digits: number;
}

const THOUSANDS: Readonly<Record<'W' | 'Wh', readonly [string, string, string]>> = {
  W: ['W', 'kW', 'MW'],
  Wh: ['Wh', 'kWh', 'MWh'],
};

/** @param values what `valueTicks` gave, in `unit` */
export function scaleUnit(values: readonly number[], unit: string): ScaleUnit {
  const highest = values.at(-1) ?? 0;
  const step = values[0] ?? 1;
  // Energy is spoken of in kWh from a tenth of one.
  const names = unit === 'W' || unit === 'Wh' ? THOUSANDS[unit] : null;
  const power = names === null || highest < (unit === 'Wh' ? 100 : 1000) ? 0 : highest < 5_000_000 ? 1 : 2;
  const divisor = 1000 ** power;
  const shown = step / divisor;
  const digits = [0, 1, 2].find((n) => Math.abs(Math.round(shown * 10 ** n) / 10 ** n - shown) < 1e-9) ?? 3;
  return { unit: names?.[power] ?? unit, divisor, digits };
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
