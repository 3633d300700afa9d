import type { Tx } from '../db/as-tenant.ts';
import type { AuditAction } from '../domain/audit.ts';
import { type DeviceKind, type InverterId, MAX_CHANNELS, type SiteId, type UserId } from '../domain/inverter.ts';
import { LEAVE_INBOX } from './pending.ts';
import { utcDays } from './utc-days.ts';

/** An inverter with its newest live sample and what was booked today. Scaled integers are already W, V, A … here. */
export interface InverterRow {
  id: InverterId;
  name: string;
  serial: string;
  kind: DeviceKind;
  waiting: boolean;
  siteId: SiteId;
  timeZone: string;
  latitude: number | null;
  longitude: number | null;
  ratedPowerW: number | null;
  mpptCount: number | null;
  inverterSerial: string | null;
  lastLiveAt: Date | null;
  /** When it last really measured: a push that says "unreachable" does not count. */
  lastFreshAt: Date | null;
  lastReceivedAt: Date | null;
  gatewaySeenAt: Date | null;
  intervalS: number | null;
  status: number | null;
  powerW: number | null;
  powerDcW: number | null;
  voltageV: number | null;
  voltageL2V: number | null;
  voltageL3V: number | null;
  currentA: number | null;
  currentL2A: number | null;
  currentL3A: number | null;
  powerL1W: number | null;
  powerL2W: number | null;
  powerL3W: number | null;
  frequencyHz: number | null;
  powerFactor: number | null;
  temperatureC: number | null;
  /** Arrays indexed by channel, 0 = the inverter. */
  firstGoodWh: (number | null)[];
  bookedWh: (number | null)[];
  counterWh: (number | null)[];
  energyTodayWh: (number | null)[];
  maxPowerTodayW: number | null;
}

const COLUMNS = `
  i.id, i.name, i.serial, i.kind, i.waiting, i.site_id AS "siteId", s.time_zone AS "timeZone", s.latitude, s.longitude,
  coalesce(i.rated_power_w, i.device_rated_power_w) AS "ratedPowerW", coalesce(i.mppt_count, i.device_mppt_count)::int AS "mpptCount",
  i.inverter_serial AS "inverterSerial", c.last_live_ts AS "lastLiveAt", c.last_fresh_ts AS "lastFreshAt", c.last_received_at AS "lastReceivedAt",
  g.last_seen_at AS "gatewaySeenAt", c.interval_s AS "intervalS", a.status::int,
  a.power_dw / 10.0::float8 AS "powerW", a.power_dc_dw / 10.0::float8 AS "powerDcW",
  a.voltage_dv / 10.0::float8 AS "voltageV", a.voltage_l2_dv / 10.0::float8 AS "voltageL2V",
  a.voltage_l3_dv / 10.0::float8 AS "voltageL3V",
  a.current_ca / 100.0::float8 AS "currentA", a.current_l2_ca / 100.0::float8 AS "currentL2A",
  a.current_l3_ca / 100.0::float8 AS "currentL3A",
  a.power_l1_dw / 10.0::float8 AS "powerL1W", a.power_l2_dw / 10.0::float8 AS "powerL2W", a.power_l3_dw / 10.0::float8 AS "powerL3W",
  a.frequency_chz / 100.0::float8 AS "frequencyHz", a.power_factor_pm / 1000.0::float8 AS "powerFactor",
  a.temperature_ddegc / 10.0::float8 AS "temperatureC",
  coalesce(c.first_good_wh, '{}') AS "firstGoodWh", coalesce(c.booked_wh, '{}') AS "bookedWh",
  coalesce(c.counter_wh, '{}') AS "counterWh",
  coalesce(t.energy_wh, '{}') AS "energyTodayWh", t.power_max_dw / 10.0::float8 AS "maxPowerTodayW"`;

/** One by one: to make rows of the arrays of a thousand inverters' day would cost twice the whole list. */
const SUMS_OF_CHANNELS = Array.from({ length: MAX_CHANNELS + 1 }, (_, i) => `sum(e.energy_wh[${i + 1}])`).join(', ');

/**
 * `$1` the account, `$2` now. The literal account id beside the views' own test is what prunes partitions and chunks. Conditions from a
 * join do not get into a barrier view: without LATERAL and LIMIT the newest sample of each inverter would be looked for in all of them.
 */
const SOURCES = `
  api.inverter i
  JOIN api.site s ON s.user_id = i.user_id AND s.id = i.site_id
  LEFT JOIN api.counter c ON c.user_id = $1 AND c.inverter_id = i.id
  LEFT JOIN LATERAL (
    SELECT * FROM api.ac_sample n
    WHERE n.user_id = $1 AND n.inverter_id = i.id AND n.ts = c.last_live_ts AND ${utcDays('c.last_live_ts')}
    LIMIT 1
  ) a ON true
  LEFT JOIN api.gateway g ON g.user_id = $1 AND g.kind = i.kind AND g.serial = i.serial
  LEFT JOIN LATERAL (
    SELECT (ARRAY[${SUMS_OF_CHANNELS}])[:max(cardinality(e.energy_wh))] AS energy_wh, max(e.power_max_dw[1]) AS power_max_dw
    FROM api.energy_15m e
    WHERE e.user_id = $1 AND e.inverter_id = i.id
      AND e.ts >= date_trunc('day', $2::timestamptz, s.time_zone)
      AND e.ts < date_trunc('day', $2::timestamptz, s.time_zone) + interval '26 hours'
      AND (e.ts AT TIME ZONE s.time_zone)::date = ($2::timestamptz AT TIME ZONE s.time_zone)::date
  ) t ON true`;

export async function listInverters(tx: Tx, userId: UserId, now: Date): Promise<InverterRow[]> {
  const { rows } = await tx.query<InverterRow>({
    name: 'list_inverters',
    text: `SELECT ${COLUMNS} FROM ${SOURCES} WHERE i.user_id = $1 ORDER BY i.id`,
    values: [userId, now],
  });
  return rows;
}

/** Of these inverters; those that are not the account's are left out. */
export async function readInverters(
  tx: Tx,
  userId: UserId,
  inverterIds: readonly InverterId[],
  now: Date,
): Promise<InverterRow[]> {
  const { rows } = await tx.query<InverterRow>({
    name: 'read_inverters',
    text: `SELECT ${COLUMNS} FROM ${SOURCES} WHERE i.user_id = $1 AND i.id = ANY ($3::int[]) ORDER BY i.id`,
    values: [userId, now, inverterIds],
  });
  return rows;
}

export interface ChannelRow {
  channel: number;
  name: string | null;
  powerW: number | null;
  voltageV: number | null;
  currentA: number | null;
  irradiationPct: number | null;
}

/** The inputs of each of these inverters that are known by name or were measured in its newest live sample, in their order. */
export async function readChannels(
  tx: Tx,
  userId: UserId,
  of: readonly Pick<InverterRow, 'id' | 'lastLiveAt'>[],
): Promise<Map<InverterId, ChannelRow[]>> {
  const { rows } = await tx.query<ChannelRow & { inverterId: InverterId }>({
    name: 'read_channels',
    // LATERAL and LIMIT as above.
    text: `WITH known AS (
             SELECT inverter_id, channel, coalesce(name, device_name) AS name FROM api.channel
             WHERE user_id = $1 AND inverter_id = ANY ($2::int[])
           ), measured AS (
             SELECT w.inverter_id, d.* FROM unnest($2::int[], $3::timestamptz[]) AS w (inverter_id, ts) CROSS JOIN LATERAL (
               SELECT channel, power_dw, voltage_dv, current_ca, irradiation_cpct FROM api.dc_sample n
               WHERE n.user_id = $1 AND n.inverter_id = w.inverter_id AND n.ts = w.ts AND ${utcDays('w.ts')}
               LIMIT ${MAX_CHANNELS}
             ) d
           )
           SELECT inverter_id AS "inverterId", channel::int, c.name,
             d.power_dw / 10.0::float8 AS "powerW", d.voltage_dv / 10.0::float8 AS "voltageV",
             d.current_ca / 100.0::float8 AS "currentA", d.irradiation_cpct / 100.0::float8 AS "irradiationPct"
           FROM known c FULL JOIN measured d USING (inverter_id, channel)
           ORDER BY 1, 2`,
    values: [userId, of.map(({ id }) => id), of.map(({ lastLiveAt }) => lastLiveAt)],
  });
  const found = new Map<InverterId, ChannelRow[]>();
  for (const { inverterId, ...channel } of rows) {
    const channels = found.get(inverterId);
    if (channels === undefined) found.set(inverterId, [channel]);
    else channels.push(channel);
  }
  return found;
}

/** Mean power of each of these inverters' samples between two moments, in W; where one has none, it is missing. */
export async function averagePowers(
  tx: Tx,
  userId: UserId,
  inverterIds: readonly InverterId[],
  from: Date,
  to: Date,
): Promise<Map<InverterId, number>> {
  const { rows } = await tx.query<{ inverterId: InverterId; mean: number }>({
    name: 'average_powers',
    text: `SELECT w.inverter_id AS "inverterId", m.mean
           FROM unnest($2::int[]) AS w (inverter_id) CROSS JOIN LATERAL (
             SELECT (avg(power_dw) / 10.0)::float8 AS mean FROM api.ac_sample n
             WHERE n.user_id = $1 AND n.inverter_id = w.inverter_id AND n.ts > $3 AND n.ts <= $4 AND ${utcDays('$3', '$4')}
           ) m WHERE m.mean IS NOT NULL`,
    values: [userId, inverterIds, from, to],
  });
  return new Map(rows.map(({ inverterId, mean }) => [inverterId, mean]));
}

export async function insertInverter(
  tx: Tx,
  inverter: { userId: UserId; kind: DeviceKind; serial: string; name: string; waiting: boolean },
): Promise<InverterId | null> {
  const { rows } = await tx.query<{ id: number }>(
    `INSERT INTO api.inverter (user_id, site_id, kind, serial, name, waiting)
     SELECT $1, s.id, $2, $3, $4, $5 FROM api.site s WHERE s.user_id = $1 ORDER BY s.id LIMIT 1
     RETURNING id`,
    [inverter.userId, inverter.kind, inverter.serial, inverter.name, inverter.waiting],
  );
  if (rows[0] === undefined) return null;
  await tx.query(LEAVE_INBOX, [inverter.userId, inverter.kind, inverter.serial]);
  return rows[0].id;
}

export interface InverterChange {
  name?: string | undefined;
  /** Null: as the device says. */
  ratedPowerW?: number | null | undefined;
  mpptCount?: number | null | undefined;
  siteId?: SiteId | undefined;
}

/** What is left out stays. @returns false when the account has no such inverter */
export async function updateInverter(
  tx: Tx,
  userId: UserId,
  inverterId: InverterId,
  { name, ratedPowerW, mpptCount, siteId }: InverterChange,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE api.inverter SET name = coalesce($3, name), site_id = coalesce($4::int, site_id),
       rated_power_w = CASE WHEN $5 THEN $6::int ELSE rated_power_w END,
       mppt_count = CASE WHEN $7 THEN $8::int ELSE mppt_count END
     WHERE user_id = $1 AND id = $2`,
    [
      userId,
      inverterId,
      name ?? null,
      siteId ?? null,
      ratedPowerW !== undefined,
      ratedPowerW ?? null,
      mpptCount !== undefined,
      mpptCount ?? null,
    ],
  );
  return rowCount === 1;
}

export interface ChannelSettings {
  channel: number;
  name: string | null;
  peakPowerW: number | null;
}

/**
 * What is left out stays; a name of null is the device's again. An input that was not heard of yet is one as far as the inverter is known
 * to have it.
 * @returns null when the account has no such input
 */
export async function updateChannel(
  tx: Tx,
  userId: UserId,
  inverterId: InverterId,
  channel: number,
  { name, peakPowerW }: { name?: string | null | undefined; peakPowerW?: number | null | undefined },
): Promise<ChannelSettings | null> {
  await tx.query(
    `INSERT INTO api.channel (user_id, inverter_id, channel)
     SELECT user_id, id, $3 FROM api.inverter
     WHERE user_id = $1 AND id = $2 AND $3 <= coalesce(mppt_count, device_mppt_count)
     ON CONFLICT DO NOTHING`,
    [userId, inverterId, channel],
  );
  const { rows } = await tx.query<ChannelSettings>(
    `UPDATE api.channel SET name = CASE WHEN $4 THEN $5 ELSE name END,
       peak_power_w = CASE WHEN $6 THEN $7::int ELSE peak_power_w END
     WHERE user_id = $1 AND inverter_id = $2 AND channel = $3
     RETURNING channel::int, coalesce(name, device_name) AS name, peak_power_w AS "peakPowerW"`,
    [userId, inverterId, channel, name !== undefined, name ?? null, peakPowerW !== undefined, peakPowerW ?? null],
  );
  return rows[0] ?? null;
}

/** An inverter as programs of the predecessor know it. */
export interface DescribedInverter {
  id: InverterId;
  serial: string;
  name: string;
  ratedPowerW: number | null;
  mpptCount: number | null;
}

type Description = { ratedPowerW: number; mpptCount: number };

/** Says what the account's inverter with this serial is. @returns how many there are; it is changed only where it is one */
export async function describeInverter(
  tx: Tx,
  userId: UserId,
  serial: string,
  { ratedPowerW, mpptCount }: Description,
): Promise<{ matches: number; inverter: DescribedInverter | null }> {
  const { rows } = await tx.query<DescribedInverter & { matches: number }>(
    `WITH found AS (SELECT id, count(*) OVER ()::int AS matches FROM api.inverter WHERE user_id = $1 AND serial = $2),
     described AS (
       UPDATE api.inverter i SET rated_power_w = $3, mppt_count = $4 FROM found f
       WHERE i.user_id = $1 AND i.id = f.id AND f.matches = 1
       RETURNING i.id, i.serial, i.name, i.rated_power_w AS "ratedPowerW", i.mppt_count::int AS "mpptCount"
     )
     SELECT f.matches, d.* FROM found f LEFT JOIN described d ON true LIMIT 1`,
    [userId, serial, ratedPowerW, mpptCount],
  );
  return described(rows);
}

/**
 * Says what the inverter with this serial is, whosever it is, where the tenant is an administrator; the database makes sure of that.
 * @returns how many there are, for anybody else none; it is changed only where it is one
 */
export async function describeAnybodysInverter(
  tx: Tx,
  serial: string,
  { ratedPowerW, mpptCount }: Description,
): Promise<{ matches: number; inverter: DescribedInverter | null }> {
  const { rows } = await tx.query<DescribedInverter & { matches: number }>(
    `SELECT matches, id, serial, name, rated_power_w AS "ratedPowerW", mppt_count::int AS "mpptCount"
     FROM api.describe_anybodys_inverter($1, $2, $3)`,
    [serial, ratedPowerW, mpptCount],
  );
  return described(rows);
}

function described([row]: readonly (DescribedInverter & { matches: number })[]): {
  matches: number;
  inverter: DescribedInverter | null;
} {
  if (row === undefined) return { matches: 0, inverter: null };
  const { matches, ...inverter } = row;
  return { matches, inverter: matches === 1 ? inverter : null };
}

export async function hasInverter(tx: Tx, userId: UserId, inverterId: InverterId): Promise<boolean> {
  const { rowCount } = await tx.query('SELECT FROM api.inverter WHERE user_id = $1 AND id = $2', [userId, inverterId]);
  return rowCount === 1;
}

/** @returns false when the account has no such inverter */
export async function removeInverter(tx: Tx, inverterId: InverterId): Promise<boolean> {
  const { rows } = await tx.query<{ removed: boolean }>('SELECT api.remove_inverter($1) AS removed', [inverterId]);
  return rows[0]?.removed === true;
}

export async function audit(
  tx: Tx,
  entry: {
    actorId: UserId;
    userId: UserId;
    action: AuditAction;
    detail: Record<string, unknown>;
    /** From where; unknown when absent. */
    address?: string | undefined;
  },
): Promise<void> {
  await tx.query('INSERT INTO api.audit_log (actor_id, user_id, action, detail, address) VALUES ($1, $2, $3, $4, $5)', [
    entry.actorId,
    entry.userId,
    entry.action,
    JSON.stringify(entry.detail),
    entry.address ?? null,
  ]);
}
