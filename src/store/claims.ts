import type pg from 'pg';
import type { Tx } from '../db/as-tenant.ts';
import type { Claim, Proof } from '../domain/claim.ts';
import type { InverterId } from '../domain/inverter.ts';
import { ask } from './ask.ts';
import type { OwnerClient } from './owner-accounts.ts';

/** Those who wait for this logger, oldest first, with what they can show. */
export async function claimsOf(pool: pg.Pool, serial: string): Promise<Claim[]> {
  const rows = await ask<{
    user_id: number;
    inverter_id: number;
    is_only_account: boolean;
    restart_asked_at: Date | null;
    released_at: Date | null;
    addresses: string[];
    seen_at: Date[];
  }>(pool, 'SELECT * FROM api.claims_of($1)', [serial]);
  return rows.map((row) => ({
    userId: row.user_id,
    inverterId: row.inverter_id,
    isOnlyAccount: row.is_only_account,
    restartAskedAt: row.restart_asked_at,
    releasedAt: row.released_at,
    visits: row.addresses.flatMap((address, i) => {
      const at = row.seen_at[i];
      return at === undefined ? [] : [{ address, at }];
    }),
  }));
}

/** When a logger that is nobody's was here last, and when it last came back from hours of silence; null: never here. */
export async function unclaimedSeen(
  pool: pg.Pool,
  serial: string,
): Promise<{ lastSeenAt: Date; returnedAt: Date | null } | null> {
  const text = 'SELECT last_seen_at AS "lastSeenAt", returned_at AS "returnedAt" FROM api.unclaimed_seen($1)';
  const rows = await ask<{ lastSeenAt: Date; returnedAt: Date | null }>(pool, text, [serial]);
  return rows[0] ?? null;
}

/** @returns false when the inverter does not wait any more, or another account has the logger by now: the first proof wins */
export async function proveClaim(
  pool: pg.Pool,
  { userId, inverterId }: Pick<Claim, 'userId' | 'inverterId'>,
  proof: Proof,
  at: Date,
  address: string,
): Promise<boolean> {
  const rows = await ask<{ proven: boolean }>(pool, 'SELECT api.prove_claim($1, $2, $3, $4, $5) AS proven', [
    userId,
    inverterId,
    proof,
    at,
    address,
  ]);
  return rows[0]?.proven === true;
}

/** @returns null when the tenant has no such inverter, or it does not wait; false when said too often within a day */
export async function askRestart(tx: Tx, inverterId: InverterId, at: Date, mostADay: number): Promise<boolean | null> {
  const { rows } = await tx.query<{ asked: boolean | null }>('SELECT api.ask_restart($1, $2, $3) AS asked', [
    inverterId,
    at,
    mostADay,
  ]);
  return rows[0]?.asked ?? null;
}

/** @returns false when the tenant has no such logger, or it waits anyway */
export async function releaseLogger(tx: Tx, inverterId: InverterId, at: Date): Promise<boolean> {
  const { rows } = await tx.query<{ released: boolean }>('SELECT api.release_logger($1, $2) AS released', [
    inverterId,
    at,
  ]);
  return rows[0]?.released === true;
}

/** How it stands with a logger that waits for a proof. */
export interface ClaimStateRow {
  restartAskedAt: Date | null;
  /** It was given up by this account. */
  isReleased: boolean;
  /** Another account has the logger. */
  isTaken: boolean;
  /** Another account waits for it too. */
  hasRivals: boolean;
  /** When the logger was last here, still nobody's; null when it was not. */
  lastSeenAt: Date | null;
}

/** @returns null when the tenant has no such inverter, or it does not wait */
export async function readClaimState(tx: Tx, inverterId: InverterId): Promise<ClaimStateRow | null> {
  const { rows } = await tx.query<ClaimStateRow>(
    `SELECT restart_asked_at AS "restartAskedAt", released AS "isReleased", is_taken AS "isTaken", has_rivals AS "hasRivals",
            last_seen_at AS "lastSeenAt"
     FROM api.claim_state($1)`,
    [inverterId],
  );
  return rows[0] ?? null;
}

/** From where the tenant is used; kept only while one of its loggers is not connected yet. */
export async function noteVisit(tx: Tx, address: string, at: Date): Promise<void> {
  await tx.query('SELECT api.note_visit($1, $2)', [address, at]);
}

export async function noteTls(pool: pg.Pool, address: string, at: Date): Promise<void> {
  await ask(pool, 'SELECT api.note_tls($1, $2)', [address, at]);
}

/** The newest TLS hello since then from where the tenant is used; from anywhere, where this is the only account. */
export async function readTlsNearby(tx: Tx, since: Date): Promise<{ address: string; lastSeenAt: Date } | null> {
  const { rows } = await tx.query<{ address: string; lastSeenAt: Date }>(
    'SELECT address, last_seen_at AS "lastSeenAt" FROM api.tls_nearby($1)',
    [since],
  );
  return rows[0] ?? null;
}

/** As the owner: what was here since then that is nobody's. */
export async function readStrangers(
  owner: OwnerClient,
  since: Date,
): Promise<{ tls: { address: string; lastSeenAt: Date }[]; unclaimed: number }> {
  const tls = await ask<{ address: string; lastSeenAt: Date }>(
    owner,
    `SELECT address, last_seen_at AS "lastSeenAt" FROM store.tls_attempt WHERE last_seen_at > $1
     ORDER BY last_seen_at DESC LIMIT 5`,
    [since],
  );
  const text = 'SELECT count(*)::int AS n FROM store.unclaimed_logger WHERE last_seen_at > $1';
  const [row] = await ask<{ n: number }>(owner, text, [since]);
  return { tls, unclaimed: row?.n ?? 0 };
}
