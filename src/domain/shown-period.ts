import {
  addDays,
  addMonths,
  type Bounds,
  dayBounds,
  localDate,
  monthBounds,
  QUARTER_MS,
  quarterStart,
  startOfWeek,
  utcOffsetMinutes,
  weekBounds,
  yearBounds,
} from './period.ts';

/**
 * The stretch of time a chart shows, and the way from one to the next. All of it is in the address of the page, so that a link opens
 * the same picture; what is not said there means "the one that is now".
 */
export const ROLLING_KINDS = ['1h', '6h', '24h', '7d', '30d'] as const;
export const CALENDAR_KINDS = ['day', 'week', 'month', 'year', 'total'] as const;
export type PeriodKind = (typeof ROLLING_KINDS)[number] | (typeof CALENDAR_KINDS)[number];

/** What was asked for. */
export interface PeriodChoice {
  kind: PeriodKind;
  /** Any day of the day, week, month or year, or the last one of several days, `YYYY-MM-DD`; null: today. */
  date: string | null;
  /** Where some hours end; null: now. */
  until: Date | null;
  /** Whether the one before is to be seen beside it. */
  compare: boolean;
}

/** What is shown for it in a site's zone. */
export interface ShownPeriod extends Bounds {
  choice: PeriodChoice;
  timeZone: string;
  /** The local dates of the first and of the last instant. */
  firstDate: string;
  lastDate: string;
  /** Whether now lies in it: then it grows while it is looked at. */
  isRunning: boolean;
  previous: PeriodChoice | null;
  next: PeriodChoice | null;
  /** The date that was asked for where it is still to come or too long ago: shown is what is nearest to it. */
  unshownDate: string | null;
}

export const HOUR_MS = 3_600_000;
/** Of those that are a number of hours. */
export const HOURS: Partial<Record<PeriodKind, number>> = { '1h': 1, '6h': 6, '24h': 24 };
const DAYS: Partial<Record<PeriodKind, number>> = { '7d': 7, '30d': 30 };

/** Nobody's inverter is older than this; it keeps ‹ from walking into the stone age. */
const FIRST_DATE = '2000-01-01';

/** @param first the local date of the earliest thing known, where "total" begins; null: this year */
export function shownPeriod(
  choice: PeriodChoice,
  timeZone: string,
  now: Date,
  first: string | null = null,
): ShownPeriod {
  const hours = HOURS[choice.kind];
  const shown = hours === undefined ? ofDates(choice, timeZone, now, first) : ofHours(choice, hours, timeZone, now);
  return {
    ...shown,
    timeZone,
    firstDate: localDate(shown.from, timeZone),
    lastDate: localDate(shown.to.getTime() - 1, timeZone),
  };
}

type Shown = Bounds & Pick<ShownPeriod, 'choice' | 'isRunning' | 'previous' | 'next' | 'unshownDate'>;

function ofHours(given: PeriodChoice, hours: number, timeZone: string, now: Date): Shown {
  const until = given.until !== null && given.until < now ? given.until : null;
  const to = until ?? now;
  const start = to.getTime() - hours * HOUR_MS;
  // Bars of energy begin on quarter hours, those of a whole day on hours; the curve begins with them.
  const from = new Date(hours < 24 ? quarterStart(start) : hourStart(start, timeZone));
  const choice = { ...given, until, date: null };
  const nextUntil = new Date(to.getTime() + hours * HOUR_MS);
  return {
    choice,
    from,
    to,
    isRunning: until === null,
    previous: localDate(from, timeZone) < FIRST_DATE ? null : { ...choice, until: from },
    next: until === null ? null : { ...choice, until: nextUntil < now ? nextUntil : null },
    unshownDate: null,
  };
}

function ofDates(given: PeriodChoice, timeZone: string, now: Date, first: string | null): Shown {
  const today = localDate(now, timeZone);
  const date = given.date === null || given.date > today ? today : given.date < FIRST_DATE ? FIRST_DATE : given.date;
  const bounds = boundsOf(given.kind, date, timeZone, first);
  const isRunning = bounds.to > now;
  const choice = { ...given, date: isRunning ? null : date, until: null };
  const step = (date: string): PeriodChoice => ({ ...choice, date });
  const before = moved(given.kind, date, -1);
  const after = moved(given.kind, date, 1);
  const isAfterNow = boundsOf(given.kind, after, timeZone, first).to > now;
  return {
    choice,
    ...bounds,
    // What ends now ends in the middle of a day.
    to: isRunning && given.kind in DAYS ? now : bounds.to,
    isRunning,
    previous: given.kind === 'total' || before < FIRST_DATE ? null : step(before),
    next: isRunning ? null : isAfterNow ? { ...choice, date: null } : step(after),
    unshownDate: given.date === date ? null : given.date,
  };
}

function boundsOf(kind: PeriodKind, date: string, timeZone: string, first: string | null): Bounds {
  if (kind === 'week') return weekBounds(date, timeZone);
  if (kind === 'month') return monthBounds(date, timeZone);
  if (kind === 'year') return yearBounds(date, timeZone);
  if (kind === 'total') {
    return { from: yearBounds(first ?? date, timeZone).from, to: yearBounds(date, timeZone).to };
  }
  const days = DAYS[kind] ?? 1;
  return { from: dayBounds(addDays(date, 1 - days), timeZone).from, to: dayBounds(date, timeZone).to };
}

/** A day of the period before or after the one that `date` lies in. */
function moved(kind: PeriodKind, date: string, by: 1 | -1): string {
  if (kind === 'week') return addDays(startOfWeek(date), 7 * by);
  if (kind === 'month') return addMonths(date, by);
  if (kind === 'year') return `${String(Number(date.slice(0, 4)) + by).padStart(4, '0')}-01-01`;
  return addDays(date, (DAYS[kind] ?? 1) * by);
}

/** How energy is put together for a period's bars. */
export type SlotSize = '15m' | 'hour' | 'day' | 'month' | 'year';

/** Where the bars of a period stand: also those of which nothing is known. */
export function slotsOf({ from, to }: Bounds, size: SlotSize, timeZone: string): Bounds[] {
  const slots: Bounds[] = [];
  for (let start = from; start < to; ) {
    const end = slotEnd(start, size, timeZone);
    slots.push({ from: start, to: end });
    start = end;
  }
  return slots;
}

function slotEnd(start: Date, size: SlotSize, timeZone: string): Date {
  if (size === '15m') return new Date(quarterStart(start.getTime()) + QUARTER_MS);
  if (size === 'hour') {
    // By quarters, for a clock may be put back by half an hour.
    let end = quarterStart(start.getTime()) + QUARTER_MS;
    while (hourStart(end, timeZone) <= start.getTime()) end += QUARTER_MS;
    return new Date(end);
  }
  const date = localDate(start, timeZone);
  if (size === 'day') return dayBounds(date, timeZone).to;
  return (size === 'month' ? monthBounds : yearBounds)(date, timeZone).to;
}

/** Start of the hour on the wall that an instant lies in; of an hour that comes twice, of its own one. Epoch milliseconds. */
function hourStart(ms: number, timeZone: string): number {
  const offsetMs = utcOffsetMinutes(timeZone, ms) * 60_000;
  return Math.floor((ms + offsetMs) / HOUR_MS) * HOUR_MS - offsetMs;
}

/**
 * The instant in `to` that has the same place on the wall clock as `ms` has in `from`: noon of the day before on noon of the day, also
 * where the clock was changed between them. A place that was skipped at the beginning of `to` is its beginning.
 */
export function sameWallTime(ms: number, from: Date, to: Date, timeZone: string): number {
  // By the clock as it went into the period: where midnight was skipped, a day begins at one o'clock.
  const changeIn = (at: number, since: Date): number =>
    utcOffsetMinutes(timeZone, at) - utcOffsetMinutes(timeZone, since.getTime() - 1);
  const plain = ms - from.getTime() + to.getTime();
  return Math.max(to.getTime(), plain + (changeIn(ms, from) - changeIn(plain, to)) * 60_000);
}
