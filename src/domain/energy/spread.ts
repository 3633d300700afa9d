import { QUARTER_MS } from '../period.ts';
import type { CounterState } from './state.ts';

/** Longest time between two samples over which power is believed to have run straight from one to the other (devices §4.1 "gaps"). */
export const MAX_STRETCH_MS = QUARTER_MS;

const WS_PER_WH = 3600;
/** Integrated power and counter are two instruments: ∫AC is about 95 % of a DC-side total (devices §4.1). */
const METERS_AGREE = 1.1;

/**
 * Splits a whole number into whole numbers in proportion to the weights, by largest remainder: the parts sum exactly to `total`.
 * Of equal remainders those win that lie apart (golden ratio), so that 10 Wh over 48 quarter hours do not all fall into the morning.
 * Weights must not be negative and not all zero.
 */
export function largestRemainder(total: number, weights: readonly number[]): number[] {
  if (weights.length === 1) return [total];
  let sum = 0;
  for (const weight of weights) sum += weight;
  let left = total;
  const remainders: number[] = [];
  const parts = weights.map((weight) => {
    const share = total * (weight / sum);
    const whole = Math.floor(share);
    remainders.push(share - whole);
    left -= whole;
    return whole;
  });
  if (left > 0) {
    const order = remainders.map((_, i) => i);
    order.sort((a, b) => (remainders[b] ?? 0) - (remainders[a] ?? 0) || scatter(a) - scatter(b));
    for (const i of order.slice(0, left)) parts[i] = (parts[i] ?? 0) + 1;
  }
  return parts;
}

function scatter(index: number): number {
  return (index * 0.6180339887498949) % 1;
}

/** Quarter hours (numbers since the epoch) and how much each of them weighs. */
interface Shares {
  quarters: number[];
  weights: number[];
}

/** The quarter hours that the spans (from, to, from, to, …) touch, weighing as many milliseconds as they are touched. */
function evenly(spans: readonly number[], admit: (quarterStartMs: number) => boolean): Shares {
  const shares: Shares = { quarters: [], weights: [] };
  for (let i = 0; i + 1 < spans.length; i += 2) {
    const to = spans[i + 1] ?? 0;
    for (let from = spans[i] ?? 0; from < to; ) {
      const quarter = Math.floor(from / QUARTER_MS);
      const end = Math.min(to, (quarter + 1) * QUARTER_MS);
      if (admit(quarter * QUARTER_MS)) {
        shares.quarters.push(quarter);
        shares.weights.push(end - from);
      }
      from = end;
    }
  }
  return shares;
}

export type Book = (quarter: number, energyWh: number, estimated: boolean) => void;

/**
 * Books `energyWh`, which the counter gained between its last change and `t`, to the quarter hours of that time (storage.md "Energy,
 * defined once"):
 * - where power was measured, in proportion to it;
 * - what the measurements do not explain and a gap (over 15 min without any) may: evenly over the gap's quarter hours with the sun
 *   up, estimated;
 * - where nothing was measured at all: evenly with the sun up, else evenly; estimated if that is more than 15 minutes.
 */
export function spread(
  counter: CounterState,
  energyWh: number,
  t: number,
  daylight: (quarterStartMs: number) => boolean,
  book: Book,
): void {
  if (energyWh <= 0) return;
  const measured = measuredShares(counter);
  let measuredWs = 0;
  for (const weight of measured.weights) measuredWs += weight;
  const gaps = withTail(counter, t);

  if (measuredWs > 0) {
    let gapWh = 0;
    if (gaps.length > 0 && energyWh * WS_PER_WH > METERS_AGREE * measuredWs) {
      const sunny = evenly(gaps, daylight);
      // A night without samples explains nothing: then the measurements were merely short
      if (sunny.quarters.length > 0) {
        gapWh = energyWh - Math.round(measuredWs / WS_PER_WH);
        distribute(gapWh, sunny, true, book);
      }
    }
    distribute(energyWh - gapWh, measured, false, book);
    return;
  }

  const unmeasured = gaps.length > 0 ? gaps : [counter.changedAt, t];
  const sunny = evenly(unmeasured, daylight);
  const shares = sunny.quarters.length > 0 ? sunny : evenly(unmeasured, () => true);
  distribute(energyWh, shares, gaps.length > 0 || t - counter.changedAt > MAX_STRETCH_MS, book);
}

function distribute(energyWh: number, shares: Shares, estimated: boolean, book: Book): void {
  const parts = largestRemainder(energyWh, shares.weights);
  for (const [i, part] of parts.entries()) if (part > 0) book(shares.quarters[i] ?? 0, part, estimated);
}

function measuredShares(counter: CounterState): Shares {
  const shares: Shares = { quarters: [], weights: [] };
  for (let i = 0; i + 1 < counter.weights.length; i += 2) {
    shares.quarters.push(counter.weights[i] ?? 0);
    shares.weights.push(counter.weights[i + 1] ?? 0);
  }
  return shares;
}

/** The gaps, and the time up to `t` if the last power is long past: the sample that moved the counter need not tell any. */
function withTail(counter: CounterState, t: number): readonly number[] {
  const from = Math.max(counter.powerAt, counter.changedAt);
  if (t - from <= MAX_STRETCH_MS) return counter.gaps;
  return [...counter.gaps, from, t];
}
