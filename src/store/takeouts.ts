import type { Tx } from '../db/as-tenant.ts';
import type { UserId } from '../domain/inverter.ts';
import { ask } from './ask.ts';
import type { OwnerClient } from './owner-accounts.ts';

export type TakeoutState = 'waiting' | 'running' | 'ready' | 'failed' | 'gone';

export interface TakeoutRow {
  id: number;
  state: TakeoutState;
  requestedAt: Date;
  /** 0…100. */
  progressPct: number;
  readyAt: Date | null;
  /** From then on it is not handed out. */
  expiresAt: Date;
  /** Size of the archive; null until it is ready. */
  bytes: number | null;
}

const COLUMNS = `id, state, requested_at AS "requestedAt", progress_pct::int AS "progressPct", ready_at AS "readyAt",
  expires_at AS "expiresAt", bytes`;

/** The one that was asked for last; null before the first. */
export async function newestTakeout(tx: Tx, userId: UserId): Promise<TakeoutRow | null> {
  const { rows } = await tx.query<TakeoutRow>(
    `SELECT ${COLUMNS} FROM api.takeout WHERE user_id = $1 ORDER BY id DESC LIMIT 1`,
    [userId],
  );
  return rows[0] ?? null;
}

/** When those since `since` were asked for, oldest first. */
export async function takeoutsSince(tx: Tx, userId: UserId, since: Date): Promise<Date[]> {
  const { rows } = await tx.query<{ at: Date }>(
    'SELECT requested_at AS at FROM api.takeout WHERE user_id = $1 AND requested_at > $2 ORDER BY id',
    [userId, since],
  );
  return rows.map(({ at }) => at);
}

/** @returns null when one is under way already */
export async function insertTakeout(
  tx: Tx,
  userId: UserId,
  { locale, now, expiresAt }: { locale: 'de' | 'en'; now: Date; expiresAt: Date },
): Promise<TakeoutRow | null> {
  const { rows } = await tx.query<TakeoutRow>(
    `INSERT INTO api.takeout (user_id, locale, requested_at, run_after, expires_at) VALUES ($1, $2, $3, $3, $4)
     ON CONFLICT (user_id) WHERE state IN ('waiting', 'running') DO NOTHING RETURNING ${COLUMNS}`,
    [userId, locale, now, expiresAt],
  );
  return rows[0] ?? null;
}

/**
 * Gives up whatever is kept or under way.
 * @param except but for this one
 * @returns how many there were
 */
export async function removeTakeouts(tx: Tx, userId: UserId, except: number | null = null): Promise<number> {
  const values = [userId, except];
  await tx.query('DELETE FROM api.takeout_piece WHERE user_id = $1 AND takeout_id IS DISTINCT FROM $2::int', values);
  const { rowCount } = await tx.query(
    `UPDATE api.takeout SET state = 'gone'
     WHERE user_id = $1 AND id IS DISTINCT FROM $2::int AND state IN ('waiting', 'running', 'ready')`,
    values,
  );
  return rowCount ?? 0;
}

/** The pieces of an archive by their numbers, from 0. Null where there is none. */
export async function readPiece(tx: Tx, userId: UserId, takeoutId: number, number: number): Promise<Buffer | null> {
  const { rows } = await tx.query<{ bytes: Buffer }>(
    'SELECT bytes FROM api.takeout_piece WHERE user_id = $1 AND takeout_id = $2 AND number = $3',
    [userId, takeoutId, number],
  );
  return rows[0]?.bytes ?? null;
}

/** What a worker has to make. */
export interface TakeoutToMake {
  id: number;
  userId: UserId;
  locale: 'de' | 'en';
  email: string;
  /** Which time it is begun, from 1. */
  attempt: number;
}

/**
 * The takeout that has waited longest, begun anew: whoever began it before has died or was stopped. Only under the lock of the job that
 * makes them, so that nobody is at it.
 * @returns null when none is due
 */
export async function beginTakeout(owner: OwnerClient, now: Date): Promise<TakeoutToMake | null> {
  const [row] = await ask<TakeoutToMake>(
    owner,
    `WITH due AS (
       SELECT t.id, u.email FROM api.takeout t JOIN api.user_account u ON u.id = t.user_id
       WHERE t.state IN ('waiting', 'running') AND t.run_after <= $1 AND u.disabled_at IS NULL
       ORDER BY t.id LIMIT 1 FOR UPDATE OF t
     ), leftovers AS (
       DELETE FROM api.takeout_piece p USING due WHERE p.takeout_id = due.id
     )
     UPDATE api.takeout t SET state = 'running', attempts = t.attempts + 1, progress_pct = 0 FROM due WHERE t.id = due.id
     RETURNING t.id, t.user_id AS "userId", t.locale, due.email, t.attempts::int AS attempt`,
    [now],
  );
  return row ?? null;
}

/** The takeout as long as it is this worker's to make. */
const MINE = `user_id = $1 AND id = $2 AND state = 'running' AND attempts = $3`;

/** @returns false when the takeout is no longer wanted, or another worker's by now */
export async function addPiece(
  tx: Tx,
  { userId, id, attempt }: TakeoutToMake,
  number: number,
  bytes: Buffer,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `INSERT INTO api.takeout_piece (user_id, takeout_id, number, bytes)
     SELECT user_id, id, $4::int, $5::bytea FROM api.takeout WHERE ${MINE}`,
    [userId, id, attempt, number, bytes],
  );
  return rowCount === 1;
}

export async function noteProgress(tx: Tx, { userId, id, attempt }: TakeoutToMake, progressPct: number): Promise<void> {
  await tx.query(`UPDATE api.takeout SET progress_pct = $4 WHERE ${MINE} AND progress_pct < $4`, [
    userId,
    id,
    attempt,
    progressPct,
  ]);
}

/** How a try ended: an archive, another try later (which costs none of the tries when the worker was only stopped), or none at all. */
export type TakeoutOutcome =
  | { state: 'ready'; bytes: number; readyAt: Date; expiresAt: Date }
  | { state: 'waiting'; runAfter: Date; counts: boolean }
  | { state: 'failed' };

export async function endTakeout(
  tx: Tx,
  { userId, id, attempt }: TakeoutToMake,
  outcome: TakeoutOutcome,
): Promise<void> {
  const mine = [userId, id, attempt];
  if (outcome.state === 'ready') {
    const { readyAt, expiresAt, bytes } = outcome;
    await tx.query(
      `UPDATE api.takeout SET state = 'ready', progress_pct = 100, ready_at = $4, expires_at = $5, bytes = $6 WHERE ${MINE}`,
      [...mine, readyAt, expiresAt, bytes],
    );
  } else if (outcome.state === 'waiting') {
    await tx.query(
      `UPDATE api.takeout SET state = 'waiting', run_after = $4, attempts = attempts - $5::int WHERE ${MINE}`,
      [...mine, outcome.runAfter, outcome.counts ? 0 : 1],
    );
  } else {
    await tx.query(`UPDATE api.takeout SET state = 'failed' WHERE ${MINE}`, mine);
    await tx.query('DELETE FROM api.takeout_piece WHERE user_id = $1 AND takeout_id = $2', [userId, id]);
  }
}
