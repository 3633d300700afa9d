import { asTenant } from '../db/as-tenant.ts';
import type { DbPool } from '../db/pools.ts';
import { isPublicAddress } from '../domain/address.ts';
import type { UserId } from '../domain/inverter.ts';
import { noteVisit } from '../store/claims.ts';

const AGAIN_AFTER_MS = 60_000;
const MAX_REMEMBERED = 10_000;

/** A request of somebody who is known. */
export interface Visit {
  userId: UserId;
  address: string;
  /** It changed something: perhaps it just added the logger this is all about. */
  isChange: boolean;
}

/**
 * From where accounts are used, which is one of the proofs that a logger there is theirs (`domain/claim.ts`). The database keeps it
 * for an hour, and only of those with a logger that is not connected yet. Written after the answer, never in its way.
 */
export class Visits {
  readonly #pool: DbPool;
  readonly #onError: (error: unknown) => void;
  readonly #notedAt = new Map<string, number>();
  readonly #underWay = new Set<Promise<void>>();

  constructor(pool: DbPool, onError: (error: unknown) => void) {
    this.#pool = pool;
    this.#onError = onError;
  }

  note({ userId, address, isChange }: Visit, now: Date): void {
    if (!isPublicAddress(address)) return;
    const key = `${userId} ${address}`;
    const isRecent = now.getTime() - (this.#notedAt.get(key) ?? Number.NEGATIVE_INFINITY) < AGAIN_AFTER_MS;
    if (isRecent && !isChange) return;
    if (this.#notedAt.size >= MAX_REMEMBERED) this.#notedAt.clear();
    this.#notedAt.set(key, now.getTime());
    const work = asTenant(this.#pool, userId, (tx) => noteVisit(tx, address, now))
      .catch((error: unknown) => {
        this.#notedAt.delete(key);
        this.#onError(error);
      })
      .finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
  }

  /** Devices changed: somebody's logger may have begun to wait. */
  forget(): void {
    this.#notedAt.clear();
  }

  /** Waits for what is being written. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}
