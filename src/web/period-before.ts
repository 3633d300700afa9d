import { type Bounds, dayBounds, localDate, monthBounds, QUARTER_MS, quarterStart } from '../domain/period.ts';
import {
  HOUR_MS,
  HOURS,
  type ShownPeriod,
  type SlotSize,
  sameWallTime,
  shownPeriod,
  slotsOf,
} from '../domain/shown-period.ts';
import type { ChartSource } from './chart-sources.ts';
import type { BarPoint } from './charts/bars.ts';

/** What the energy of a period is compared with. */
export interface Before {
  period: ShownPeriod;
  /** The same moment of it as now is of the running one, else its end: what is later is in no figure. */
  until: Date;
  /** Null where nothing is known. */
  energyWh: number | null;
  /** By the bars of the period that is shown. */
  barsWh: (number | null)[];
  /** How much of the sum has no bar: of the 31st, beside a month of 30 days. */
  elsewhereWh: number;
}

/** The energy of the period before up to that moment, not placed yet. */
export interface Earlier extends Pick<Before, 'period' | 'until'> {
  points: (Pick<BarPoint, 'energyWh'> & {
    /** The same time of the period that is shown as it began at in its own. */
    start: Date;
    /** And as the middle of it had, which lies in the right bar also where a clock was changed. */
    middle: Date;
  })[];
}

/** Some hours are a little more, for they begin with a bar: those before are as many, and end as long ago as they are. */
export function comparedWith({ choice, previous, to, timeZone }: ShownPeriod, now: Date): ShownPeriod | null {
  if (!choice.compare || previous === null) return null;
  const hours = HOURS[choice.kind];
  if (hours === undefined) return shownPeriod(previous, timeZone, now);
  return shownPeriod({ ...previous, until: new Date(to.getTime() - hours * HOUR_MS) }, timeZone, now);
}

/**
 * From a moment of the period before to the one of the period that is shown beside which it stands. Of days the same time on the wall; hours
 * pass by no calendar, and a clock that was changed among them makes none of them longer.
 */
export function movedTo(period: ShownPeriod, before: Bounds): (ms: number) => number {
  const hours = HOURS[period.choice.kind];
  if (hours !== undefined) return (ms) => ms + hours * HOUR_MS;
  return (ms) => sameWallTime(ms, before.from, period.from, period.timeZone);
}

/** Half of this month is compared with half of the last one, and an hour and seven minutes with as much; null: nothing is compared. */
export async function readBefore(
  whole: ChartSource,
  period: ShownPeriod,
  bucket: SlotSize,
  now: Date,
): Promise<Earlier | null> {
  const before = comparedWith(period, now);
  if (before === null) return null;
  const move = movedTo(period, before);
  const moved = (ms: number): Date => new Date(move(ms));
  const until = period.isRunning ? sameMoment(period, before, now) : before.to;
  const read = period.isRunning
    ? await readUntil(whole, { from: before.from, to: until }, bucket)
    : await whole.energy({ from: before.from, to: before.to, bucket });
  const slots = slotsOf(before, bucket, period.timeZone);
  const points = read.map(({ start, energyWh }) => {
    const { from, to } = slots.find((slot) => slot.from <= start && start < slot.to) ?? { from: start, to: start };
    return { energyWh, start: moved(start.getTime()), middle: moved((from.getTime() + to.getTime()) / 2) };
  });
  return { period: before, until, points };
}

/** How far the period before had come when as much of it was over. */
function sameMoment({ choice, from, timeZone }: ShownPeriod, before: ShownPeriod, now: Date): Date {
  if (HOURS[choice.kind] !== undefined) return before.to;
  if (choice.kind === 'year') return sameDate(now, before.firstDate.slice(0, 4), timeZone);
  return new Date(Math.min(sameWallTime(now.getTime(), from, before.from, timeZone), before.to.getTime()));
}

/** In another year, of which February may be longer or shorter; what is up to the 29th is up to the end of a shorter one. */
function sameDate(now: Date, year: string, timeZone: string): Date {
  const date = localDate(now, timeZone);
  const dateThen = `${year}${date.slice(4)}`;
  if (date.endsWith('-02-29')) return monthBounds(dateThen, timeZone).to;
  const [day, then] = [dayBounds(date, timeZone), dayBounds(dateThen, timeZone)];
  return new Date(sameWallTime(now.getTime(), day.from, then.from, timeZone));
}

/** Of the quarter hour that the last moment lies in, its share counts. */
async function readUntil(whole: ChartSource, { from, to }: Bounds, bucket: SlotSize): Promise<BarPoint[]> {
  const begun = new Date(quarterStart(to.getTime()));
  const share = (to.getTime() - begun.getTime()) / QUARTER_MS;
  const done = begun > from ? await whole.energy({ from, to: begun, bucket }) : [];
  const last = share > 0 ? await whole.energy({ from: begun, to, bucket: '15m' }) : [];
  return [...done, ...last.map((point) => ({ ...point, energyWh: Math.round(point.energyWh * share) }))];
}

/** Each in the bar that has its place: the third of a month on the third. */
export function placedBefore({ period, until, points }: Earlier, slots: readonly Bounds[]): Before {
  const barsWh: (number | null)[] = slots.map(() => null);
  let elsewhereWh = 0;
  for (const { middle, energyWh } of points) {
    const index = slots.findIndex(({ from, to }) => from <= middle && middle < to);
    if (index === -1) elsewhereWh += energyWh;
    else barsWh[index] = (barsWh[index] ?? 0) + energyWh;
  }
  const energyWh = points.length === 0 ? null : points.reduce((sum, point) => sum + point.energyWh, 0);
  return { period, until, energyWh, barsWh, elsewhereWh };
}
