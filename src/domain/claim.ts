import { householdOf } from './address.ts';
import type { InverterId, UserId } from './inverter.ts';

/**
 * Whose a logger is. Its serial proves nothing: it is printed on the box and part of its Wi-Fi's name, and there is no password
 * (solarman-v5 §7). Who adds one waits until something shows that it is theirs:
 *
 * - `only_account`: there is nobody else on the server
 * - `power_cycle`: they said "I restart it now", and within a quarter of an hour it reported a fresh power-on; not its return from
 *   hours of silence, for the morning restarts every logger that lives on its panels
 * - `same_address`: it reports from the public address from which they used the server within the last hour
 * - `administrator`: an administrator, or the command line, added it
 */
export const PROOFS = ['only_account', 'power_cycle', 'same_address', 'administrator'] as const;
export type Proof = (typeof PROOFS)[number];

/** From the announcement of a restart to the handshake that shows it. */
export const RESTART_WINDOW_MS = 15 * 60_000;
/** A handshake with a longer power-on time is no restart. */
export const FRESH_POWER_ON_S = 300;
/** Who was away for longer, and comes back, was switched on by the sun: that is no restart. Known to `api.note_unclaimed`, too. */
export const SILENCE_MS = 2 * 3_600_000;
/** How old a visit may be whose address proves something. */
export const VISIT_WINDOW_MS = 3_600_000;

/** Somebody who has added a logger and waits for a proof. */
export interface Claim {
  userId: UserId;
  inverterId: InverterId;
  isOnlyAccount: boolean;
  /** When they last announced a restart; null: never. */
  restartAskedAt: Date | null;
  /** When they gave the logger up; null: never. Then only a restart announced later brings it back. */
  releasedAt: Date | null;
  visits: readonly { address: string; at: Date }[];
}

/** What the logger just showed of itself. */
export interface Sign {
  at: Date;
  /** Null where the address proves nothing: not public, or that of a proxy. */
  address: string | null;
  /** Of a handshake; null for other frames. */
  powerOnTimeS: number | null;
  /** When it was here before, still nobody's; null: never. */
  before: { lastSeenAt: Date; returnedAt: Date | null } | null;
}

/**
 * Who of those waiting has the proof now, if exactly one has. Where two hold the same proof nobody gets it, and no weaker proof
 * decides between them: the owner still has the power switch, tomorrow.
 */
export function decideClaim(claims: readonly Claim[], sign: Sign): { claim: Claim; proof: Proof } | null {
  for (const proof of PROOFS) {
    const holders = claims.filter((claim) => holds(claim, sign, proof));
    const [claim] = holders;
    if (claim !== undefined) return holders.length === 1 ? { claim, proof } : null;
  }
  return null;
}

function holds(claim: Claim, sign: Sign, proof: Proof): boolean {
  const { restartAskedAt, releasedAt } = claim;
  switch (proof) {
    case 'only_account':
      return claim.isOnlyAccount && releasedAt === null;
    case 'power_cycle':
      return (
        sign.powerOnTimeS !== null &&
        sign.powerOnTimeS < FRESH_POWER_ON_S &&
        restartAskedAt !== null &&
        isWithin(restartAskedAt, sign.at, RESTART_WINDOW_MS) &&
        (releasedAt === null || restartAskedAt > releasedAt) &&
        !isMorning(sign, restartAskedAt)
      );
    case 'same_address': {
      const { address } = sign;
      if (address === null || releasedAt !== null) return false;
      const household = householdOf(address);
      return claim.visits.some(
        (visit) => isWithin(visit.at, sign.at, VISIT_WINDOW_MS) && householdOf(visit.address) === household,
      );
    }
    default:
      return false;
  }
}

/** Whether the power-on may be that of the morning: it comes back from a silence, or did so after the restart was announced. */
function isMorning({ at, before }: Sign, restartAskedAt: Date): boolean {
  if (before === null) return false;
  if (at.getTime() - before.lastSeenAt.getTime() > SILENCE_MS) return true;
  return before.returnedAt !== null && before.returnedAt >= restartAskedAt;
}

/** Clocks of two processes may differ by a little. */
const CLOCK_SLACK_MS = 60_000;

function isWithin(earlier: Date, now: Date, windowMs: number): boolean {
  const ageMs = now.getTime() - earlier.getTime();
  return ageMs >= -CLOCK_SLACK_MS && ageMs <= windowMs;
}
