import type pg from 'pg';
import { asTenant, type Tx } from '../db/as-tenant.ts';
import { translate } from '../db/errors.ts';
import { type DeviceKind, MAX_CHANNELS, type UserId } from '../domain/inverter.ts';
import { emptyReading, type Reading } from '../domain/reading.ts';
import { textArray, timeArray } from './array-literals.ts';

/** Devices that push under an account's key and are not registered in it, with what they sent meanwhile. */

/** What one device may have waiting: two days of one reading every half minute. */
const MOST_OF_DEVICE = 6_000;
const MOST_OF_ACCOUNT = 40_000;
/** Devices of an account up to which some are added by themselves. */
const MOST_INVERTERS = 200;

/**
 * Takes a device that was just registered from the inbox ($1 account, $2 kind, $3 serial). One with readings stays, hidden, until they
 * are booked.
 */
export const LEAVE_INBOX = `
  DELETE FROM api.pending_device p WHERE p.user_id = $1 AND p.kind = $2 AND p.serial = $3
    AND NOT EXISTS (SELECT FROM api.pending_reading r WHERE r.user_id = $1 AND r.kind = $2 AND r.serial = $3)`;

export interface PendingKey {
  userId: UserId;
  kind: DeviceKind;
  serial: string;
}

export interface KeptReading {
  receivedAt: Date;
  reading: Reading & { sampledAt: Date };
}

async function ask<T>(pool: pg.Pool, text: string, values: unknown[]): Promise<T[]> {
  try {
    return (await pool.query(text, values)).rows as T[];
  } catch (error) {
    throw translate(error);
  }
}

/**
 * Keeps readings of devices in the inbox.
 * @returns the places in the list of those that are kept, now or before; the others are beyond the bounds
 * @throws Unavailable
 */
export async function keepPending(
  pool: pg.Pool,
  userId: UserId,
  kind: DeviceKind,
  readings: readonly (Reading & { sampledAt: Date })[],
  receivedAt: Date,
): Promise<Set<number>> {
  const rows = await ask<{ row_no: number }>(pool, 'SELECT row_no FROM api.keep_pending($1,$2,$3,$4,$5,$6,$7,$8)', [
    userId,
    kind,
    textArray(readings.map((r) => r.serial)),
    timeArray(readings.map((r) => r.sampledAt)),
    textArray(readings.map((r) => JSON.stringify(withoutUnknown(r)))),
    receivedAt,
    MOST_OF_DEVICE,
    MOST_OF_ACCOUNT,
  ]);
  return new Set(rows.map((row) => row.row_no - 1));
}

/** Adds the devices where the account wants that. @returns how many were added. @throws Unavailable */
export async function autoAdd(
  pool: pg.Pool,
  userId: UserId,
  kind: DeviceKind,
  devices: readonly { serial: string; name: string | null }[],
  gatewaySerial: string | null,
): Promise<number> {
  const rows = await ask<{ added: number }>(pool, 'SELECT api.auto_add($1,$2,$3,$4,$5,$6) AS added', [
    userId,
    kind,
    textArray(devices.map((d) => d.serial)),
    textArray(devices.map((d) => d.name)),
    gatewaySerial,
    MOST_INVERTERS,
  ]);
  return rows[0]?.added ?? 0;
}

/** Devices that were registered while readings of them wait. @throws Unavailable */
export async function addedPending(pool: pg.Pool, atMost: number): Promise<PendingKey[]> {
  return ask<PendingKey>(pool, 'SELECT user_id AS "userId", kind, serial FROM api.added_pending($1)', [atMost]);
}

/** The oldest readings that wait for a device which is registered by now. @throws Unavailable */
export async function pendingReadings(
  pool: pg.Pool,
  { userId, kind, serial }: PendingKey,
  atMost: number,
): Promise<KeptReading[]> {
  const rows = await ask<{ sampled_at: Date; received_at: Date; reading: Partial<Reading> }>(
    pool,
    'SELECT * FROM api.pending_readings($1,$2,$3,$4)',
    [userId, kind, serial, atMost],
  );
  return rows.map(({ sampled_at, received_at, reading }) => ({
    receivedAt: received_at,
    // Fields that came to be since it was kept are unknown of it.
    reading: {
      ...emptyReading({ timeQuality: 'device', ...reading, kind, serial, sampledAt: sampled_at }),
      channels: (reading.channels ?? []).slice(0, MAX_CHANNELS),
      sampledAt: sampled_at,
    },
  }));
}

/** Removes what is booked, and the device from the inbox when nothing of it waits any more. @throws Unavailable */
export async function forgetPending(pool: pg.Pool, key: PendingKey, times: readonly Date[]): Promise<void> {
  await ask(pool, 'SELECT api.forget_pending($1,$2,$3,$4)', [key.userId, key.kind, key.serial, timeArray(times)]);
}

/** Nulls and empty lists are most of a reading. */
function withoutUnknown(reading: Reading): Partial<Reading> {
  return Object.fromEntries(
    Object.entries(reading).filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0)),
  );
}

export interface PendingRow {
  kind: DeviceKind;
  serial: string;
  name: string | null;
  gatewaySerial: string | null;
  firstSeenAt: Date;
  lastSeenAt: Date;
  readings: number;
}

/** The inbox of an account, newest first. */
export async function listPending(tx: Tx, userId: UserId): Promise<PendingRow[]> {
  const { rows } = await tx.query<PendingRow>({
    name: 'list_pending',
    text: `SELECT p.kind, p.serial, p.name, p.gateway_serial AS "gatewaySerial", p.first_seen_at AS "firstSeenAt",
             p.last_seen_at AS "lastSeenAt",
             (SELECT count(*)::int FROM api.pending_reading r
              WHERE r.user_id = $1 AND r.kind = p.kind AND r.serial = p.serial) AS readings
           FROM api.pending_device p WHERE p.user_id = $1 AND (p.removed_at IS NULL OR p.last_seen_at > p.removed_at)
             AND NOT EXISTS (SELECT FROM api.inverter i WHERE i.user_id = $1 AND i.kind = p.kind AND i.serial = p.serial)
           ORDER BY p.first_seen_at DESC, p.kind, p.serial`,
    values: [userId],
  });
  return rows;
}

/** Whether devices of this account are added by themselves. */
export function readAutoAdd(pool: pg.Pool, userId: UserId): Promise<boolean> {
  return asTenant(pool, userId, async (tx) => {
    const { rows } = await tx.query<{ on: boolean }>('SELECT auto_add AS on FROM api.user_account WHERE id = $1', [
      userId,
    ]);
    return rows[0]?.on === true;
  });
}

export function writeAutoAdd(pool: pg.Pool, userId: UserId, on: boolean): Promise<void> {
  return asTenant(pool, userId, async (tx) => {
    await tx.query('UPDATE api.user_account SET auto_add = $2 WHERE id = $1', [userId, on]);
  });
}
