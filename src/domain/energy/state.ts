import type { DeviceKind } from '../inverter.ts';

/** A series of totals that may turn out to be the new truth (devices §4.2 `cand`). */
export interface Candidate {
  firstWh: number;
  valueWh: number;
  count: number;
  /** Epoch ms of the first and the latest sample of the series. */
  since: number;
  at: number;
  /** Measured energy (W·s) since `valueWh` last rose: a counter that stands still although energy flows is no counter. */
  stillWs: number;
}

/** What is remembered of one counter between two samples. Times are epoch ms. */
export interface CounterState {
  channel: number;
  /** First good total, less what was booked by integration before it came: lifetime = this + `bookedWh`. Null: no total yet. */
  firstGoodWh: number | null;
  /** Everything ever booked to this channel's quarter hours. */
  bookedWh: number;
  /** Whether a delta of the counter was ever booked, which is what confirms its first value. */
  confirmed: boolean;
  goodWh: number | null;
  goodAt: number;
  /** When `goodWh` last moved: energy is spread over the time since then. */
  changedAt: number;
  /** Highest accepted power since `goodAt`. */
  maxPowerW: number;
  /** Last known power and its time. */
  powerW: number | null;
  powerAt: number;
  /** Integrated but less than a whole Wh, in W·s (only while there is no total). */
  carryWs: number;
  /** Time of the last `quarantined` event; 0: none yet. */
  quarantinedAt: number;
  candidate: Candidate | null;
  /** Measured energy since `changedAt`: quarter number, W·s, quarter number, W·s, … in ascending order. */
  weights: number[];
  /** Times since `changedAt` in which nothing was measured: from, to, from, to, … */
  gaps: number[];
}

/** The fold's memory of one inverter. Plain data: JSON gives back exactly what it took. */
export interface EnergyState {
  /** Time of the last sample folded; 0 before the first. */
  at: number;
  /** Milliseconds between the last two samples; 0 before the second. */
  stepMs: number;
  /** Ascending by channel. */
  counters: CounterState[];
}

export function emptyEnergyState(): EnergyState {
  return { at: 0, stepMs: 0, counters: [] };
}

export function newCounter(channel: number): CounterState {
  return {
    channel,
    firstGoodWh: null,
    bookedWh: 0,
    confirmed: false,
    goodWh: null,
    goodAt: 0,
    changedAt: 0,
    maxPowerW: 0,
    powerW: null,
    powerAt: 0,
    carryWs: 0,
    quarantinedAt: 0,
    candidate: null,
    weights: [],
    gaps: [],
  };
}

/** A copy that may be changed without the original noticing. */
export function cloneEnergyState(state: EnergyState): EnergyState {
  return {
    ...state,
    counters: state.counters.map((counter) => ({
      ...counter,
      candidate: counter.candidate === null ? null : { ...counter.candidate },
      weights: counter.weights.slice(),
      gaps: counter.gaps.slice(),
    })),
  };
}

export function counterOf(state: EnergyState, channel: number): CounterState | undefined {
  for (const counter of state.counters) if (counter.channel === channel) return counter;
  return undefined;
}

/**
 * Whether the inverter's energy is the sum of its inputs: always for OpenDTU as soon as an input was heard of (storage.md "Energy,
 * defined once"); for others only where the inputs have totals and the inverter itself has none.
 */
export function isSumOfInputs(state: EnergyState, kind: DeviceKind): boolean {
  let own = false;
  let counted = false;
  let measured = false;
  for (const counter of state.counters) {
    if (counter.channel === 0) own = counter.goodWh !== null;
    else if (counter.goodWh !== null) counted = true;
    else if (counter.powerW !== null) measured = true;
  }
  return kind === 'opendtu' ? counted || measured : counted && !own;
}

/**
 * What a first total is worth as the base of the lifetime figure when `bookedWh` were already booked without it: those are part of
 * what the device counts. Never so low that the lifetime would be less than the bars shown.
 */
export function baseOf(totalWh: number, bookedWh: number): number {
  return Math.max(Math.min(totalWh, 0), totalWh - bookedWh);
}

/** What readers need of a state; lists are indexed by channel, null where the channel has no counter. */
export interface CounterColumns {
  firstGoodWh: (number | null)[];
  bookedWh: (number | null)[];
  /** The device's own lifetime figure as last accepted. */
  counterWh: (number | null)[];
}

/**
 * `energy_total_wh` = `firstGoodWh` + `bookedWh` in every column (storage.md "Energy, defined once"). For an inverter that is the sum
 * of its inputs the first good counter is the sum of theirs, less what it booked itself before they were heard of.
 */
export function counterColumns(state: EnergyState, kind: DeviceKind): CounterColumns {
  const columns: CounterColumns = { firstGoodWh: [], bookedWh: [], counterWh: [] };
  const width = (state.counters.at(-1)?.channel ?? -1) + 1;
  for (let channel = 0; channel < width; channel += 1) {
    const counter = counterOf(state, channel);
    columns.firstGoodWh.push(counter?.firstGoodWh ?? null);
    columns.bookedWh.push(counter?.bookedWh ?? null);
    columns.counterWh.push(counter?.goodWh ?? null);
  }
  if (!isSumOfInputs(state, kind)) return columns;
  const inputs = state.counters.filter((counter) => counter.channel !== 0);
  const firsts = sumOfKnown(inputs.map((input) => input.firstGoodWh));
  const booked = columns.bookedWh[0] ?? 0;
  const bookedAlone = booked - (sumOfKnown(inputs.map((input) => input.bookedWh)) ?? 0);
  columns.firstGoodWh[0] = firsts === null ? null : baseOf(firsts, bookedAlone);
  columns.bookedWh[0] = booked;
  columns.counterWh[0] = sumOfKnown(inputs.map((input) => input.goodWh));
  return columns;
}

function sumOfKnown(values: readonly (number | null)[]): number | null {
  let sum: number | null = null;
  for (const value of values) if (value !== null) sum = (sum ?? 0) + value;
  return sum;
}

/** `energy_total_wh` of one channel; null when it has no counter. */
export function energyTotalWh(state: EnergyState, kind: DeviceKind, channel: number): number | null {
  const { firstGoodWh, bookedWh } = counterColumns(state, kind);
  const booked = bookedWh[channel] ?? null;
  return booked === null ? null : (firstGoodWh[channel] ?? 0) + booked;
}
