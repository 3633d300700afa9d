/** From the last value before to the first one after it. */
export interface Gap {
  from: Date;
  to: Date;
  /** Up to now. */
  isOpen: boolean;
}

interface GapInput {
  /** Where there are values; epoch milliseconds, ascending. */
  times: readonly number[];
  gapMs: number;
  to: Date;
  now: Date;
  isCurrent: boolean;
  isAsleep: boolean;
  /** Of several, one that is silent while the others report is a gap of its own. */
  isOneOfMany: boolean;
  isExpected(at: Date): boolean;
}

const STEP_MS = 15 * 60_000;
/** Beyond this the sun is not asked for every quarter of an hour. */
const LONG_MS = 100 * 24 * 3_600_000;
/** Roofs wake late and fall asleep early: what borders on a night must be long to be missing. */
const TWILIGHT_MS = 2 * 3_600_000;

/** Where values are missing that could have been there: of a night in which the inverter sleeps, nothing is missing. */
export function gapsOf(input: GapInput): Gap[] {
  const { times, gapMs, to, now, isCurrent, isAsleep, isOneOfMany } = input;
  const last = times.at(-1);
  if (last === undefined) return [];
  const found = times.slice(1).flatMap((ms, i) => {
    const before = times[i] ?? ms;
    return ms - before > gapMs ? expectedParts(before, ms, input) : [];
  });
  const end = Math.min(now.getTime(), to.getTime());
  const isPast = now >= to;
  const mayBeOpen = isPast || (!isAsleep && (!isCurrent || isOneOfMany));
  if (mayBeOpen && end - last > gapMs) {
    found.push(
      ...expectedParts(last, end, input).map((gap) => ({ ...gap, isOpen: !isPast && gap.to.getTime() === end })),
    );
  }
  return found;
}

/** A gap without its nights. A part counts when it is long enough to be a gap itself. */
function expectedParts(from: number, to: number, { gapMs, isExpected }: GapInput): Gap[] {
  const gap = (start: number, end: number): Gap => ({ from: new Date(start), to: new Date(end), isOpen: false });
  if (to - from > LONG_MS) return [gap(from, to)];
  const parts: Gap[] = [];
  let start: number | null = null;
  for (let ms = from; ms <= to; ms += STEP_MS) {
    if (isExpected(new Date(ms))) start ??= ms;
    else if (start !== null) {
      parts.push(gap(start, ms));
      start = null;
    }
  }
  if (start !== null) parts.push(gap(start, to));
  return parts.filter((part) => {
    const isWhole = part.from.getTime() === from && part.to.getTime() === to;
    return part.to.getTime() - part.from.getTime() > (isWhole ? gapMs : Math.max(gapMs, TWILIGHT_MS));
  });
}
