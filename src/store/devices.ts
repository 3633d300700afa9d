import type pg from 'pg';
import { translate } from '../db/errors.ts';
import type { DeviceKind, InverterId, SiteId, UserId } from '../domain/inverter.ts';
import { intArray, textArray, timeArray } from './array-literals.ts';
import { eventsJson, type NotedEvent } from './samples.ts';

/** What ingest must know of a registered device. */
export interface ResolvedDevice {
  serial: string;
  userId: UserId;
  inverterId: InverterId;
  siteId: SiteId;
  timeZone: string;
  place: { latitude: number; longitude: number } | null;
  /** The owner's figure, else the device's; null when neither is known. */
  ratedPowerW: number | null;
  mpptCount: number | null;
}

async function ask<T>(pool: pg.Pool, name: string, text: string, values: unknown[]): Promise<T[]> {
  try {
    const { rows } = await pool.query({ name, text, values });
    return rows as T[];
  } catch (error) {
    throw translate(error);
  }
}

interface ResolveRow {
  serial: string;
  user_id: number;
  inverter_id: number;
  site_id: number;
  time_zone: string;
  latitude: number | null;
  longitude: number | null;
  rated_power_w: number | null;
  mppt_count: number | null;
  device_rated_power_w: number | null;
  device_mppt_count: number | null;
}

/**
 * The active devices with these serials, of one account or (null) of all.
 * @throws Unavailable
 */
export async function resolveDevices(
  pool: pg.Pool,
  kind: DeviceKind,
  userId: UserId | null,
  serials: string[],
): Promise<ResolvedDevice[]> {
  const rows = await ask<ResolveRow>(pool, 'resolve', 'SELECT * FROM api.resolve($1, $2, $3)', [kind, userId, serials]);
  return rows.map((row) => ({
    serial: row.serial,
    userId: row.user_id,
    inverterId: row.inverter_id,
    siteId: row.site_id,
    timeZone: row.time_zone,
    place:
      row.latitude === null || row.longitude === null ? null : { latitude: row.latitude, longitude: row.longitude },
    ratedPowerW: row.rated_power_w ?? row.device_rated_power_w,
    mpptCount: row.mppt_count ?? row.device_mppt_count,
  }));
}

/** What a gateway told of itself, and from where. */
export interface ToldGateway {
  userId: UserId;
  kind: DeviceKind;
  serial: string;
  facts: Record<string, unknown>;
  seenAt: Date;
  address: string | null;
}

/**
 * Notes what gateways told, one after the other in one statement.
 * @returns from where each came before; null: from nowhere yet, or nobody knows
 */
export async function noteGateways(pool: pg.Pool, told: readonly ToldGateway[]): Promise<(string | null)[]> {
  const text = `SELECT api.note_gateway(g.u, g.kind, g.serial, g.facts::jsonb, g.seen_at, g.address) AS before
                FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[])
                  WITH ORDINALITY AS g (u, kind, serial, facts, seen_at, address, n)
                ORDER BY g.n`;
  const rows = await ask<{ before: string | null }>(pool, 'note_gateways', text, [
    intArray(told.map(({ userId }) => userId)),
    textArray(told.map(({ kind }) => kind)),
    textArray(told.map(({ serial }) => serial)),
    textArray(told.map(({ facts }) => JSON.stringify(facts))),
    timeArray(told.map(({ seenAt }) => seenAt)),
    textArray(told.map(({ address }) => address)),
  ]);
  return rows.map(({ before }) => before);
}

export async function notePending(
  pool: pg.Pool,
  userId: UserId,
  kind: DeviceKind,
  devices: { serial: string; name: string | null }[],
  gatewaySerial: string | null,
  seenAt: Date,
): Promise<void> {
  await ask(pool, 'note_pending', 'SELECT api.note_pending($1,$2,$3,$4,$5,$6)', [
    userId,
    kind,
    devices.map((d) => d.serial),
    devices.map((d) => d.name),
    gatewaySerial,
    seenAt,
  ]);
}

export async function noteUnclaimed(pool: pg.Pool, serial: string, seenAt: Date, address: string): Promise<void> {
  await ask(pool, 'note_unclaimed', 'SELECT api.note_unclaimed($1,$2,$3)', [serial, seenAt, address]);
}

/** What a device told of itself with its readings; null: it did not. */
export interface ToldFacts {
  userId: UserId;
  inverterId: InverterId;
  ratedPowerW: number | null;
  mpptCount: number | null;
  inverterSerial: string | null;
  gatewaySerial: string | null;
  channels: readonly { channel: number; name: string | null }[];
}

/**
 * Notes what devices told of themselves, in one statement; nothing is written where all of it is known.
 * @param told each device once
 */
export async function noteDevicesFacts(pool: pg.Pool, told: readonly ToldFacts[]): Promise<void> {
  const inputs = told.flatMap(({ channels }, i) => channels.map((input) => ({ ...input, row: i + 1 })));
  await ask(pool, 'note_devices_facts', 'SELECT api.note_devices_facts($1,$2,$3,$4,$5,$6,$7,$8,$9)', [
    intArray(told.map(({ userId }) => userId)),
    intArray(told.map(({ inverterId }) => inverterId)),
    intArray(told.map(({ ratedPowerW }) => ratedPowerW)),
    intArray(told.map(({ mpptCount }) => mpptCount)),
    textArray(told.map(({ inverterSerial }) => inverterSerial)),
    textArray(told.map(({ gatewaySerial }) => gatewaySerial)),
    intArray(inputs.map(({ row }) => row)),
    intArray(inputs.map(({ channel }) => channel)),
    textArray(inputs.map(({ name }) => name)),
  ]);
}

export async function keepRaw(
  pool: pg.Pool,
  device: { userId: UserId; inverterId: InverterId },
  raw: { layout: string; reason: string; bytes: Buffer; reckonedAt?: Date | null },
  receivedAt: Date,
): Promise<void> {
  await ask(pool, 'keep_raw', 'SELECT api.keep_raw($1,$2,$3,$4,$5,$6,$7)', [
    device.userId,
    device.inverterId,
    receivedAt,
    raw.layout,
    raw.reason,
    raw.bytes,
    raw.reckonedAt ?? null,
  ]);
}

export async function noteEvents(pool: pg.Pool, events: NotedEvent[]): Promise<void> {
  await ask(pool, 'note_events', 'SELECT api.note_events($1)', [eventsJson(events)]);
}
