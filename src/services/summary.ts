import type { InverterState, InverterSummary } from './services.ts';

/** All inverters of an account together, as of one moment. */
export interface AccountSummary {
  /** Sum over the inverters whose power is known now; null when none is. */
  powerW: number | null;
  /** The oldest of the samples in that sum: the sum is as old as its oldest part. */
  sampledAt: Date | null;
  staleAfterS: number;
  /** Null while nothing was ever booked. */
  energyTodayWh: number | null;
  /** The state most worth knowing. */
  state: InverterState;
}

/** What counts as "now": an inverter that is silent has no power now, whatever it said last. */
const CURRENT: ReadonlySet<InverterState> = new Set(['producing', 'idle']);
/** Trouble first, then life, then sleep. */
const PRECEDENCE: readonly InverterState[] = ['offline', 'stale', 'producing', 'idle', 'asleep', 'waiting', 'never_seen'];

/** One definition of the account's figures, for every page and the API. */
export function summarise(inverters: readonly InverterSummary[]): AccountSummary {
  let powerW: number | null = null;
  let sampledAt: Date | null = null;
  let energyTodayWh: number | null = null;
  let staleAfterS = 0;
  for (const inverter of inverters) {
    if (inverter.energyTodayWh !== null) energyTodayWh = (energyTodayWh ?? 0) + inverter.energyTodayWh;
    if (inverter.powerW === null || inverter.sampledAt === null || !CURRENT.has(inverter.state)) continue;
    // Summed in tenths of a watt, as they are stored: adding decimals would show 0.30000000000000004.
    powerW = Math.round(((powerW ?? 0) + inverter.powerW) * 10) / 10;
    if (sampledAt === null || inverter.sampledAt < sampledAt) sampledAt = inverter.sampledAt;
    staleAfterS = Math.max(staleAfterS, inverter.staleAfterS);
  }
  const state = PRECEDENCE.find((s) => inverters.some((i) => i.state === s)) ?? 'never_seen';
  return { powerW, sampledAt, staleAfterS, energyTodayWh, state };
}
