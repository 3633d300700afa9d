import type { Tx } from '../db/as-tenant.ts';
import type { DeviceKind, InverterId, UserId } from '../domain/inverter.ts';
import { hasOwnPartitions, makeEnergyQuarters, makeSampleWeeks, type TimeRange } from './partitions.ts';

/** Writing what the predecessor had, under the ids it had there. As the owner, from the command line. */

export async function accountsLike(tx: Tx, id: UserId, email: string): Promise<{ id: UserId; email: string }[]> {
  const { rows } = await tx.query<{ id: UserId; email: string }>(
    'SELECT id, email FROM api.user_account WHERE id = $1 OR lower(email) = lower($2)',
    [id, email],
  );
  return rows;
}

export interface AccountToTakeOver {
  id: UserId;
  email: string;
  passwordHash: string;
  firstName: string;
  lastName: string;
  isAdmin: boolean;
  verifiedAt: Date | null;
  disabledAt: Date | null;
  /** IANA zone of its first site. */
  timeZone: string;
}

export async function insertAccountWithId(tx: Tx, a: AccountToTakeOver): Promise<void> {
  await tx.query(
    `INSERT INTO api.user_account (id, email, password_hash, first_name, last_name, is_admin, verified_at, disabled_at)
     OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [a.id, a.email, a.passwordHash, a.firstName, a.lastName, a.isAdmin, a.verifiedAt, a.disabledAt],
  );
  await tx.query(`INSERT INTO api.site (user_id, name, time_zone) VALUES ($1, 'Zuhause', $2)`, [a.id, a.timeZone]);
}

export interface KeyToTakeOver {
  userId: UserId;
  hash: Buffer;
  hint: string;
  name: string;
  now: Date;
}

/** @returns whose the key is that is there now */
export async function insertKeyOnce(tx: Tx, key: KeyToTakeOver): Promise<{ inserted: boolean; userId: UserId }> {
  const inserted = await tx.query(
    `INSERT INTO api.api_key (user_id, name, scope, key_hash, hint, created_at) VALUES ($1, $2, 'ingest', $3, $4, $5)
     ON CONFLICT (key_hash) DO NOTHING`,
    [key.userId, key.name, key.hash, key.hint, key.now],
  );
  const { rows } = await tx.query<{ user_id: UserId }>('SELECT user_id FROM api.api_key WHERE key_hash = $1', [
    key.hash,
  ]);
  return { inserted: inserted.rowCount === 1, userId: rows[0]?.user_id ?? key.userId };
}

export interface InverterToTakeOver {
  id: InverterId;
  userId: UserId;
  kind: DeviceKind;
  /** Normalised. */
  serial: string;
  name: string;
  ratedPowerW: number | null;
  mpptCount: number | null;
}

/** Those that stand in its way: the same id, the same serial in the account, the same active logger in any. */
export async function invertersLike(
  tx: Tx,
  { id, userId, kind, serial }: InverterToTakeOver,
): Promise<{ id: InverterId; userId: UserId; kind: DeviceKind; serial: string }[]> {
  const { rows } = await tx.query<{ id: InverterId; userId: UserId; kind: DeviceKind; serial: string }>(
    `SELECT id, user_id AS "userId", kind, serial FROM api.inverter
     WHERE id = $1 OR (kind = $3 AND serial = $4 AND (user_id = $2 OR (kind = 'solarman' AND NOT waiting)))`,
    [id, userId, kind, serial],
  );
  return rows;
}

export async function insertInverterWithId(tx: Tx, i: InverterToTakeOver): Promise<void> {
  await tx.query(
    `INSERT INTO api.inverter (id, user_id, site_id, kind, serial, name, rated_power_w, mppt_count)
     OVERRIDING SYSTEM VALUE
     SELECT $1, $2, (SELECT min(id) FROM api.site WHERE user_id = $2), $3, $4, $5, $6, $7`,
    [i.id, i.userId, i.kind, i.serial, i.name, i.ratedPowerW, i.mpptCount],
  );
}

/** From now on ids go on behind those taken over and behind those the predecessor had given to what it has deleted since. */
export async function advanceIds(tx: Tx, next: { user: number; inverter: number }): Promise<void> {
  for (const [table, to] of [
    ['api.user_account', next.user],
    ['api.inverter', next.inverter],
  ] as const) {
    const { rows } = await tx.query<{ sequence: string }>(`SELECT pg_get_serial_sequence($1, 'id') AS sequence`, [
      table,
    ]);
    const { sequence } = rows[0] as { sequence: string };
    await tx.query(
      `SELECT setval($1, greatest($2::bigint, (SELECT max(id) + 1 FROM ${table}), (SELECT last_value + is_called::int FROM ${sequence})), false)`,
      [sequence, to],
    );
  }
}

/** What an owner called an input stays; what is not named yet is called as it was. */
export async function nameChannels(
  tx: Tx,
  names: readonly { userId: UserId; inverterId: InverterId; channel: number; name: string }[],
): Promise<void> {
  await tx.query(
    `INSERT INTO api.channel AS c (user_id, inverter_id, channel, device_name)
     SELECT i.user_id, i.id, n.channel, n.name
     FROM unnest($1::int[], $2::int[], $3::smallint[], $4::text[]) AS n (user_id, inverter_id, channel, name)
     JOIN api.inverter i ON i.user_id = n.user_id AND i.id = n.inverter_id
     ON CONFLICT (user_id, inverter_id, channel) DO UPDATE SET device_name = excluded.device_name WHERE c.device_name IS NULL`,
    [names.map((n) => n.userId), names.map((n) => n.inverterId), names.map((n) => n.channel), names.map((n) => n.name)],
  );
}

/** Newest sample of each inverter that has any. */
export async function lastSamples(tx: Tx): Promise<Map<InverterId, Date>> {
  const { rows } = await tx.query<{ inverter_id: InverterId; last_ts: Date }>(
    'SELECT inverter_id, last_ts FROM store.counter WHERE last_ts IS NOT NULL',
  );
  return new Map(rows.map((row) => [row.inverter_id, row.last_ts]));
}

export async function makeRoom(tx: Tx, range: TimeRange): Promise<void> {
  if (!(await hasOwnPartitions(tx))) return;
  await makeSampleWeeks(tx, range);
  await makeEnergyQuarters(tx, range);
}

export async function noteImport(tx: Tx, detail: Record<string, number>): Promise<void> {
  await tx.query(`INSERT INTO api.audit_log (action, detail) VALUES ('predecessor.imported', $1)`, [
    JSON.stringify(detail),
  ]);
}
