import type pg from 'pg';
import type { UserId } from '../domain/inverter.ts';
import { cancelWith } from './cancel.ts';
import { isOutage, isRetryable, translate } from './errors.ts';

export type Tx = Pick<pg.PoolClient, 'query'>;

const ATTEMPTS = 3;

/**
 * Runs `work` in one transaction in which the database shows this account's rows and no others. The setting is local to the
 * transaction, so a connection that goes back to the pool knows nothing of it.
 * @param signal ends it, the statement under way included, as soon as nobody wants its result any more
 * @throws Unavailable, Conflict, the signal's reason, or whatever `work` throws
 */
export function asTenant<T>(
  pool: pg.Pool,
  userId: UserId,
  work: (tx: Tx) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  return inTransaction(
    pool,
    async (tx) => {
      await tx.query(`SELECT set_config('app.current_user_id', $1, true)`, [String(userId)]);
      return work(tx);
    },
    signal,
  );
}

/** One transaction without a tenant: for functions that are made to be called before one is known. Retries what the server asks to retry. */
export async function inTransaction<T>(pool: pg.Pool, work: (tx: Tx) => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await once(pool, work, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (attempt < ATTEMPTS && isRetryable(error)) continue;
      throw translate(error);
    }
  }
}

async function once<T>(pool: pg.Pool, work: (tx: Tx) => Promise<T>, signal?: AbortSignal): Promise<T> {
  signal?.throwIfAborted();
  const client = await pool.connect();
  if (signal?.aborted === true) {
    // While a connection was waited for: nothing is under way on it that would have to be cancelled.
    client.release();
    throw signal.reason;
  }
  let broken: Error | undefined;
  const cancelled = signal === undefined ? null : cancelWith(signal, pool, client);
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    if (isOutage(error)) broken = error as Error;
    else {
      await client.query('ROLLBACK').catch((rollbackError: Error) => {
        // The connection is in an unknown state; the first error is the one worth reporting.
        broken = rollbackError;
      });
    }
    throw error;
  } finally {
    // A request to cancel that is still on its way must not meet what the connection is asked next.
    if ((await cancelled?.()) === true) broken ??= new Error('cancelled');
    client.release(broken);
  }
}

/** One transaction on a connection of one's own, tried again where the server asks for it. */
export async function inTransactionOn<T>(client: Tx, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    await client.query('BEGIN');
    try {
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      if (!isOutage(error)) await client.query('ROLLBACK');
      if (attempt < ATTEMPTS && isRetryable(error)) continue;
      throw translate(error);
    }
  }
}
