import type { Tx } from '../../db/as-tenant.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Job } from '../job.ts';

/**
 * The last step of packing a week waits for every reader and writer, and lets nobody pass while it waits. Better to try again at the
 * next turn than to hold the flushes up behind one slow export.
 */
const LOCK_TIMEOUT = '3s';

/** 40001: samples came meanwhile; 55P03: the lock was not to be had. Neither is a failure. */
const TRY_AGAIN = new Set(['40001', '55P03']);

/** Packs the weeks that have gone cold, and joins late samples with days packed before (migrations 0008, 0009). Plain PostgreSQL only. */
export const packSamples: Job = {
  name: 'pack-samples',
  everyS: 3_600,
  engine: 'plain',
  async run({ database, settings, log, now }) {
    await database.owner(async (client) => {
      const { rows } = await client.query<{ mark: Date; weeks: Date[] }>(
        `SELECT mark, ARRAY(SELECT store.weeks_before(mark)) AS weeks
         FROM date_trunc('week', $1::timestamptz - make_interval(days => $2), 'UTC') AS mark`,
        [now, settings.compressAfterDays],
      );
      const { mark, weeks } = rows[0] as { mark: Date; weeks: Date[] };
      for (const week of weeks) {
        const startedMs = performance.now();
        try {
          const samples = await inOneTransaction<number>(client, 'store.pack_week($1)', [week]);
          log.info({ week, samples, ms: Math.round(performance.now() - startedMs) }, 'a week was packed');
        } catch (error) {
          if (!TRY_AGAIN.has((error as { code?: string }).code ?? '')) throw error;
          // Later weeks must not overtake this one: what is before the mark counts as packed.
          log.info({ week, err: error }, 'a week could not be packed now');
          return;
        }
      }
      await inOneTransaction(client, 'store.advance_packing($1)', [mark]);
      await mergeLate(client, log);
    });
  },
};

async function mergeLate(client: Tx, log: Logger): Promise<void> {
  const { rows } = await client.query<{ user_id: number; inverter_id: number }>('SELECT * FROM store.late_inverters()');
  for (const { user_id: userId, inverter_id: inverterId } of rows) {
    let samples = 0;
    let merged: number;
    do {
      merged = await inOneTransaction<number>(client, 'store.merge_late($1, $2)', [userId, inverterId]);
      samples += merged;
    } while (merged > 0);
    log.info({ userId, inverterId, samples }, 'late samples were joined with packed days');
  }
}

/** `SELECT call` in a transaction that gives up a lock it cannot have soon. */
async function inOneTransaction<T>(client: Tx, call: string, values: unknown[]): Promise<T> {
  await client.query('BEGIN');
  try {
    await client.query(`SELECT set_config('lock_timeout', $1, true)`, [LOCK_TIMEOUT]);
    const { rows } = await client.query<{ result: T }>(`SELECT ${call} AS result`, values);
    await client.query('COMMIT');
    return rows[0]?.result as T;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}
