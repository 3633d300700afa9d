import type pg from 'pg';
import { connectClient } from './client.ts';

/**
 * Lets a signal end what a lent connection is at: PostgreSQL is asked on a connection of its own, for those of the pool may all be at work
 * on what is to be cancelled. A login may cancel what it began itself.
 * @param signal that has not fired yet
 * @returns to be called when the work is over: whether it was cancelled, as soon as nothing of that is under way any more
 */
export function cancelWith(signal: AbortSignal, pool: pg.Pool, client: pg.PoolClient): () => Promise<boolean> {
  let asking: Promise<void> | null = null;
  const onAbort = (): void => {
    asking = askToCancel(pool, client);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  return async () => {
    signal.removeEventListener('abort', onAbort);
    if (asking === null) return false;
    await asking;
    return true;
  };
}

/** Where it cannot be asked, the statement comes to its end by itself: its pieces are small, and its time is limited. */
async function askToCancel(pool: pg.Pool, client: pg.PoolClient): Promise<void> {
  const { processID } = client as unknown as { processID: number };
  try {
    const asking = await connectClient(pool.options);
    try {
      await asking.query('SELECT pg_cancel_backend($1)', [processID]);
    } finally {
      await asking.end();
    }
  } catch {
    // Nobody waits for the result any more.
  }
}
