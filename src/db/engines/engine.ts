import type pg from 'pg';

/** How samples are kept: weekly partitions of our own, or TimescaleDB's hypertables. Recorded at the first migration. */
export type Engine = 'plain' | 'timescale';

/**
 * The engine recorded in the database, or else what its server offers. TimescaleDB counts only when it is preloaded (CREATE
 * EXTENSION would otherwise end the session), already created in this database, and under the licence that has columnstore.
 */
export async function detectEngine(db: Pick<pg.Pool, 'query'>): Promise<Engine> {
  const recorded = await db.query<{ engine: Engine | null }>(
    `SELECT to_regclass('store.installation') IS NOT NULL AS present`,
  );
  if ((recorded.rows[0] as { present?: boolean } | undefined)?.present === true) {
    const { rows } = await db.query<{ engine: Engine }>('SELECT engine FROM store.installation');
    if (rows[0] !== undefined) return rows[0].engine;
  }
  const { rows } = await db.query<{ usable: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb')
        AND coalesce(current_setting('timescaledb.license', true), '') = 'timescale' AS usable`,
  );
  return rows[0]?.usable === true ? 'timescale' : 'plain';
}

/**
 * Creates the TimescaleDB extension where the server has it preloaded. Runs as the DATABASE_URL login, outside migrations, because
 * it needs rights the owner does not have. Answers what it found, for the log.
 */
export async function prepareTimescale(
  client: Pick<pg.Client, 'query'>,
): Promise<'created' | 'present' | 'not preloaded'> {
  const { rows } = await client.query<{ preloaded: boolean; present: boolean }>(
    `SELECT coalesce(current_setting('shared_preload_libraries', true), '') LIKE '%timescaledb%' AS preloaded,
            EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') AS present`,
  );
  if (rows[0]?.present === true) return 'present';
  if (rows[0]?.preloaded !== true) return 'not preloaded';
  await client.query('CREATE EXTENSION IF NOT EXISTS timescaledb');
  return 'created';
}
