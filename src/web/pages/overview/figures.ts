import { hasCurrentPower, summaryOf } from '../../../services/account-summary.ts';
import type { InverterSummary } from '../../../services/services.ts';

/** All inverters in one sentence; the first that applies, the worst first. */
export type Verdict =
  | { kind: 'offline' | 'stale' | 'unseen' | 'waiting'; count: number }
  | { kind: 'well' | 'idle' | 'asleep' };

export interface Figures {
  /** Sum of what the reachable inverters deliver; null when none is. */
  nowW: number | null;
  /** The oldest of the values in that sum. */
  nowAt: Date | null;
  /** Seconds after which that sum is out of date. */
  staleAfterS: number;
  /** How many have no current value although they should (not those that sleep or were never seen). */
  missing: number;
  /** For when there is no current sum: when anything was last measured, and what, where it is one inverter's and not a sum of moments. */
  last: { powerW: number | null; at: Date } | null;
  /** Sum of what was booked today; null when nothing was ever booked. */
  todayWh: number | null;
  /** How many are not in that sum, because nothing was ever booked for them. */
  todayMissing: number;
  allAsleep: boolean;
  verdict: Verdict;
  /** Those that have delivered nothing yet, and so have to be set up. */
  unseen: InverterSummary[];
}

/** What the overview says about all inverters together. A missing value is left out and said, never taken for 0. */
export function figuresOf(inverters: readonly InverterSummary[]): Figures {
  const summary = summaryOf(inverters);
  const known = inverters.filter(({ powerW, sampledAt }) => powerW !== null && sampledAt !== null);
  const seen = inverters.filter(({ state }) => state !== 'never_seen' && state !== 'waiting');
  const lastTimes = known.flatMap(({ sampledAt }) => (sampledAt === null ? [] : [sampledAt.getTime()]));
  return {
    nowW: summary.powerW,
    nowAt: summary.sampledAt,
    staleAfterS: Math.max(0, ...inverters.filter(hasCurrentPower).map((one) => one.staleAfterS)),
    missing: summary.powerMissing,
    last:
      lastTimes.length === 0
        ? null
        : { powerW: known.length === 1 ? (known[0]?.powerW ?? null) : null, at: new Date(Math.max(...lastTimes)) },
    todayWh: summary.energyTodayWh,
    todayMissing: summary.energyMissing,
    allAsleep: seen.length > 0 && seen.every(({ state }) => state === 'asleep'),
    verdict: verdictOf(inverters),
    unseen: inverters.filter(isUnseen),
  };
}

/** A logger that was given up waits for one to prove itself too, but has delivered. */
function isUnseen({ state, sampledAt }: InverterSummary): boolean {
  return state === 'never_seen' || (state === 'waiting' && sampledAt === null);
}

function verdictOf(inverters: readonly InverterSummary[]): Verdict {
  const count = (...states: InverterSummary['state'][]): number =>
    inverters.filter(({ state }) => states.includes(state)).length;
  if (count('offline') > 0) return { kind: 'offline', count: count('offline') };
  if (count('stale') > 0) return { kind: 'stale', count: count('stale') };
  const waiting = count('never_seen', 'waiting');
  if (waiting === inverters.length) return { kind: 'waiting', count: waiting };
  const unseen = inverters.filter(isUnseen).length;
  // Not all is well while nobody knows whether one works.
  if (unseen > 0) return { kind: 'unseen', count: unseen };
  if (count('producing') > 0) return { kind: 'well' };
  if (count('idle') > 0) return { kind: 'idle' };
  return { kind: 'asleep' };
}
