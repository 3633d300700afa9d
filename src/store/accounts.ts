import type pg from 'pg';
import type { UserId } from '../domain/inverter.ts';
import { ask } from './ask.ts';

/** An account as the sign-in functions of the database show it. */
export interface AccountRow {
  id: UserId;
  email: string;
  firstName: string;
  lastName: string;
  locale: 'de' | 'en' | null;
  isAdmin: boolean;
  isVerified: boolean;
  isDisabled: boolean;
}

/** The columns every `api.auth_…` function returns of an account. */
export interface AuthColumns {
  id: UserId;
  email: string;
  first_name: string;
  last_name: string;
  locale: 'de' | 'en' | null;
  is_admin: boolean;
  verified_at: Date | null;
  disabled_at: Date | null;
}

export function accountOf(row: AuthColumns): AccountRow {
  return {
    id: row.id,
    email: row.email,
    firstName: row.first_name,
    lastName: row.last_name,
    locale: row.locale,
    isAdmin: row.is_admin,
    isVerified: row.verified_at !== null,
    isDisabled: row.disabled_at !== null,
  };
}

/** The account with this address in any spelling of its letters, with its password's hash; null when there is none. */
export async function findAccount(
  app: pg.Pool,
  email: string,
): Promise<{ account: AccountRow; passwordHash: string } | null> {
  const [row] = await ask<AuthColumns & { password_hash: string }>(app, 'SELECT * FROM api.auth_user($1)', [email]);
  return row === undefined ? null : { account: accountOf(row), passwordHash: row.password_hash };
}

/** Whether the one-time link with this hash is the current one and no administrator exists yet. */
export async function isSetupToken(app: pg.Pool, tokenHash: Buffer): Promise<boolean> {
  const [row] = await ask<{ valid: boolean }>(app, 'SELECT api.is_setup_token($1) AS valid', [tokenHash]);
  return row?.valid === true;
}

/** Whether there is an administrator, disabled ones included; then no one-time link is given out or valid. */
export async function hasAdministrator(app: pg.Pool): Promise<boolean> {
  const [row] = await ask<{ has: boolean }>(app, 'SELECT api.has_administrator() AS has');
  return row?.has === true;
}

export interface AccountToInsert {
  email: string;
  passwordHash: string;
  firstName: string;
  lastName: string;
  /** IANA zone of the account's first site. */
  timeZone: string;
}

/**
 * The first administrator, with a first site; the one-time link is used up in the same transaction.
 * @returns null when the link is not (or no longer) valid
 * @throws Conflict when the address is taken
 */
export async function insertFirstAdmin(
  app: pg.Pool,
  tokenHash: Buffer,
  account: AccountToInsert,
): Promise<UserId | null> {
  const [row] = await ask<{ id: UserId | null }>(app, 'SELECT api.create_first_admin($1, $2, $3, $4, $5, $6) AS id', [
    tokenHash,
    account.email,
    account.passwordHash,
    account.firstName,
    account.lastName,
    account.timeZone,
  ]);
  return row?.id ?? null;
}
