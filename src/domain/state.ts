/** What an inverter is doing, as pages, API and alerts say it. */
export const INVERTER_STATES = ['producing', 'idle', 'asleep', 'stale', 'offline', 'never_seen', 'waiting'] as const;
export type InverterState = (typeof INVERTER_STATES)[number];

/** Whether a value of an inverter in this state is what it does now. */
export function isCurrent(state: InverterState): boolean {
  return state === 'producing' || state === 'idle';
}

export interface StateFacts {
  /** When the inverter last *measured* (a reading that was not fresh does not count); null when it never did. */
  lastSampleAt: Date | null;
  /** What the source last said about reaching it; null where the protocol does not say. */
  lastReachable: boolean | null;
  powerW: number | null;
  /** The declared upload period, else the median of the last samples; null when neither is known yet. */
  intervalS: number | null;
  now: Date;
  /** Whether the sun stands at 3° or higher at the site (`isSunUp`). */
  sunUp: boolean;
  everSeen: boolean;
  /** A Solarman logger that was added but has not proven itself. */
  waiting: boolean;
}

/** Until two samples are there: the default upload period of Solarman loggers. */
const DEFAULT_INTERVAL_S = 300;
const MISSED_INTERVALS = 3;
const OFFLINE_AFTER_S = 30 * 60;

/**
 * The one answer to "is it working?" (devices §4.3).
 *
 * Precedence: waiting, never seen; then, for one that is silent (3 intervals without a sample) or that its gateway cannot reach: asleep
 * while the sun is down, else offline after 30 minutes, else stale; then producing or idle. A device that reports less than twice in
 * half an hour gets two of its intervals before it is called offline, else it would be offline between any two of its samples.
 */
export function inverterState(facts: StateFacts): InverterState {
  if (facts.waiting) return 'waiting';
  if (!facts.everSeen || facts.lastSampleAt === null) return 'never_seen';
  const intervalS = facts.intervalS !== null && facts.intervalS > 0 ? facts.intervalS : DEFAULT_INTERVAL_S;
  const silentS = (facts.now.getTime() - facts.lastSampleAt.getTime()) / 1000;
  const late = silentS > MISSED_INTERVALS * intervalS || facts.lastReachable === false;
  const lost = silentS > Math.max(OFFLINE_AFTER_S, 2 * intervalS);
  if (late || lost) {
    if (!facts.sunUp) return 'asleep';
    return lost ? 'offline' : 'stale';
  }
  return facts.powerW !== null && facts.powerW > 0 ? 'producing' : 'idle';
}
