import { QUARTER_MS } from '../period.ts';
import { type Book, MAX_STRETCH_MS } from './spread.ts';
import type { CounterState } from './state.ts';

const WS_PER_WH = 3600;
/**
 * How much is remembered between two changes of a counter, so that a state stays below 1.5 kB. 16 quarter hours with power are four
 * hours below 25 W (Deye's 100 Wh a step); beyond that the lightest neighbours share an entry. Only the shape of a few Wh suffers.
 */
const MAX_WEIGHTS = 16;
const MAX_GAPS = 4;

/**
 * Takes note of a power. Without totals it is energy at once (`integrate`); with totals it is only a weight for the next delta.
 * @param ownW the channel's own power
 * @param hintW what may stand in for its course: the inverter's, where an input tells no power
 */
export function notePower(
  counter: CounterState,
  t: number,
  ownW: number | null,
  hintW: number | null,
  book: Book,
): void {
  const counted = counter.goodWh !== null;
  const powerW = counted ? (ownW ?? hintW) : ownW;
  if (powerW === null) return;
  const watts = Math.max(0, powerW);
  // With totals the first power is held back to the last change, as after a pause
  if (counted) weigh(counter, counter.powerW ?? watts, t, watts, ownW !== null);
  else if (counter.powerW !== null) integrate(counter, counter.powerW, t, watts, book);
  counter.powerW = watts;
  counter.powerAt = t;
  if (ownW !== null && ownW > counter.maxPowerW) counter.maxPowerW = ownW;
}

/** Adds the stretch since the last power to the weights, or to the gaps if it is too long to say what happened in it. */
function weigh(counter: CounterState, previousW: number, t: number, watts: number, own: boolean): void {
  const from = Math.max(counter.powerAt, counter.changedAt);
  const stretch = t - counter.powerAt;
  if (stretch > MAX_STRETCH_MS && t - from > MAX_STRETCH_MS) {
    addGap(counter, from, t);
    return;
  }
  // The counter may have changed in a sample without power: then only the part after it counts
  const startW =
    stretch > MAX_STRETCH_MS ? watts : previousW + ((watts - previousW) * (from - counter.powerAt)) / stretch;
  const total = trapezoid(from, startW, t, watts, (quarter, ws) => addWeight(counter.weights, quarter, ws));
  if (own && counter.candidate !== null) counter.candidate.stillWs += total;
}

/**
 * Energy of a device without totals: trapezoid over power, at most 15 minutes of a longer gap, half of them at either end (devices
 * §4.1 "gaps in power integration"). The fraction of a Wh is carried on, so that nothing is lost to rounding.
 */
function integrate(counter: CounterState, previousW: number, t: number, watts: number, book: Book): void {
  const add = (quarter: number, ws: number): void => {
    counter.carryWs += ws;
    if (counter.carryWs < WS_PER_WH) return;
    const whole = Math.floor(counter.carryWs / WS_PER_WH);
    counter.carryWs -= whole * WS_PER_WH;
    book(quarter, whole, true);
  };
  if (t - counter.powerAt <= MAX_STRETCH_MS) {
    trapezoid(counter.powerAt, previousW, t, watts, add);
    return;
  }
  const half = MAX_STRETCH_MS / 2;
  trapezoid(counter.powerAt, previousW, counter.powerAt + half, previousW, add);
  trapezoid(t - half, watts, t, watts, add);
}

/**
 * Energy (whole W·s) of a straight line between two powers, given out by quarter hour; returns the whole. The parts sum to it exactly,
 * however the quarter hours cut it.
 */
function trapezoid(
  from: number,
  fromW: number,
  to: number,
  toW: number,
  add: (quarter: number, ws: number) => void,
): number {
  const total = Math.round(((fromW + toW) * (to - from)) / 2000);
  if (total <= 0) return 0;
  const slope = (toW - fromW) / (to - from);
  let given = 0;
  for (let start = from; start < to; ) {
    const quarter = Math.floor(start / QUARTER_MS);
    const end = Math.min(to, (quarter + 1) * QUARTER_MS);
    const middleW = fromW + slope * ((start + end) / 2 - from);
    const ws = end === to ? total - given : Math.min(total - given, Math.round((middleW * (end - start)) / 1000));
    given += ws;
    if (ws > 0) add(quarter, ws);
    start = end;
  }
  return total;
}

function addWeight(weights: number[], quarter: number, ws: number): void {
  const last = weights.length - 2;
  if (last >= 0 && weights[last] === quarter) {
    weights[last + 1] = (weights[last + 1] ?? 0) + ws;
    return;
  }
  weights.push(quarter, ws);
  if (weights.length > 2 * MAX_WEIGHTS) mergeLightest(weights);
}

/** Gives the lightest two neighbours one entry, at the heavier one's quarter. The newest is still growing and stays alone. */
function mergeLightest(weights: number[]): void {
  let at = 0;
  let lightest = Number.POSITIVE_INFINITY;
  for (let i = 0; i + 5 < weights.length; i += 2) {
    const both = (weights[i + 1] ?? 0) + (weights[i + 3] ?? 0);
    if (both < lightest) [at, lightest] = [i, both];
  }
  const [first = 0, firstWs = 0, second = 0, secondWs = 0] = weights.slice(at, at + 4);
  weights.splice(at, 4, firstWs >= secondWs ? first : second, firstWs + secondWs);
}

/** Gaps that follow one another without a measured stretch between become one; so do the two closest when there are too many. */
function addGap(counter: CounterState, from: number, to: number): void {
  const gaps = counter.gaps;
  if (gaps.length > 0 && gaps[gaps.length - 1] === from) {
    gaps[gaps.length - 1] = to;
    return;
  }
  gaps.push(from, to);
  if (gaps.length <= 2 * MAX_GAPS) return;
  let at = 1;
  for (let i = 3; i + 1 < gaps.length; i += 2) {
    if ((gaps[i + 1] ?? 0) - (gaps[i] ?? 0) < (gaps[at + 1] ?? 0) - (gaps[at] ?? 0)) at = i;
  }
  gaps.splice(at, 2);
}

/** Forgets what lies before `since`: a new series explains only its own time. Quarter hours cut by it are kept whole. */
export function forgetBefore(counter: CounterState, since: number): void {
  const first = Math.floor(since / QUARTER_MS);
  const weights: number[] = [];
  for (let i = 0; i + 1 < counter.weights.length; i += 2) {
    const quarter = counter.weights[i] ?? 0;
    if (quarter >= first) weights.push(quarter, counter.weights[i + 1] ?? 0);
  }
  const gaps: number[] = [];
  for (let i = 0; i + 1 < counter.gaps.length; i += 2) {
    const to = counter.gaps[i + 1] ?? 0;
    if (to > since) gaps.push(Math.max(since, counter.gaps[i] ?? 0), to);
  }
  counter.weights = weights;
  counter.gaps = gaps;
}
