import type { Tx } from '../db/as-tenant.ts';
import { timeArray } from './array-literals.ts';
import type { InverterKey } from './refold.ts';

/** What the worker keeps by day (migration 0040). As the owner. */

/** How far the days of a zone can be kept, and by which rules they are cut. */
export interface DaysOfZone {
  zone: string;
  rules: string;
  until: Date;
}

export async function zonesOfSites(tx: Tx): Promise<string[]> {
  const { rows } = await tx.query<{ zone: string }>('SELECT DISTINCT time_zone AS zone FROM api.site');
  return rows.map((row) => row.zone);
}

/** Inverters of which fewer days are kept than could be, or days of other rules. */
export async function invertersWithoutDays(tx: Tx, zones: readonly DaysOfZone[]): Promise<InverterKey[]> {
  const { rows } = await tx.query<InverterKey>(
    `SELECT c.user_id AS "userId", c.inverter_id AS "inverterId"
     FROM store.counter c
     JOIN api.inverter i ON i.user_id = c.user_id AND i.id = c.inverter_id
     JOIN api.site s ON s.user_id = i.user_id AND s.id = i.site_id
     JOIN unnest($1::text[], $2::text[], $3::timestamptz[]) AS z (zone, rules, until) ON z.zone = s.time_zone
     WHERE c.days_zone IS DISTINCT FROM z.rules OR c.days_until IS NULL OR c.days_until < z.until
     ORDER BY 1, 2`,
    [zones.map((z) => z.zone), zones.map((z) => z.rules), timeArray(zones.map((z) => z.until))],
  );
  return rows;
}

export interface KeptDays {
  timeZone: string;
  /** Null when none are kept. */
  until: Date | null;
  rules: string | null;
}

/** Locks the counter row, so that nothing is booked meanwhile; null when the inverter is gone. */
export async function lockDays(tx: Tx, { userId, inverterId }: InverterKey): Promise<KeptDays | null> {
  const { rows } = await tx.query<KeptDays>(
    `SELECT s.time_zone AS "timeZone", c.days_until AS until, c.days_zone AS rules
     FROM store.counter c
     JOIN api.inverter i ON i.user_id = c.user_id AND i.id = c.inverter_id
     JOIN api.site s ON s.user_id = i.user_id AND s.id = i.site_id
     WHERE c.user_id = $1 AND c.inverter_id = $2 FOR UPDATE OF c`,
    [userId, inverterId],
  );
  return rows[0] ?? null;
}

export async function forgetDays(tx: Tx, { userId, inverterId }: InverterKey): Promise<void> {
  await tx.query('DELETE FROM store.energy_day WHERE user_id = $1 AND inverter_id = $2', [userId, inverterId]);
}

/**
 * Sums quarter hours to days, in the place of what was kept of these.
 * @param edges midnights, ascending: where the first day begins, and where each ends
 */
export async function sumDays(tx: Tx, { userId, inverterId }: InverterKey, edges: readonly Date[]): Promise<void> {
  const values = [userId, inverterId, timeArray(edges)];
  const [first, last] = ['($3::timestamptz[])[1]', '($3::timestamptz[])[cardinality($3::timestamptz[])]'];
  const isWithin = (ts: string): string => `${ts} >= ${first} AND ${ts} < ${last}`;
  await tx.query(`DELETE FROM store.energy_day WHERE user_id = $1 AND inverter_id = $2 AND ${isWithin('ts')}`, values);
  await tx.query(
    `INSERT INTO store.energy_day (user_id, inverter_id, ts, end_ts, energy_wh, estimated_wh, power_sum_dw, power_count, power_max_dw,
       quarter_max_dw)
     WITH booked AS MATERIALIZED (
       SELECT * FROM store.energy_15m WHERE user_id = $1 AND inverter_id = $2 AND ${isWithin('ts')}
     ), sums AS (
       SELECT day, array_agg(wh ORDER BY n) AS wh, array_agg(estimated ORDER BY n) AS estimated, array_agg(sum ORDER BY n) AS sum,
         array_agg(count ORDER BY n) AS count, array_agg(max ORDER BY n) AS max
       FROM (
         SELECT width_bucket(e.ts, $3::timestamptz[]) AS day, u.n, sum(u.wh) AS wh, sum(u.estimated) AS estimated,
           sum(u.sum) FILTER (WHERE u.count > 0)::bigint AS sum, sum(u.count) FILTER (WHERE u.count > 0)::int AS count,
           max(u.max) FILTER (WHERE u.count > 0) AS max
         FROM booked e,
           unnest(e.energy_wh, e.estimated_wh, e.power_sum_dw, e.power_count, e.power_max_dw) WITH ORDINALITY
             AS u (wh, estimated, sum, count, max, n)
         GROUP BY 1, 2
       ) c GROUP BY day
     ), peaks AS (
       SELECT width_bucket(q.ts, $3::timestamptz[]) AS day, array_agg(e.power_max_dw[1] ORDER BY q.ts) AS max
       FROM generate_series(${first}, ${last} - interval '15 minutes', interval '15 minutes') AS q (ts)
       LEFT JOIN booked e ON e.ts = q.ts AND e.power_count[1] > 0
       GROUP BY 1
     )
     SELECT $1, $2, ($3::timestamptz[])[day], ($3::timestamptz[])[day + 1], sums.wh, sums.estimated, sums.sum, sums.count, sums.max,
       peaks.max
     FROM sums JOIN peaks USING (day)`,
    values,
  );
}

/** From now on the days that end by `until` are read. */
export async function setDays(
  tx: Tx,
  { userId, inverterId }: InverterKey,
  { until, rules }: Pick<DaysOfZone, 'until' | 'rules'>,
): Promise<void> {
  await tx.query('UPDATE store.counter SET days_until = $3, days_zone = $4 WHERE user_id = $1 AND inverter_id = $2', [
    userId,
    inverterId,
    until,
    rules,
  ]);
}
