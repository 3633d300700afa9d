/**
 * Quarter hours, days, months and years in a site's zone.
 *
 * A quarter hour is a fact of UTC: every zone's offset is today a multiple of 15 minutes, so quarters fit into local days and a day is
 * a plain sum of quarters. A day is a fact of the zone: 23, 24 or 25 hours, 24.5 on Lord Howe Island.
 * Half-open throughout: `from` belongs to the period, `to` to the next, so that periods tile without a seam.
 */

export const QUARTER_MS = 15 * 60_000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Half-open: `from` inclusive, `to` exclusive. */
export interface Bounds {
  from: Date;
  to: Date;
}

/** Start of the quarter hour an instant lies in; both in epoch milliseconds. */
export function quarterStart(ms: number): number {
  return Math.floor(ms / QUARTER_MS) * QUARTER_MS;
}

/** A formatter costs about 50 µs and 30 kB to make and a fleet has few zones, but a zone name may come from anybody. */
const MAX_FORMATTERS = 64;
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  if (formatters.size >= MAX_FORMATTERS) {
    const oldest = formatters.keys().next();
    if (!oldest.done) formatters.delete(oldest.value);
  }
  formatters.set(zone, made);
  return made;
}

/** True for an IANA name this runtime knows (also old names such as `Asia/Calcutta`, and `UTC`). */
export function isTimeZone(zone: string): boolean {
  // Intl also takes "+02:00" since Node 22. Such a zone has no place and no rules of its own, so it is none here.
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    formatterOf(zone);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/**
 * By whose rules this runtime cuts the days of a zone: the zone, and the edition of the rules. What was kept by day under other rules,
 * by an older Node or in another zone, may have its midnights elsewhere.
 */
export function dayRules(zone: string): string {
  return `${zone} ${process.versions['tz'] ?? process.version}`;
}

/** What the wall clock shows, written as if it were UTC: the usual trick to calculate with local time. Whole seconds. */
function wallClock(ms: number, zone: string): number {
  let [year, month, day, hour, minute, second] = [0, 1, 1, 0, 0, 0];
  let beforeChrist = false;
  for (const { type, value } of formatterOf(zone).formatToParts(ms)) {
    if (type === 'year') year = Number(value);
    else if (type === 'month') month = Number(value);
    else if (type === 'day') day = Number(value);
    else if (type === 'hour') hour = Number(value);
    else if (type === 'minute') minute = Number(value);
    else if (type === 'second') second = Number(value);
    else if (type === 'era') beforeChrist = value.startsWith('B');
  }
  const clock = new Date(0);
  clock.setUTCFullYear(beforeChrist ? 1 - year : year, month - 1, day);
  clock.setUTCHours(hour, minute, second);
  return clock.getTime();
}

/** Since then no zone has changed its offset but at the turn of a quarter hour of UTC. */
const CHANGES_IN_QUARTERS_SINCE = Date.UTC(1980, 0, 1);
/**
 * Offsets of quarter hours, of each zone: every answer to a device asks for that of now, and a page for those of its days many times.
 * Forgotten all at once when they are many.
 */
const offsets = new Map<string, Map<number, number>>();
const MAX_OFFSETS = 2_048;

function offsetMs(ms: number, zone: string): number {
  const quarter = quarterStart(ms);
  const known = offsets.get(zone)?.get(quarter);
  if (known !== undefined) return known;
  const whole = Math.floor(ms / 1000) * 1000;
  const offset = wallClock(whole, zone) - whole;
  if (quarter < CHANGES_IN_QUARTERS_SINCE) return offset;
  if (offsets.size >= MAX_FORMATTERS && !offsets.has(zone)) offsets.clear();
  const own = offsets.get(zone) ?? new Map<number, number>();
  if (own.size >= MAX_OFFSETS) own.clear();
  offsets.set(zone, own.set(quarter, offset));
  return offset;
}

/** Minutes to add to UTC to get the zone's wall clock at this instant: 120 in Berlin's summer, −210 in St John's winter. */
export function utcOffsetMinutes(zone: string, at: Date | number): number {
  return offsetMs(Number(at), zone) / MINUTE_MS;
}

/** The date on the wall at an instant, `YYYY-MM-DD`. */
export function localDate(instant: Date | number, zone: string): string {
  const ms = Number(instant);
  return isoDate(ms + offsetMs(ms, zone));
}

function isoDate(utcMs: number): string {
  return new Date(utcMs).toISOString().slice(0, 10);
}

/**
 * `YYYY-MM-DD` as midnight UTC.
 * @throws RangeError for anything that is not a date of the calendar
 */
function parseDate(date: string): number {
  const ms = /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN;
  // Date.parse lets 30 February roll over into March
  if (Number.isNaN(ms) || isoDate(ms) !== date) throw new RangeError(`not a date: ${date}`);
  return ms;
}

/**
 * The first instant of a local date. Midnight may not exist (Cairo and Santiago change their clocks at midnight) or come twice
 * (Havana): the day begins with the first instant whose date is this one, so that days tile.
 */
function startOfDay(midnight: number, zone: string): number {
  // Only these two offsets can be in force around it: no zone changes its clock twice within two days.
  const before = offsetMs(midnight - DAY_MS, zone);
  const after = offsetMs(midnight + DAY_MS, zone);
  const earlier = midnight - Math.max(before, after);
  const later = midnight - Math.min(before, after);
  for (const candidate of [earlier, later]) if (candidate + offsetMs(candidate, zone) === midnight) return candidate;
  // Midnight was skipped: the instant of the change lies between the two guesses. Clock changes happen on whole minutes.
  let [low, high] = [Math.floor(earlier / MINUTE_MS), Math.ceil(later / MINUTE_MS)];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (wallClock(middle * MINUTE_MS, zone) >= midnight) high = middle;
    else low = middle + 1;
  }
  return low * MINUTE_MS;
}

function span(firstDay: string, dayAfter: string, zone: string): Bounds {
  return { from: new Date(startOfDay(parseDate(firstDay), zone)), to: new Date(startOfDay(parseDate(dayAfter), zone)) };
}

/** `date` moved by whole calendar days. */
export function addDays(date: string, days: number): string {
  return isoDate(parseDate(date) + days * DAY_MS);
}

/** First day of the month `months` after the one that `date` lies in. */
export function addMonths(date: string, months: number): string {
  const day = new Date(parseDate(date));
  return isoDate(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + months, 1));
}

/** The Monday on or before `date` (ISO 8601 weeks). */
export function startOfWeek(date: string): string {
  return addDays(date, -((new Date(parseDate(date)).getUTCDay() + 6) % 7));
}

/** One local day: `dayBounds('2026-03-29', 'Europe/Berlin')` is 23 hours long. */
export function dayBounds(date: string, zone: string): Bounds {
  return span(date, addDays(date, 1), zone);
}

/** The ISO week (Monday to Sunday) that `date` lies in. */
export function weekBounds(date: string, zone: string): Bounds {
  const monday = startOfWeek(date);
  return span(monday, addDays(monday, 7), zone);
}

/** The month of `YYYY-MM`, or the one that `YYYY-MM-DD` lies in. */
export function monthBounds(month: string, zone: string): Bounds {
  const first = `${month.slice(0, 7)}-01`;
  return span(first, addMonths(first, 1), zone);
}

/** The calendar year of `YYYY`, or the one that a longer date lies in. */
export function yearBounds(year: string | number, zone: string): Bounds {
  const first = `${String(year).slice(0, 4).padStart(4, '0')}-01-01`;
  return span(first, addMonths(first, 12), zone);
}

export type LocalUnit = 'hour' | 'day' | 'month' | 'year';

const HOUR_MS = 60 * MINUTE_MS;

/**
 * Starts of the hours, days, months or years of a zone that `from` … `to` touches, ascending; the first is at or before `from`. An hour
 * is one of the wall clock: where a clock goes back by half an hour, one hour is 90 minutes long.
 */
export function startsOf(unit: LocalUnit, { from, to }: Bounds, zone: string): Date[] {
  const starts: Date[] = [];
  let date = firstDayOf(unit, localDate(from, zone));
  // Each start is the end of the one before: looked up once, most of what a year by day costs is this.
  let start = startOfDay(parseDate(date), zone);
  for (let end = start; ; start = end) {
    date = unit === 'year' ? addMonths(date, 12) : unit === 'month' ? addMonths(date, 1) : addDays(date, 1);
    end = startOfDay(parseDate(date), zone);
    const whole = { from: new Date(start), to: new Date(end) };
    if (whole.from >= to) return starts;
    starts.push(...(unit === 'hour' ? hoursOf(whole, zone).filter((at) => at < to) : [whole.from]));
    while (starts.length > 1 && (starts[1] as Date) <= from) starts.shift();
  }
}

function firstDayOf(unit: LocalUnit, date: string): string {
  if (unit === 'year') return `${date.slice(0, 4)}-01-01`;
  return unit === 'month' ? `${date.slice(0, 7)}-01` : date;
}

function hoursOf({ from, to }: Bounds, zone: string): Date[] {
  const isSteady = offsetMs(from.getTime(), zone) === offsetMs(to.getTime(), zone);
  const step = isSteady ? HOUR_MS : QUARTER_MS;
  const hours: Date[] = [];
  for (let ms = from.getTime(); ms < to.getTime(); ms += step) {
    if (isSteady || hours.length === 0 || wallClock(ms, zone) % HOUR_MS === 0) hours.push(new Date(ms));
  }
  return hours;
}
