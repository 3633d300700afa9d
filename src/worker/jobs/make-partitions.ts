import type { Job } from '../job.ts';

const AHEAD = '28 days';
const BEHIND = '14 days';

/** Weekly partitions made well ahead, on the engine that has partitions of our own (storage design, "Engines"). */
export const makePartitions: Job = {
  name: 'make-partitions',
  everyS: 3_600,
  engine: 'plain',
  async run({ database, log, now }) {
    const made = await database.owner(async (client) => {
      // Making one locks everybody out for a moment; behind a slow reader that moment must not become long.
      await client.query(`SET lock_timeout = '3s'`);
      // Not for weeks that are packed: their late samples wait elsewhere to be joined with them.
      const result = await client.query<{ made: number }>(
        `SELECT store.make_partitions(greatest($1::timestamptz - $2::interval, packed_before), $1::timestamptz + $3::interval) AS made
         FROM store.packing`,
        [now, BEHIND, AHEAD],
      );
      return result.rows[0]?.made ?? 0;
    });
    if (made > 0) log.info({ made }, 'partitions made ahead');
  },
};
