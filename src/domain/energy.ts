import { judgeTotal } from './energy/counter.ts';
import { Ledger } from './energy/ledger.ts';
import { notePower } from './energy/power.ts';
import { MAX_STRETCH_MS } from './energy/spread.ts';
import {
  type CounterState,
  cloneEnergyState,
  counterOf,
  type EnergyState,
  isSumOfInputs,
  newCounter,
} from './energy/state.ts';
import type { CounterInput, EnergyEvent, EnergyFacts, EnergySample, QuarterBooking } from './energy/types.ts';
import { MAX_CHANNELS } from './inverter.ts';
import { QUARTER_MS } from './period.ts';
import { ratedForCap } from './plausibility.ts';

export interface EnergyFold {
  state: EnergyState;
  /** By time; to be added to the quarter hours. They may reach back to the counter's last change. */
  bookings: QuarterBooking[];
  events: EnergyEvent[];
  /** Samples that were not folded because they are not later than the state: the caller replays. */
  late: number;
}

/** Whether a sample comes too late for this state and needs a replay (devices §4.2 "Late sample"). */
export function isLate(state: EnergyState, t: number): boolean {
  return t <= state.at;
}

/**
 * Energy, defined once: folds samples of one inverter, in order of time, into its state (devices §4.2, storage.md "Energy, defined
 * once"). Pure: how samples are cut into batches, and whether the state went through the database between them, changes nothing.
 */
export function foldEnergy(state: EnergyState, samples: readonly EnergySample[], facts: EnergyFacts): EnergyFold {
  const fold = new Fold(cloneEnergyState(state), facts);
  for (const sample of samples) if (sample.fresh) fold.add(sample);
  return { state: fold.state, bookings: fold.ledger.bookings(), events: fold.events, late: fold.late };
}

class Fold {
  readonly state: EnergyState;
  readonly ledger = new Ledger();
  readonly events: EnergyEvent[] = [];
  late = 0;
  readonly #facts: EnergyFacts;

  constructor(state: EnergyState, facts: EnergyFacts) {
    this.state = state;
    this.#facts = facts;
  }

  add(sample: EnergySample): void {
    const { state } = this;
    if (isLate(state, sample.t)) {
      this.late += 1;
      return;
    }
    if (state.at !== 0) {
      this.#noteGap(sample.t);
      state.stepMs = sample.t - state.at;
    }
    state.at = sample.t;
    // Decided before this sample: whatever the inverter books itself ends where its inputs begin, and nothing is booked twice
    const sumOfInputs = isSumOfInputs(state, this.#facts.kind);
    let own: CounterInput | undefined;
    for (const input of sample.counters) if (input.channel === 0) own ??= input;
    let seen = 0;
    for (const input of sample.counters) {
      // A lying device names an input twice or a thousandth one; neither may count twice or make the state grow
      if (!isInput(input.channel) || (seen & (1 << input.channel)) !== 0) continue;
      seen |= 1 << input.channel;
      this.#addCounter(input, sample.t, own?.powerW ?? null, sumOfInputs);
    }
    if (own !== undefined) this.#addOwn(own, sample.t, sumOfInputs);
  }

  #addCounter(input: CounterInput, t: number, hintW: number | null, sumOfInputs: boolean): void {
    const totalWh = usable(input.totalWh);
    const powerW = finite(input.powerW);
    if (totalWh === null && powerW === null) return;
    const counter = this.#counter(input.channel);
    if (powerW !== null) this.ledger.power(input.channel, quarterOf(t), powerW);
    const book = (quarter: number, energyWh: number, estimated: boolean): void => {
      counter.bookedWh += energyWh;
      this.ledger.energy(input.channel, quarter, energyWh, estimated);
      if (!sumOfInputs) return;
      this.#counter(0).bookedWh += energyWh;
      this.ledger.energy(0, quarter, energyWh, estimated);
    };
    notePower(counter, t, powerW, finite(hintW), book);
    if (totalWh !== null) this.#judge(counter, totalWh, t, powerW, book);
  }

  #addOwn(own: CounterInput, t: number, sumOfInputs: boolean): void {
    if (!sumOfInputs) {
      this.#addCounter(own, t, null, false);
      return;
    }
    const powerW = finite(own.powerW);
    if (powerW !== null) this.ledger.power(0, quarterOf(t), powerW);
    const totalWh = usable(own.totalWh);
    // An inverter that begins to count for itself is believed from then on; an OpenDTU one stays the sum of its inputs
    if (totalWh !== null && this.#facts.kind !== 'opendtu') {
      this.#judge(this.#counter(0), totalWh, t, powerW, () => undefined);
    }
  }

  #judge(
    counter: CounterState,
    totalWh: number,
    t: number,
    powerW: number | null,
    book: (quarter: number, energyWh: number, estimated: boolean) => void,
  ): void {
    judgeTotal(counter, totalWh, {
      t,
      powerW,
      ratedW: ratedForCap(this.#facts, counter.channel),
      stepWh: this.#facts.counterStepWh,
      daylight: this.#facts.daylight,
      book,
      event: (event) => this.events.push(event),
    });
  }

  #counter(channel: number): CounterState {
    const known = counterOf(this.state, channel);
    if (known !== undefined) return known;
    const made = newCounter(channel);
    this.state.counters.push(made);
    this.state.counters.sort((a, b) => a.channel - b.channel);
    return made;
  }

  /** Says so when a device that used to come more often was silent for over 15 minutes of daylight. */
  #noteGap(t: number): void {
    const { at, stepMs } = this.state;
    const silence = t - at;
    if (stepMs === 0 || silence <= MAX_STRETCH_MS || silence <= 3 * stepMs) return;
    for (let quarter = quarterOf(at) + 1; (quarter + 1) * QUARTER_MS <= t; quarter += 1) {
      if (!this.#facts.daylight(quarter * QUARTER_MS)) continue;
      this.events.push({ kind: 'gap', channel: 0, t, detail: { fromMs: at, toMs: t } });
      return;
    }
  }
}

function quarterOf(ms: number): number {
  return Math.floor(ms / QUARTER_MS);
}

function isInput(channel: number): boolean {
  return Number.isInteger(channel) && channel >= 1 && channel <= MAX_CHANNELS;
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

function usable(totalWh: number | null): number | null {
  if (totalWh === null) return null;
  const whole = Math.round(totalWh);
  return Number.isSafeInteger(whole) ? whole : null;
}
