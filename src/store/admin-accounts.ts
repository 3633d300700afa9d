import { asTenant, type Tx } from '../db/as-tenant.ts';
import type { DbPool } from '../db/pools.ts';
import { NotAllowed } from '../domain/errors.ts';
import type { UserId } from '../domain/inverter.ts';

/**
 * One transaction of an administrator, by the login that may call the functions of administration and nothing else. The database makes
 * sure for each of them that it is one.
 * @throws NotAllowed when the account is none (any more), and whatever `work` throws
 */
export async function asAdmin<T>(admin: DbPool, actor: UserId, work: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    return await asTenant(admin, actor, work);
  } catch (error) {
    if ((error as { code?: unknown }).code !== '42501') throw error;
    throw new NotAllowed('This is for administrators.', { cause: error });
  }
}

/** An account as an administrator sees it. */
export interface AdminAccountRow {
  id: UserId;
  email: string;
  firstName: string;
  lastName: string;
  isAdmin: boolean;
  verifiedAt: Date | null;
  disabledAt: Date | null;
  createdAt: Date;
  hasTwoFactor: boolean;
  inverters: number;
  /** That were not revoked. */
  apiKeys: number;
  /** That live. */
  sessions: number;
  /** Null: never signed in, or not for a month. */
  lastUsedAt: Date | null;
}

/** The newest first. `search` is part of an address or a name; empty for all. */
export async function adminAccounts(
  tx: Tx,
  { search = '', only = null, before = null, atMost }: Partial<AdminPage> & { only?: UserId | null; atMost: number },
): Promise<AdminAccountRow[]> {
  const { rows } = await tx.query<AdminAccountRow>(
    `SELECT id, email, first_name AS "firstName", last_name AS "lastName", is_admin AS "isAdmin", verified_at AS "verifiedAt",
            disabled_at AS "disabledAt", created_at AS "createdAt", has_two_factor AS "hasTwoFactor", inverters,
            api_keys AS "apiKeys", sessions, last_used_at AS "lastUsedAt"
     FROM api.admin_accounts($1, $2, $3, $4)`,
    [search, only, before, atMost],
  );
  return rows;
}

/** Which part of a list. */
export interface AdminPage {
  search: string;
  /** The id that the page before ended with; null for the first. */
  before: number | null;
  atMost: number;
}

export const ACCOUNT_ACTS = ['disable', 'enable', 'verify', 'make-admin', 'unmake-admin', 'end-sessions'] as const;
export type AccountAct = (typeof ACCOUNT_ACTS)[number];

/** `self`: nobody disables himself. `last`: there must be an administrator. `nothing`: it was so already. */
export type ActOutcome = 'done' | 'missing' | 'self' | 'last' | 'nothing';

export async function adminAct(
  tx: Tx,
  userId: UserId,
  act: AccountAct,
  now: Date,
  address: string,
): Promise<ActOutcome> {
  const { rows } = await tx.query<{ outcome: ActOutcome }>('SELECT api.admin_act($1, $2, $3, $4) AS outcome', [
    userId,
    act,
    now,
    address,
  ]);
  return rows[0]?.outcome ?? 'missing';
}

/** Keeps a link to a new password. @returns where it is to be sent; null when there is no such account that works */
export async function adminStartReset(
  tx: Tx,
  userId: UserId,
  link: { hash: Buffer; createdAt: Date; expiresAt: Date },
  address: string,
): Promise<{ email: string; locale: 'de' | 'en' | null } | null> {
  const { rows } = await tx.query<{ email: string; locale: 'de' | 'en' | null }>(
    'SELECT email, locale FROM api.admin_start_reset($1, $2, $3, $4, $5)',
    [userId, link.hash, link.createdAt, link.expiresAt, address],
  );
  return rows[0] ?? null;
}
