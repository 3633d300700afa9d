import type pg from 'pg';

type Client = Pick<pg.Client, 'query'>;

/** Whether the server of this run is TimescaleDB: then there are chunks where there would be partitions and packed days. */
export const ON_TIMESCALE = process.env['TEST_TIMESCALE_URL'] !== undefined;

/** Partitions for samples of these weeks; hypertables make their chunks by themselves. As the owner. */
export async function makeRoom(owner: Client, from: Date, to: Date): Promise<void> {
  if (ON_TIMESCALE) return;
  await owner.query('SELECT store.make_partitions($1, $2)', [from, to]);
}

/** Has a week, given by any of its moments, go cold: packed, or in columnstore with every chunk it touches. As the owner. */
export async function coolWeek(owner: Client, at: Date): Promise<void> {
  if (!ON_TIMESCALE) {
    await owner.query(`SELECT store.pack_week(date_trunc('week', $1::timestamptz, 'UTC'))`, [at]);
    return;
  }
  for (const table of ['ac_sample', 'dc_sample']) {
    await owner.query(
      `SELECT compress_chunk(c, if_not_compressed => true)
       FROM show_chunks('store.${table}', older_than => $1::timestamptz + interval '14 days') c`,
      [at],
    );
  }
}

/** Has samples before a moment fall off the end, as retention does. As the owner. */
export async function dropBefore(owner: Client, at: Date): Promise<void> {
  if (!ON_TIMESCALE) {
    await owner.query('SELECT store.drop_samples($1)', [at]);
    return;
  }
  for (const table of ['ac_sample', 'dc_sample']) {
    await owner.query(`SELECT drop_chunks('store.${table}', older_than => $1::timestamptz)`, [at]);
  }
}
