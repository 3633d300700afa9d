import type { Tx } from '../db/as-tenant.ts';
import type { UserId } from '../domain/inverter.ts';
import type { OwnerClient } from './owner-accounts.ts';

/** A second factor as it is stored. */
export interface TwoFactorRow {
  /** Encrypted. */
  sealedSeed: string;
  /** False: begun, not yet demanded. */
  isOn: boolean;
  recoveryCodes: number;
}

async function one<T>(tx: Tx, text: string, values: readonly unknown[] = []): Promise<T | null> {
  const { rows } = await tx.query<{ it: T }>(text, [...values]);
  return rows[0]?.it ?? null;
}

/** The tenant's second factor; null when none was begun. */
export async function readTwoFactor(tx: Tx): Promise<TwoFactorRow | null> {
  const { rows } = await tx.query<TwoFactorRow>(
    'SELECT seed AS "sealedSeed", is_on AS "isOn", recovery_codes AS "recoveryCodes" FROM api.two_factor()',
  );
  return rows[0] ?? null;
}

/** @returns false when one is on already */
export async function beginTwoFactor(tx: Tx, sealedSeed: string, now: Date): Promise<boolean> {
  return (await one<boolean>(tx, 'SELECT api.begin_two_factor($1, $2) AS it', [sealedSeed, now])) === true;
}

/** Every session but `sessionId` ends. @returns false when there is none to confirm */
export async function confirmTwoFactor(
  tx: Tx,
  step: number,
  codeHashes: readonly Buffer[],
  sessionId: string,
  now: Date,
  address: string,
): Promise<boolean> {
  const values = [step, [...codeHashes], sessionId, now, address];
  return (await one<boolean>(tx, 'SELECT api.confirm_two_factor($1, $2, $3, $4, $5) AS it', values)) === true;
}

/** @returns false when a code of this step or a later one was accepted before */
export async function takeStep(tx: Tx, step: number): Promise<boolean> {
  return (await one<boolean>(tx, 'SELECT api.take_two_factor_step($1) AS it', [step])) === true;
}

/** @returns false when it is none of the tenant's */
export async function takeRecoveryCode(tx: Tx, hash: Buffer, now: Date, address: string): Promise<boolean> {
  return (await one<boolean>(tx, 'SELECT api.take_recovery_code($1, $2, $3) AS it', [hash, now, address])) === true;
}

export async function replaceRecoveryCodes(
  tx: Tx,
  hashes: readonly Buffer[],
  now: Date,
  address: string,
): Promise<void> {
  await tx.query('SELECT api.replace_recovery_codes($1, $2, $3)', [[...hashes], now, address]);
}

/** @returns false when there was none */
export async function removeTwoFactor(tx: Tx, now: Date, address: string): Promise<boolean> {
  return (await one<boolean>(tx, 'SELECT api.remove_two_factor($1, $2) AS it', [now, address])) === true;
}

/** By the operator, for whoever lost it. @returns false when there was none */
export async function removeTwoFactorOf(owner: OwnerClient, userId: UserId, now: Date): Promise<boolean> {
  const { rowCount } = await owner.query(
    `WITH gone AS (DELETE FROM store.two_factor WHERE user_id = $1 RETURNING user_id)
     INSERT INTO api.audit_log (at, user_id, action, detail) SELECT $2, user_id, 'two-factor.off', '{"by": "command line"}' FROM gone`,
    [userId, now],
  );
  return rowCount === 1;
}

/** Where encrypted values lie: table, key, column. */
const SEALED = {
  seeds: ['store.two_factor', 'user_id', 'seed'],
  mails: ['store.mail', 'id', 'message'],
} as const;

export interface Resealed {
  seeds: number;
  mails: number;
  /** Left as they are. */
  unreadable: number;
}

/**
 * Gives every encrypted value to `reseal` and stores what it makes of it, unless it was changed meanwhile.
 * @param reseal null: it cannot be read
 */
export async function resealAll(owner: OwnerClient, reseal: (sealed: string) => string | null): Promise<Resealed> {
  const done: Resealed = { seeds: 0, mails: 0, unreadable: 0 };
  for (const what of ['seeds', 'mails'] as const) {
    const [table, key, column] = SEALED[what];
    const { rows } = await owner.query<{ id: number; sealed: string }>(
      `SELECT ${key} AS id, ${column} AS sealed FROM ${table} WHERE ${column} IS NOT NULL ORDER BY ${key}`,
    );
    for (const { id, sealed } of rows) {
      const renewed = reseal(sealed);
      if (renewed === null) done.unreadable++;
      else {
        done[what]++;
        const values = [id, sealed, renewed];
        await owner.query(`UPDATE ${table} SET ${column} = $3 WHERE ${key} = $1 AND ${column} = $2`, values);
      }
    }
  }
  return done;
}
