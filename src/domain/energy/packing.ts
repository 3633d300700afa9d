import type { CounterState, EnergyState } from './state.ts';

/**
 * How a state lies in the database: nested lists of numbers, about a third of the named form. Times are written as distance from the
 * state's own, quarters as distance from the one before, because most of them are then one digit.
 */
export type PackedEnergyState = readonly [version: number, at: number, stepMs: number, ...counters: PackedCounter[]];
type PackedCounter = readonly (number | null | readonly number[])[];

/** Raised with every change of the layout; a state of another version is rebuilt from raw samples. */
const VERSION = 1;

export function packEnergyState(state: EnergyState): PackedEnergyState {
  return [VERSION, state.at, state.stepMs, ...state.counters.map((counter) => packCounter(counter, state.at))];
}

function packCounter(c: CounterState, at: number): PackedCounter {
  const k = c.candidate;
  return [
    c.channel,
    c.firstGoodWh,
    c.bookedWh,
    c.confirmed ? 1 : 0,
    c.goodWh,
    ago(at, c.goodAt),
    ago(at, c.changedAt),
    c.maxPowerW,
    c.powerW,
    ago(at, c.powerAt),
    c.carryWs,
    ago(at, c.quarantinedAt),
    k === null ? [] : [k.firstWh, k.valueWh, k.count, at - k.since, at - k.at, k.stillWs],
    c.weights.map((value, i) => (i % 2 === 0 ? value - (c.weights[i - 2] ?? 0) : value)),
    c.gaps.map((value) => at - value),
  ];
}

/** 0 stands for "never" and is written as null, so that it does not become thirteen digits. */
function ago(at: number, instant: number): number | null {
  return instant === 0 ? null : at - instant;
}

function instant(at: number, ago: unknown): number {
  return ago === null ? 0 : at - number(ago);
}

/** @throws RangeError for what `packEnergyState` of this version did not make */
export function unpackEnergyState(packed: unknown): EnergyState {
  if (!Array.isArray(packed) || packed[0] !== VERSION) throw new RangeError('not an energy state of this version');
  const [, at, stepMs, ...counters] = packed as unknown[];
  return {
    at: number(at),
    stepMs: number(stepMs),
    counters: counters.map((counter) => unpackCounter(counter, number(at))),
  };
}

function unpackCounter(packed: unknown, at: number): CounterState {
  if (!Array.isArray(packed) || packed.length !== 15) throw new RangeError('not a packed counter');
  const fields: readonly unknown[] = packed;
  const weights = numbers(fields[13]);
  for (let i = 2; i < weights.length; i += 2) weights[i] = (weights[i] ?? 0) + (weights[i - 2] ?? 0);
  const candidate = numbers(fields[12]);
  return {
    channel: number(fields[0]),
    firstGoodWh: numberOrNull(fields[1]),
    bookedWh: number(fields[2]),
    confirmed: fields[3] === 1,
    goodWh: numberOrNull(fields[4]),
    goodAt: instant(at, fields[5]),
    changedAt: instant(at, fields[6]),
    maxPowerW: number(fields[7]),
    powerW: numberOrNull(fields[8]),
    powerAt: instant(at, fields[9]),
    carryWs: number(fields[10]),
    quarantinedAt: instant(at, fields[11]),
    candidate:
      candidate.length === 0
        ? null
        : {
            firstWh: number(candidate[0]),
            valueWh: number(candidate[1]),
            count: number(candidate[2]),
            since: at - number(candidate[3]),
            at: at - number(candidate[4]),
            stillWs: number(candidate[5]),
          },
    weights,
    gaps: numbers(fields[14]).map((value) => at - value),
  };
}

function number(value: unknown): number {
  if (typeof value !== 'number') throw new RangeError('an energy state holds numbers only');
  return value;
}

function numberOrNull(value: unknown): number | null {
  return value === null ? null : number(value);
}

function numbers(value: unknown): number[] {
  if (!Array.isArray(value)) throw new RangeError('an energy state holds lists of numbers');
  return value.map(number);
}
