import type pg from 'pg';
import { asTenant, type Tx } from '../db/as-tenant.ts';
import type { UserId } from '../domain/inverter.ts';
import { type AccountRow, type AuthColumns, accountOf } from './accounts.ts';
import { ask } from './ask.ts';

export type KeyScope = 'ingest' | 'read' | 'full';

export interface KeyToInsert {
  name: string;
  scope: KeyScope;
  hash: Buffer;
  hint: string;
  createdAt: Date;
  expiresAt: Date | null;
}

export interface KeyRow {
  keyId: number;
  scope: KeyScope;
  expiresAt: Date | null;
  revokedAt: Date | null;
  account: AccountRow;
}

/** @returns the key's id */
export function insertApiKey(app: pg.Pool, userId: UserId, key: KeyToInsert): Promise<number> {
  return asTenant(app, userId, (tx) => addApiKey(tx, userId, key));
}

/** The same in a transaction that does more. */
export async function addApiKey(tx: Tx, userId: UserId, key: KeyToInsert): Promise<number> {
  const { rows } = await tx.query<{ id: number }>(
    `INSERT INTO api.api_key (user_id, name, scope, key_hash, hint, created_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`,
    [userId, key.name, key.scope, key.hash, key.hint, key.createdAt, key.expiresAt],
  );
  return (rows[0] as { id: number }).id;
}

/** The key with this hash and whose it is, living or not; null when there never was one. One indexed query. */
export async function findApiKey(app: pg.Pool, hash: Buffer): Promise<KeyRow | null> {
  const [row] = await ask<
    AuthColumns & { key_id: number; scope: KeyScope; expires_at: Date | null; revoked_at: Date | null }
  >(app, 'SELECT * FROM api.auth_key($1)', [hash]);
  if (row === undefined) return null;
  return {
    keyId: row.key_id,
    scope: row.scope,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    account: accountOf(row),
  };
}

export interface KeySummaryRow {
  id: number;
  name: string;
  scope: KeyScope;
  hint: string;
  createdAt: Date;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
}

/** The account's keys that were not revoked, newest first. */
export async function listApiKeys(tx: Tx, userId: UserId): Promise<KeySummaryRow[]> {
  const { rows } = await tx.query<KeySummaryRow>(
    `SELECT id, name, scope, hint, created_at AS "createdAt", expires_at AS "expiresAt", last_used_at AS "lastUsedAt"
     FROM api.api_key WHERE user_id = $1 AND revoked_at IS NULL ORDER BY id DESC`,
    [userId],
  );
  return rows;
}

/** @returns false when the account has no such key that lives */
export async function revokeApiKey(tx: Tx, userId: UserId, keyId: number, now: Date): Promise<boolean> {
  const { rowCount } = await tx.query(
    'UPDATE api.api_key SET revoked_at = $3 WHERE user_id = $1 AND id = $2 AND revoked_at IS NULL',
    [userId, keyId, now],
  );
  return rowCount === 1;
}

/** Notes that the key is in use. */
export function touchApiKey(app: pg.Pool, userId: UserId, keyId: number, now: Date): Promise<void> {
  return asTenant(app, userId, async (tx) => {
    await tx.query(
      `UPDATE api.api_key SET last_used_at = $3
       WHERE user_id = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at < $3)`,
      [userId, keyId, now],
    );
  });
}
