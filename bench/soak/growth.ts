/** One look at the running system. Bytes where nothing else is said; null where it could not be looked at. */
export interface Look {
  /** Since the start. */
  atS: number;
  /** Of the server that runs all the time. */
  residentBytes: number | null;
  heapBytes: number | null;
  handles: number | null;
  /** Longest delay of its event loop that is in its last report, seconds. */
  eventLoopLagS: number | null;
  databaseConnections: number | null;
  databaseBytes: number | null;
  /** Rows that are dead and not yet cleared away, in all tables. */
  deadRows: number | null;
  /** Of the one table that only ever changes and never gains a row. */
  counterTableBytes: number | null;
  walBytes: number | null;
}

export type Series = Exclude<keyof Look, 'atS'>;

export interface Growth {
  /** Median of the second and of the last quarter of the run: the first one is for warming up. */
  early: number;
  late: number;
  /** late / early. */
  ratio: number;
  /** Last quarter / third quarter: what has only warmed up late stands still here. */
  lastRatio: number;
  perHour: number;
  max: number;
}

/** How a figure developed; null when it was not seen often enough. */
export function growthOf(looks: readonly Look[], series: Series): Growth | null {
  const points = looks.flatMap((look) => {
    const value = look[series];
    return value === null ? [] : [{ atS: look.atS, value }];
  });
  const endS = points.at(-1)?.atS ?? 0;
  const between = (from: number, to: number) => points.filter(({ atS }) => atS >= from * endS && atS <= to * endS);
  const early = median(between(0.25, 0.5).map(({ value }) => value));
  const late = median(between(0.75, 1).map(({ value }) => value));
  const before = median(between(0.5, 0.75).map(({ value }) => value));
  if (early === null || before === null || late === null) return null;
  const max = Math.max(...points.map(({ value }) => value));
  const perHour = slope(between(0.25, 1)) * 3600;
  return { early, late, ratio: quotient(late, early), lastRatio: quotient(late, before), perHour, max };
}

function quotient(later: number, earlier: number): number {
  return earlier === 0 ? 1 : later / earlier;
}

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}

/** Of the straight line that lies closest to the points, in value per second. */
function slope(points: readonly { atS: number; value: number }[]): number {
  const n = points.length;
  const meanT = points.reduce((sum, { atS }) => sum + atS, 0) / n;
  const meanV = points.reduce((sum, { value }) => sum + value, 0) / n;
  const spread = points.reduce((sum, { atS }) => sum + (atS - meanT) ** 2, 0);
  return spread === 0 ? 0 : points.reduce((sum, { atS, value }) => sum + (atS - meanT) * (value - meanV), 0) / spread;
}
