import { type InverterState, isCurrent } from '../domain/state.ts';
import type { InverterSummary } from './services.ts';

/** All inverters of an account together. A value that is missing is left out and counted, never taken for 0. */
export interface AccountSummary {
  /** The worst of them that asks for attention, else the liveliest; `never_seen` without any. */
  state: InverterState;
  inverterCount: number;
  /** Sum of what the reachable inverters deliver; null when none is. */
  powerW: number | null;
  /** The oldest of the values in that sum. */
  sampledAt: Date | null;
  /** How many have no current value although they should (not those that sleep or were never seen). */
  powerMissing: number;
  /** Sum of what was booked today, each in its own zone; null when nothing is known. */
  energyTodayWh: number | null;
  /** Sum of the lifetime figures; null when nothing was ever booked. */
  energyTotalWh: number | null;
  /** How many that were seen are not in today's sum. */
  energyMissing: number;
}

const FIRST_OF_ALL: readonly InverterState[] = [
  'offline',
  'stale',
  'producing',
  'idle',
  'asleep',
  'waiting',
  'never_seen',
];

export function summaryOf(inverters: readonly InverterSummary[]): AccountSummary {
  const current = inverters.filter(hasCurrentPower);
  const seen = inverters.filter(({ state }) => state !== 'never_seen' && state !== 'waiting');
  const times = current.flatMap(({ sampledAt }) => (sampledAt === null ? [] : [sampledAt.getTime()]));
  return {
    state: FIRST_OF_ALL.find((state) => inverters.some((one) => one.state === state)) ?? 'never_seen',
    inverterCount: inverters.length,
    powerW: sumOfKnown(current.map(({ powerW }) => powerW)),
    sampledAt: times.length === 0 ? null : new Date(Math.min(...times)),
    powerMissing: seen.filter((one) => !current.includes(one) && one.state !== 'asleep').length,
    energyTodayWh: sumOfKnown(seen.map(({ energyTodayWh }) => energyTodayWh)),
    energyTotalWh: sumOfKnown(seen.map(({ energyTotalWh }) => energyTotalWh)),
    energyMissing: seen.filter(({ energyTodayWh }) => energyTodayWh === null).length,
  };
}

/** Whether what it delivers now is known. */
export function hasCurrentPower({ state, powerW }: InverterSummary): boolean {
  return isCurrent(state) && powerW !== null;
}

function sumOfKnown(values: readonly (number | null)[]): number | null {
  return values.reduce((sum, value) => (value === null ? sum : (sum ?? 0) + value), null);
}
