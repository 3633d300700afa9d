import type pg from 'pg';
import { translate } from '../db/errors.ts';
import type { DeviceKind, InverterId, UserId } from '../domain/inverter.ts';
import type { AccountToInsert } from './accounts.ts';
import type { KeyToInsert } from './api-keys.ts';
import { ask } from './ask.ts';
import { LEAVE_INBOX } from './pending.ts';

/** A connection of the owner: the command line and the start of the server, never a request. */
export type OwnerClient = pg.Client;

export interface ListedAccount {
  id: UserId;
  email: string;
  firstName: string;
  lastName: string;
  isAdmin: boolean;
  verifiedAt: Date | null;
  disabledAt: Date | null;
  createdAt: Date;
}

/** What is done by the command line is noted like everything else; who sat there is not known. */
const BY_COMMAND = `'{"by": "command line"}'::jsonb`;

/**
 * Keeps the hash of the one-time link for the first administrator, in place of any before it.
 * @returns false, and no link is valid any more, when there is an administrator already
 */
export async function replaceSetupToken(owner: OwnerClient, tokenHash: Buffer, now: Date): Promise<boolean> {
  const rows = await ask(
    owner,
    `WITH gone AS (DELETE FROM api.setup_token WHERE EXISTS (SELECT FROM api.user_account WHERE is_admin))
     INSERT INTO api.setup_token (token_hash, created_at)
     SELECT $1, $2 WHERE NOT EXISTS (SELECT FROM api.user_account WHERE is_admin)
     ON CONFLICT (only_row) DO UPDATE SET token_hash = excluded.token_hash, created_at = excluded.created_at
     RETURNING only_row`,
    [tokenHash, now],
  );
  return rows.length > 0;
}

/** @throws Conflict when the address is taken */
export async function insertAccount(
  owner: OwnerClient,
  account: AccountToInsert & { isAdmin: boolean; isVerified: boolean },
): Promise<UserId> {
  const [row] = await ask<{ id: UserId }>(
    owner,
    `WITH made AS MATERIALIZED (SELECT api.insert_account($1, $2, $3, $4, $5, $6, $7) AS id),
          noted AS (INSERT INTO api.audit_log (user_id, action, detail)
                    SELECT id, 'account.create', ${BY_COMMAND} || jsonb_build_object('is_admin', $5::boolean) FROM made)
     SELECT id FROM made`,
    [
      account.email,
      account.passwordHash,
      account.firstName,
      account.lastName,
      account.isAdmin,
      account.isVerified,
      account.timeZone,
    ],
  );
  return (row as { id: UserId }).id;
}

export function listAccounts(owner: OwnerClient): Promise<ListedAccount[]> {
  return ask<ListedAccount>(
    owner,
    `SELECT id, email, first_name AS "firstName", last_name AS "lastName", is_admin AS "isAdmin", verified_at AS "verifiedAt",
            disabled_at AS "disabledAt", created_at AS "createdAt"
     FROM api.user_account ORDER BY id`,
  );
}

/** The account with this address in any spelling of its letters; null when there is none. */
export async function findAccountId(owner: OwnerClient, email: string): Promise<UserId | null> {
  const [row] = await ask<{ id: UserId }>(owner, 'SELECT id FROM api.user_account WHERE lower(email) = lower($1)', [
    email,
  ]);
  return row?.id ?? null;
}

/** A new password, and the end of every session and mailed link that was good with the old one. */
export async function replacePassword(owner: OwnerClient, userId: UserId, hash: string, now: Date): Promise<void> {
  await ask(
    owner,
    `WITH account AS (UPDATE api.user_account SET password_hash = $2 WHERE id = $1),
          links AS (DELETE FROM store.account_token WHERE user_id = $1),
          noted AS (INSERT INTO api.audit_log (at, user_id, action, detail) VALUES ($3, $1, 'password.change', ${BY_COMMAND}))
     UPDATE api.session SET ended_at = $3 WHERE user_id = $1 AND ended_at IS NULL`,
    [userId, hash, now],
  );
}

/**
 * No sign-in, no session, no key and no device of this account works any more; nothing is deleted.
 * @throws Conflict for the last administrator
 */
export async function disableAccount(owner: OwnerClient, userId: UserId, now: Date): Promise<void> {
  await ask(
    owner,
    `WITH account AS (UPDATE api.user_account SET disabled_at = coalesce(disabled_at, $2) WHERE id = $1),
          noted AS (INSERT INTO api.audit_log (at, user_id, action, detail) VALUES ($2, $1, 'account.disable', ${BY_COMMAND}))
     UPDATE api.session SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL`,
    [userId, now],
  );
}

/** @returns the key's id */
export async function insertApiKeyFor(owner: OwnerClient, userId: UserId, key: KeyToInsert): Promise<number> {
  const [row] = await ask<{ id: number }>(
    owner,
    `WITH made AS (INSERT INTO api.api_key (user_id, name, scope, key_hash, hint, created_at, expires_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id),
          noted AS (INSERT INTO api.audit_log (at, user_id, action, detail)
                    SELECT $6, $1, 'api-key.created', ${BY_COMMAND} || jsonb_build_object('key_id', id, 'name', $2::text, 'scope', $3::text)
                    FROM made)
     SELECT id FROM made`,
    [userId, key.name, key.scope, key.hash, key.hint, key.createdAt, key.expiresAt],
  );
  return (row as { id: number }).id;
}

export interface InverterToAdd {
  kind: DeviceKind;
  /** Normalised. */
  serial: string;
  name: string;
  ratedPowerW: number | null;
  /** IANA zone; null: that of the account's first site. */
  timeZone: string | null;
}

/**
 * An inverter that is active at once, at the account's site in that zone, which is made where there is none. One that was waiting
 * for its proof has it now.
 * @returns null when the account has that serial already
 * @throws Conflict when the logger is active in another account
 */
export async function addActiveInverter(
  owner: OwnerClient,
  userId: UserId,
  inverter: InverterToAdd,
): Promise<InverterId | null> {
  try {
    await owner.query('BEGIN');
    const siteId = await siteIn(owner, userId, inverter.timeZone);
    const { rows } = await owner.query<{ id: InverterId }>(
      `INSERT INTO api.inverter AS i (user_id, site_id, kind, serial, name, rated_power_w)
       VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (user_id, kind, serial) DO UPDATE
         SET waiting = false, site_id = excluded.site_id, name = excluded.name,
             rated_power_w = coalesce(excluded.rated_power_w, i.rated_power_w)
         WHERE i.waiting
       RETURNING id`,
      [userId, siteId, inverter.kind, inverter.serial, inverter.name, inverter.ratedPowerW],
    );
    if (rows[0] === undefined) {
      await owner.query('ROLLBACK');
      return null;
    }
    await owner.query(LEAVE_INBOX, [userId, inverter.kind, inverter.serial]);
    await owner.query(
      `INSERT INTO api.audit_log (user_id, action, detail)
       VALUES ($1, 'inverter.added', ${BY_COMMAND} || jsonb_build_object('inverter_id', $2::int, 'kind', $3::text, 'serial', $4::text))`,
      [userId, rows[0].id, inverter.kind, inverter.serial],
    );
    await owner.query('COMMIT');
    return rows[0].id;
  } catch (error) {
    // Fails too where the connection is gone; the first error is the one worth reporting.
    await owner.query('ROLLBACK').catch(() => undefined);
    throw translate(error);
  }
}

async function siteIn(owner: OwnerClient, userId: UserId, timeZone: string | null): Promise<number> {
  const { rows } = await owner.query<{ id: number }>(
    'SELECT id FROM api.site WHERE user_id = $1 AND ($2::text IS NULL OR time_zone = $2) ORDER BY id LIMIT 1',
    [userId, timeZone],
  );
  if (rows[0] !== undefined) return rows[0].id;
  const made = await owner.query<{ id: number }>(
    `INSERT INTO api.site (user_id, name, time_zone) VALUES ($1, $2, $2) RETURNING id`,
    [userId, timeZone],
  );
  return (made.rows[0] as { id: number }).id;
}
