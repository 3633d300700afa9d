import type { Job } from '../job.ts';

/** Removes samples older than RETENTION_DAYS, packed or not. On TimescaleDB a retention policy does it. Energy is kept for ever. */
export const dropOldSamples: Job = {
  name: 'drop-old-samples',
  everyS: 3_600,
  engine: 'plain',
  async run({ database, settings, log, now }) {
    await database.owner(async (client) => {
      // Partitions go under a lock that makes everybody wait: rather at the next turn than behind one slow export.
      await client.query(`SET lock_timeout = '3s'`);
      const { rows } = await client.query<{ packedDays: number; partitions: number }>(
        `SELECT packed_days AS "packedDays", partitions
         FROM store.drop_samples($1::timestamptz - make_interval(days => $2))`,
        [now, settings.retentionDays],
      );
      const gone = rows[0] ?? { packedDays: 0, partitions: 0 };
      if (gone.packedDays + gone.partitions > 0) log.info(gone, 'samples past their retention removed');
    });
  },
};
