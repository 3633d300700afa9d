import type pg from 'pg';
import { asTenant, type Tx } from '../db/as-tenant.ts';
import type { UserId } from '../domain/inverter.ts';
import { type AccountRow, type AuthColumns, accountOf } from './accounts.ts';
import { ask } from './ask.ts';

export interface SessionToInsert {
  id: string;
  userId: UserId;
  createdAt: Date;
  expiresAt: Date;
  address: string;
  userAgent: string | null;
}

export interface SessionRow {
  id: string;
  account: AccountRow;
  expiresAt: Date;
  endedAt: Date | null;
  lastUsedAt: Date;
}

export function insertSession(app: pg.Pool, session: SessionToInsert): Promise<void> {
  return asTenant(app, session.userId, (tx) => addSession(tx, session));
}

/** Living sessions of one account: more than people have devices, few enough for a list and for a script that signs in every minute. */
const MOST_SESSIONS = 100;

/** The same in a transaction that does more. Of too many sessions the one that has not been used for longest ends. */
export async function addSession(tx: Tx, session: SessionToInsert): Promise<void> {
  await tx.query(
    `INSERT INTO api.session (id, user_id, created_at, last_used_at, expires_at, address, user_agent)
     VALUES ($1, $2, $3, $3, $4, $5, $6)`,
    [session.id, session.userId, session.createdAt, session.expiresAt, session.address, session.userAgent],
  );
  await tx.query(
    `UPDATE api.session SET ended_at = $2 WHERE user_id = $1 AND id IN (
       SELECT id FROM api.session WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2
       ORDER BY last_used_at DESC, id <> $3 OFFSET $4)`,
    [session.userId, session.createdAt, session.id, MOST_SESSIONS],
  );
}

/** The session with this id and whose it is, living or not; null when there never was one. One indexed query. */
export async function findSession(app: pg.Pool, id: string): Promise<SessionRow | null> {
  const [row] = await ask<
    AuthColumns & { session_id: string; expires_at: Date; ended_at: Date | null; last_used_at: Date }
  >(app, 'SELECT * FROM api.auth_session($1)', [id]);
  if (row === undefined) return null;
  return {
    id: row.session_id,
    account: accountOf(row),
    expiresAt: row.expires_at,
    endedAt: row.ended_at,
    lastUsedAt: row.last_used_at,
  };
}

/** Notes that the session is in use, and until when it now lives without being used. */
export function touchSession(app: pg.Pool, userId: UserId, id: string, now: Date, expiresAt: Date): Promise<void> {
  return asTenant(app, userId, async (tx) => {
    // Of several requests at once the first writes; the others find it newer already.
    await tx.query(
      `UPDATE api.session SET last_used_at = $3, expires_at = $4
       WHERE user_id = $1 AND id = $2 AND ended_at IS NULL AND last_used_at < $3`,
      [userId, id, now, expiresAt],
    );
  });
}

/** Ends a session; one that has ended, or is another account's, stays as it is. */
export function endSession(app: pg.Pool, userId: UserId, id: string, now: Date): Promise<void> {
  return asTenant(app, userId, async (tx) => {
    await tx.query('UPDATE api.session SET ended_at = $3 WHERE user_id = $1 AND id = $2 AND ended_at IS NULL', [
      userId,
      id,
      now,
    ]);
  });
}

export interface ListedSession {
  id: string;
  createdAt: Date;
  lastUsedAt: Date;
  address: string | null;
  userAgent: string | null;
}

/** The account's living sessions, last used first. */
export async function listSessions(tx: Tx, userId: UserId, now: Date): Promise<ListedSession[]> {
  const { rows } = await tx.query<ListedSession>(
    `SELECT id, created_at AS "createdAt", last_used_at AS "lastUsedAt", address, user_agent AS "userAgent"
     FROM api.session WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2 ORDER BY last_used_at DESC, id LIMIT 200`,
    [userId, now],
  );
  return rows;
}

/** @returns false when there is no such session, it is another account's or over */
export async function endLivingSession(tx: Tx, userId: UserId, id: string, now: Date): Promise<boolean> {
  const { rowCount } = await tx.query(
    'UPDATE api.session SET ended_at = $3 WHERE user_id = $1 AND id = $2 AND ended_at IS NULL AND expires_at > $3',
    [userId, id, now],
  );
  return rowCount === 1;
}

/** @returns how many ended */
export async function endSessionsBut(tx: Tx, userId: UserId, but: string | null, now: Date): Promise<number> {
  const { rowCount } = await tx.query(
    `UPDATE api.session SET ended_at = $3
     WHERE user_id = $1 AND id IS DISTINCT FROM $2 AND ended_at IS NULL AND expires_at > $3`,
    [userId, but, now],
  );
  return rowCount ?? 0;
}

/** Where the account was signed in from, as far back as sessions are kept. */
export async function sessionAddresses(tx: Tx, userId: UserId): Promise<string[]> {
  const { rows } = await tx.query<{ address: string }>(
    'SELECT DISTINCT address FROM api.session WHERE user_id = $1 AND address IS NOT NULL LIMIT 1000',
    [userId],
  );
  return rows.map(({ address }) => address);
}
