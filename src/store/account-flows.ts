import type pg from 'pg';
import type { Tx } from '../db/as-tenant.ts';
import type { AuditAction } from '../domain/audit.ts';
import type { UserId } from '../domain/inverter.ts';
import type { AccountToInsert } from './accounts.ts';
import { ask } from './ask.ts';

export type TokenPurpose = 'verify' | 'reset' | 'email';

/** A link that is mailed; the token itself is kept nowhere. */
export interface TokenToIssue {
  hash: Buffer;
  createdAt: Date;
  expiresAt: Date;
}

/**
 * A new account with its first site and the link by which it confirms its address. In a transaction without a tenant.
 * @returns its id; null where the address has an account already
 */
export async function insertSignUp(
  tx: Tx,
  account: AccountToInsert & { locale: 'de' | 'en' },
  token: TokenToIssue,
  address: string,
): Promise<UserId | null> {
  const { rows } = await tx.query<{ id: UserId | null }>(
    'SELECT api.sign_up($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AS id',
    [
      account.email,
      account.passwordHash,
      account.firstName,
      account.lastName,
      account.locale,
      account.timeZone,
      token.hash,
      token.createdAt,
      token.expiresAt,
      address,
    ],
  );
  return rows[0]?.id ?? null;
}

/** A link for the tenant of the transaction. @param newEmail for purpose `email`: where it is sent */
export async function issueToken(
  tx: Tx,
  purpose: TokenPurpose,
  token: TokenToIssue,
  newEmail: string | null,
  address: string,
): Promise<void> {
  await tx.query('SELECT api.issue_account_token($1, $2, $3, $4, $5, $6)', [
    purpose,
    token.hash,
    newEmail,
    token.createdAt,
    token.expiresAt,
    address,
  ]);
}

export interface TokenRow {
  userId: UserId;
  purpose: TokenPurpose;
  email: string;
  newEmail: string | null;
  locale: 'de' | 'en' | null;
  expiresAt: Date;
  usedAt: Date | null;
  verifiedAt: Date | null;
}

/** What a link is good for, used up or over or not; null when there is none. */
export async function findToken(app: pg.Pool, hash: Buffer): Promise<TokenRow | null> {
  const [row] = await ask<TokenRow>(
    app,
    `SELECT user_id AS "userId", purpose, email, new_email AS "newEmail", locale, expires_at AS "expiresAt", used_at AS "usedAt",
            verified_at AS "verifiedAt" FROM api.account_token($1)`,
    [hash],
  );
  return row ?? null;
}

export interface ConfirmedAddress {
  userId: UserId;
  oldEmail: string;
  email: string;
  locale: 'de' | 'en' | null;
}

/** Uses the link up. Null: it is not good, or its address has an account of its own by now. */
export async function confirmAddress(
  tx: Tx,
  hash: Buffer,
  now: Date,
  address: string,
): Promise<ConfirmedAddress | null> {
  const { rows } = await tx.query<ConfirmedAddress>(
    'SELECT user_id AS "userId", old_email AS "oldEmail", email, locale FROM api.confirm_address($1, $2, $3)',
    [hash, now, address],
  );
  return rows[0] ?? null;
}

/** Uses the link up; every session ends. Null: it is not good. */
export async function resetPassword(
  tx: Tx,
  hash: Buffer,
  passwordHash: string,
  now: Date,
  address: string,
): Promise<{ userId: UserId; email: string; locale: 'de' | 'en' | null } | null> {
  const { rows } = await tx.query<{ userId: UserId; email: string; locale: 'de' | 'en' | null }>(
    'SELECT user_id AS "userId", email, locale FROM api.reset_password($1, $2, $3, $4)',
    [hash, passwordHash, now, address],
  );
  return rows[0] ?? null;
}

/** The tenant's new password. Every session but `sessionId` ends. */
export async function changePassword(
  tx: Tx,
  passwordHash: string,
  sessionId: string,
  now: Date,
  address: string,
): Promise<void> {
  await tx.query('SELECT api.change_password($1, $2, $3, $4)', [passwordHash, sessionId, now, address]);
}

/** The same password under a newer hash, unless it was changed meanwhile. */
export async function renewPasswordHash(tx: Tx, oldHash: string, newHash: string): Promise<void> {
  await tx.query('SELECT api.renew_password_hash($1, $2)', [oldHash, newHash]);
}

/** Ends the tenant's account; what was measured is removed by the worker. @throws Conflict for the last administrator */
export async function deleteAccount(tx: Tx, now: Date, address: string): Promise<void> {
  await tx.query('SELECT api.delete_account($1, $2)', [now, address]);
}

/** A sign-in that failed, for the audit log. The address is only looked up; of too many within an hour not each is noted. */
export async function noteFailedSignIn(
  app: pg.Pool,
  failed: { email: string; why: 'password' | 'code'; address: string },
  now: Date,
): Promise<void> {
  const values = [failed.email, failed.why, now, failed.address];
  await ask(app, 'SELECT api.note_failed_sign_in($1, $2, $3, $4)', values);
}

/** Something the tenant did to its own account, for the audit log. */
export async function noteOwnAct(
  tx: Tx,
  userId: UserId,
  action: AuditAction,
  address: string,
  detail: Record<string, unknown> = {},
): Promise<void> {
  await tx.query(`INSERT INTO api.audit_log (actor_id, user_id, action, detail, address) VALUES ($1, $1, $2, $3, $4)`, [
    userId,
    action,
    JSON.stringify(detail),
    address,
  ]);
}
