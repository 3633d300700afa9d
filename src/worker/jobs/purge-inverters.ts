import type { Job } from '../job.ts';

/** Removes what was measured by inverters that their owners deleted. The inverter itself is gone already; this is only the rest. */
export const purgeInverters: Job = {
  name: 'purge-inverters',
  everyS: 60,
  async run({ database, log }) {
    await database.owner(async (client) => {
      const { rows } = await client.query<{ id: number; user_id: number; inverter_id: number }>(
        `SELECT id, user_id, (payload ->> 'inverter_id')::int AS inverter_id FROM store.job
         WHERE kind = 'purge-inverter' AND done_at IS NULL ORDER BY id LIMIT 100`,
      );
      for (const job of rows) {
        await client.query('BEGIN');
        await client.query('SELECT store.delete_measurements($1, $2)', [job.user_id, job.inverter_id]);
        await client.query('UPDATE store.job SET done_at = now(), attempts = attempts + 1 WHERE id = $1', [job.id]);
        await client.query('COMMIT');
        log.info({ inverterId: job.inverter_id }, 'measurements of a deleted inverter removed');
      }
    });
  },
};
