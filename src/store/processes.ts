import type { DbPool } from '../db/pools.ts';

/** The processes of one installation, each known to the others by its heartbeat. */
export interface ProcessBeat {
  roles: string[];
  beatAt: Date;
}

export async function beat(
  pool: DbPool,
  process: { id: string; roles: string[]; host: string; startedAt: Date },
): Promise<void> {
  await pool.query('SELECT api.heartbeat($1, $2, $3, $4)', [
    process.id,
    process.roles,
    process.host,
    process.startedAt,
  ]);
}

/** What the process counts, beside its heartbeat. */
export async function noteFigures(pool: DbPool, processId: string, figures: object): Promise<void> {
  await pool.query('SELECT api.note_figures($1, $2)', [processId, JSON.stringify(figures)]);
}

export async function signOff(pool: DbPool, processId: string): Promise<void> {
  await pool.query('SELECT api.process_gone($1)', [processId]);
}

export async function readBeats(pool: DbPool): Promise<ProcessBeat[]> {
  const { rows } = await pool.query<{ roles: string[]; beat_at: Date }>('SELECT roles, beat_at FROM api.processes()');
  return rows.map((row) => ({ roles: row.roles, beatAt: row.beat_at }));
}

/** Whether there is one account on the server and no more. */
export async function isOnlyAccount(pool: DbPool): Promise<boolean> {
  const { rows } = await pool.query<{ only: boolean }>('SELECT api.is_only_account() AS only');
  return rows[0]?.only === true;
}
