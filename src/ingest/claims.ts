import type { DbPool } from '../db/pools.ts';
import { householdOf, isPublicAddress } from '../domain/address.ts';
import { decideClaim } from '../domain/claim.ts';
import type { Message } from '../protocols/protocol.ts';
import { claimsOf, proveClaim, unclaimedSeen } from '../store/claims.ts';
import type { Logger } from '../telemetry/logger.ts';
import { TokenBuckets } from '../util/token-bucket.ts';
import type { DeviceResolver } from './resolve.ts';

/** Serials that nobody waits for; asked again after a while, and whenever the database announces a change. */
const NOBODY_WAITS_MS = 60_000;
const MAX_REMEMBERED = 20_000;
/** Frames of unclaimed loggers that one household's address may have looked at: enough for a wall of new loggers, not for a guesser. */
const STRANGERS_BURST = 120;
const STRANGERS_PER_MINUTE = 60;
const MAX_HOUSEHOLDS = 20_000;

export interface ClaimDeskOptions {
  pool: DbPool;
  resolver: DeviceResolver;
  log: Logger;
  /** Addresses that stand for a proxy, not for a household. */
  isProxy: (address: string) => boolean;
}

/** Looks at what unclaimed loggers show of themselves, and gives each to the one who has the proof (`domain/claim.ts`). */
export class ClaimDesk {
  readonly #options: ClaimDeskOptions;
  readonly #nobodyWaits = new Map<string, number>();
  readonly #strangers = new TokenBuckets(STRANGERS_BURST, STRANGERS_PER_MINUTE / 60_000, MAX_HOUSEHOLDS);
  /** What is being looked at: the frames of one logger come side by side, and all of them are its owner's when one proves it. */
  readonly #underWay = new Map<string, Promise<boolean>>();
  #generation = -1;
  /** Plain counters for the metrics. */
  readonly counts = { strangerFrames: 0, strangersLimited: 0, proven: 0 };

  constructor(options: ClaimDeskOptions) {
    this.#options = options;
  }

  /** Whether a frame of nobody's logger is worth a look. Beyond the limit of its address it is answered, and nothing else. */
  admit(address: string, now: Date): boolean {
    this.counts.strangerFrames += 1;
    const isAdmitted = this.#strangers.of(householdOf(address), now.getTime()).take(now.getTime());
    if (!isAdmitted) this.counts.strangersLimited += 1;
    return isAdmitted;
  }

  /**
   * A frame of a logger that is nobody's. @returns true when it is somebody's now. A failure is logged: the next frame tries again.
   */
  async consider(message: Message, address: string, now: Date): Promise<boolean> {
    const { serial } = message;
    const before = this.#underWay.get(serial) ?? Promise.resolve(false);
    const work = before.then((isProven) => isProven || this.#look(message, address, now));
    this.#underWay.set(serial, work);
    try {
      return await work;
    } finally {
      if (this.#underWay.get(serial) === work) this.#underWay.delete(serial);
    }
  }

  /** Never rejects. */
  async #look(message: Message, address: string, now: Date): Promise<boolean> {
    const { pool, resolver, log, isProxy } = this.#options;
    const { serial, type, facts } = message;
    if (this.#generation !== resolver.generation) this.#nobodyWaits.clear();
    this.#generation = resolver.generation;
    if ((this.#nobodyWaits.get(serial) ?? 0) > now.getTime()) return false;
    try {
      const claims = await claimsOf(pool, serial);
      if (claims.length === 0) {
        this.#remember(serial, now);
        return false;
      }
      const decision = decideClaim(claims, {
        at: now,
        address: isPublicAddress(address) && !isProxy(address) ? address : null,
        powerOnTimeS: type === 'handshake' ? (facts?.powerOnTimeS ?? null) : null,
        before: type === 'handshake' ? await unclaimedSeen(pool, serial) : null,
      });
      if (decision === null) return false;
      const { claim, proof } = decision;
      if (!(await proveClaim(pool, claim, proof, now, address))) return false;
      this.counts.proven += 1;
      log.info(
        { serial, proof, userId: claim.userId, inverterId: claim.inverterId },
        'a logger was proven to be its owner’s',
      );
      resolver.invalidate();
      return true;
    } catch (error) {
      log.warn({ err: error, serial }, 'could not look whose an unclaimed logger is');
      return false;
    }
  }

  #remember(serial: string, now: Date): void {
    if (this.#nobodyWaits.size >= MAX_REMEMBERED) this.#nobodyWaits.clear();
    this.#nobodyWaits.set(serial, now.getTime() + NOBODY_WAITS_MS);
  }
}
