import type { Tx } from '../db/as-tenant.ts';
import type { EnergySample } from '../domain/energy/types.ts';
import type { DeviceKind, InverterId, UserId } from '../domain/inverter.ts';
import { SAMPLE_STATUS } from '../domain/sample-status.ts';
import type { CounterRow } from './samples.ts';
import { utcDays } from './utc-days.ts';

/**
 * Reading and correcting what was folded, for late samples and for `recompute`. As the owner, never in a request. The samples are read
 * through the same views as everybody's, so a week that was packed reads like one that was not.
 */
export interface InverterKey {
  userId: UserId;
  inverterId: InverterId;
}

/** What a replay must know of the device. */
export interface ReplayDevice {
  kind: DeviceKind;
  ratedPowerW: number | null;
  timeZone: string;
  latitude: number | null;
  longitude: number | null;
}

export async function invertersWithLateSamples(tx: Tx, limit: number): Promise<InverterKey[]> {
  const { rows } = await tx.query<{ user_id: number; inverter_id: number }>(
    `SELECT user_id, inverter_id FROM store.late_sample GROUP BY 1, 2 ORDER BY min(noted_at) LIMIT $1`,
    [limit],
  );
  return rows.map((row) => ({ userId: row.user_id, inverterId: row.inverter_id }));
}

/** Times of the samples whose energy is not booked yet, ascending. */
export async function readLate(tx: Tx, { userId, inverterId }: InverterKey, limit: number): Promise<Date[]> {
  const { rows } = await tx.query<{ ts: Date }>(
    'SELECT ts FROM store.late_sample WHERE user_id = $1 AND inverter_id = $2 ORDER BY ts LIMIT $3',
    [userId, inverterId, limit],
  );
  return rows.map((row) => row.ts);
}

/** @returns how many of them were still waiting */
export async function forgetLate(tx: Tx, { userId, inverterId }: InverterKey, times: readonly Date[]): Promise<number> {
  const { rowCount } = await tx.query(
    'DELETE FROM store.late_sample WHERE user_id = $1 AND inverter_id = $2 AND ts = ANY ($3)',
    [userId, inverterId, times],
  );
  return rowCount ?? 0;
}

/** The newest kept state at or before a moment; null when the replay must begin at the first sample. */
export async function readDayState(
  tx: Tx,
  { userId, inverterId }: InverterKey,
  notAfter: Date,
): Promise<{ day: Date; fold: unknown } | null> {
  const { rows } = await tx.query<{ day: Date; fold: unknown }>(
    `SELECT day, fold FROM store.fold_day WHERE user_id = $1 AND inverter_id = $2 AND day <= $3 ORDER BY day DESC LIMIT 1`,
    [userId, inverterId, notAfter],
  );
  return rows[0] ?? null;
}

/** Replaces the kept states of days that a replay passed through. */
export async function writeDayStates(
  tx: Tx,
  { userId, inverterId }: InverterKey,
  states: readonly { day: Date; fold: unknown }[],
): Promise<void> {
  await tx.query(
    `INSERT INTO store.fold_day (user_id, inverter_id, day, fold)
     SELECT $1, $2, s.day, s.fold FROM unnest($3::timestamptz[], $4::json[]) AS s (day, fold)
     ON CONFLICT (user_id, inverter_id, day) DO UPDATE SET fold = excluded.fold`,
    [userId, inverterId, states.map((s) => s.day), states.map((s) => JSON.stringify(s.fold))],
  );
}

/** Null when the device is gone. */
export async function readReplayDevice(tx: Tx, { userId, inverterId }: InverterKey): Promise<ReplayDevice | null> {
  const { rows } = await tx.query<ReplayDevice>(
    `SELECT i.kind, coalesce(i.rated_power_w, i.device_rated_power_w) AS "ratedPowerW", s.time_zone AS "timeZone", s.latitude,
            s.longitude
     FROM api.inverter i JOIN api.site s ON s.user_id = i.user_id AND s.id = i.site_id
     WHERE i.user_id = $1 AND i.id = $2`,
    [userId, inverterId],
  );
  return rows[0] ?? null;
}

/** The counter row, locked or only looked at; null when nothing was ever stored. */
export async function readCounter(
  tx: Tx,
  { userId, inverterId }: InverterKey,
  lock: boolean,
): Promise<CounterRow | null> {
  const { rows } = await tx.query(
    `SELECT fold, first_good_wh, booked_wh, counter_wh, last_ts, last_live_ts, last_fresh_ts, last_received_at, interval_s
     FROM store.counter WHERE user_id = $1 AND inverter_id = $2 ${lock ? 'FOR UPDATE' : ''}`,
    [userId, inverterId],
  );
  const row = rows[0];
  if (row === undefined) return null;
  return {
    userId,
    inverterId,
    fold: row.fold,
    firstGoodWh: row.first_good_wh,
    bookedWh: row.booked_wh,
    counterWh: row.counter_wh,
    lastSampleAt: row.last_ts,
    lastLiveAt: row.last_live_ts,
    lastFreshAt: row.last_fresh_ts,
    lastReceivedAt: row.last_received_at,
    intervalS: row.interval_s,
  };
}

const NOT_FRESH = SAMPLE_STATUS.unreachable | SAMPLE_STATUS.stale | SAMPLE_STATUS.neverPolled;

/** Makes the tenant's views show this account's rows to the owner, for the rest of the transaction. */
export async function actFor(tx: Tx, userId: UserId): Promise<void> {
  await tx.query(`SELECT set_config('app.current_user_id', $1, true)`, [String(userId)]);
}

/**
 * Stored samples with `from <= ts < to` in order of time, as the energy fold takes them. Late ones that wait for a turn of their own
 * are left out: nothing of them is booked yet. Needs `actFor`.
 * @param lateUpTo the newest late sample of this turn; null where this turn has none in the range
 */
export async function readEnergySamples(
  tx: Tx,
  { userId, inverterId }: InverterKey,
  from: Date,
  to: Date,
  lateUpTo: Date | null,
): Promise<EnergySample[]> {
  const { rows } = await tx.query<{
    t: number;
    power: number | null;
    total: number | null;
    status: number;
    channels: { c: number; p: number | null; t: number | null }[] | null;
  }>(
    `SELECT extract(epoch FROM a.ts)::float8 * 1000 AS t, a.power_dw::int AS power, a.yield_total_wh AS total, a.status::int, d.channels
     FROM api.ac_sample a
     LEFT JOIN (
       SELECT ts, json_agg(json_build_object('c', channel, 'p', power_dw, 't', yield_total_wh) ORDER BY channel) AS channels
       FROM api.dc_sample WHERE user_id = $1 AND inverter_id = $2 AND ts >= $3 AND ts < $4 AND ${utcDays('$3', '$4')} GROUP BY ts
     ) d ON d.ts = a.ts
     WHERE a.user_id = $1 AND a.inverter_id = $2 AND a.ts >= $3 AND a.ts < $4 AND ${utcDays('$3', '$4')}
       AND NOT EXISTS (SELECT FROM store.late_sample l WHERE l.user_id = $1 AND l.inverter_id = $2 AND l.ts = a.ts
                       AND ($5::timestamptz IS NULL OR l.ts > $5))
     ORDER BY a.ts`,
    [userId, inverterId, from, to, lateUpTo],
  );
  return rows.map((row) => ({
    t: Math.round(row.t),
    fresh: (row.status & NOT_FRESH) === 0,
    counters: [
      { channel: 0, totalWh: row.total, powerW: row.power === null ? null : row.power / 10 },
      ...(row.channels ?? []).map((d) => ({ channel: d.c, totalWh: d.t, powerW: d.p === null ? null : d.p / 10 })),
    ],
  }));
}

/** Start of the first UTC day with samples that is not before `from`, itself the start of one; null when there is none. */
export async function nextSampleDay(tx: Tx, { userId, inverterId }: InverterKey, from: Date): Promise<Date | null> {
  const { rows } = await tx.query<{ day: Date | null }>('SELECT store.next_sample_day($1, $2, $3) AS day', [
    userId,
    inverterId,
    from,
  ]);
  return rows[0]?.day ?? null;
}

/**
 * Waits until nobody else replays this inverter, and keeps others waiting until the connection is closed. A replay reads for a while
 * before it locks the counter; another one's corrections in between would be undone by it.
 */
export async function refoldAlone(client: Tx, { inverterId }: InverterKey): Promise<void> {
  await client.query(`SELECT pg_advisory_lock(hashtext('deye-hard refold'), $1)`, [inverterId]);
}
