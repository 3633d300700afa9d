import type { Tx } from '../db/as-tenant.ts';
import type { InverterId, UserId } from '../domain/inverter.ts';
import { intArray, textArray, timeArray } from './array-literals.ts';
import type { InverterKey } from './refold.ts';
import type { EnergyDelta } from './samples.ts';

/** What `recompute` reads and replaces. As the owner, never in a request. */

/** Whose an inverter is; null when there is none. */
export async function findInverterOwner(tx: Tx, inverterId: InverterId): Promise<UserId | null> {
  const { rows } = await tx.query<{ user_id: number }>('SELECT user_id FROM api.inverter WHERE id = $1', [inverterId]);
  return rows[0]?.user_id ?? null;
}

/** The oldest kept state that is not before a moment. */
export async function firstDayStateFrom(
  tx: Tx,
  { userId, inverterId }: InverterKey,
  notBefore: Date,
): Promise<{ day: Date; fold: unknown } | null> {
  const { rows } = await tx.query<{ day: Date; fold: unknown }>(
    `SELECT day, fold FROM store.fold_day WHERE user_id = $1 AND inverter_id = $2 AND day >= $3 ORDER BY day LIMIT 1`,
    [userId, inverterId, notBefore],
  );
  return rows[0] ?? null;
}

/** Start of the first quarter hour with anything booked; null without any. */
export async function firstBookedQuarter(tx: Tx, { userId, inverterId }: InverterKey): Promise<Date | null> {
  const { rows } = await tx.query<{ ts: Date | null }>(
    'SELECT min(ts) AS ts FROM store.energy_15m WHERE user_id = $1 AND inverter_id = $2',
    [userId, inverterId],
  );
  return rows[0]?.ts ?? null;
}

/** The stored quarter hours with `from <= ts < to`. */
export async function readQuarters(
  tx: Tx,
  { userId, inverterId }: InverterKey,
  from: Date,
  to: Date,
): Promise<EnergyDelta[]> {
  const { rows } = await tx.query(
    `SELECT ts, energy_wh, estimated_wh, power_sum_dw, power_count, power_max_dw FROM store.energy_15m
     WHERE user_id = $1 AND inverter_id = $2 AND ts >= $3 AND ts < $4 ORDER BY ts`,
    [userId, inverterId, from, to],
  );
  return rows.map((row) => ({
    userId,
    inverterId,
    quarterStart: row.ts,
    energyWh: row.energy_wh,
    estimatedWh: row.estimated_wh,
    powerSumDw: row.power_sum_dw,
    powerCount: row.power_count,
    powerMaxDw: row.power_max_dw,
  }));
}

/**
 * Removes quarter hours and puts others in their place, as they are and not added. What is kept by day ends before the oldest of them
 * from now on.
 */
export async function replaceQuarters(
  tx: Tx,
  { userId, inverterId }: InverterKey,
  gone: readonly Date[],
  rows: readonly EnergyDelta[],
): Promise<void> {
  await tx.query('DELETE FROM store.energy_15m WHERE user_id = $1 AND inverter_id = $2 AND ts = ANY ($3)', [
    userId,
    inverterId,
    gone,
  ]);
  await tx.query(
    `INSERT INTO store.energy_15m (user_id, inverter_id, ts, energy_wh, estimated_wh, power_sum_dw, power_count, power_max_dw)
     SELECT $1, $2, n.ts, n.energy::int[], n.estimated::int[], n.power_sum::bigint[], n.power_count::int[], n.power_max::int[]
     FROM unnest($3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
       AS n (ts, energy, estimated, power_sum, power_count, power_max)`,
    [
      userId,
      inverterId,
      timeArray(rows.map((row) => row.quarterStart)),
      textArray(rows.map((row) => intArray(row.energyWh))),
      textArray(rows.map((row) => intArray(row.estimatedWh))),
      textArray(rows.map((row) => intArray(row.powerSumDw))),
      textArray(rows.map((row) => intArray(row.powerCount))),
      textArray(rows.map((row) => intArray(row.powerMaxDw))),
    ],
  );
  await tx.query(
    `UPDATE store.counter SET days_until = oldest
     FROM (SELECT min(ts) AS oldest FROM unnest($3::timestamptz[]) AS t (ts)) o
     WHERE user_id = $1 AND inverter_id = $2 AND oldest < days_until`,
    [userId, inverterId, timeArray([...gone, ...rows.map((row) => row.quarterStart)])],
  );
}

/** Energy of the quarter hours with `from <= ts < to`, or of all, by channel. */
export async function sumQuarters(
  tx: Tx,
  { userId, inverterId }: InverterKey,
  range: { from: Date; to: Date } | null = null,
): Promise<Map<number, number>> {
  const { rows } = await tx.query<{ n: number; sum: number }>(
    `SELECT u.n, sum(u.wh) AS sum FROM store.energy_15m e, unnest(e.energy_wh) WITH ORDINALITY AS u (wh, n)
     WHERE e.user_id = $1 AND e.inverter_id = $2 AND e.ts >= $3 AND e.ts < $4 GROUP BY u.n`,
    [userId, inverterId, range?.from ?? '-infinity', range?.to ?? 'infinity'],
  );
  return new Map(rows.map((row) => [row.n - 1, row.sum]));
}

/** What an operator had rebuilt goes into the audit log: nobody of the account did it, but it concerns the account. */
export async function auditRecompute(
  tx: Tx,
  { userId, inverterId }: InverterKey,
  detail: Record<string, unknown>,
): Promise<void> {
  await tx.query(`INSERT INTO api.audit_log (user_id, action, detail) VALUES ($1, 'energy.recomputed', $2)`, [
    userId,
    JSON.stringify({ inverter_id: inverterId, ...detail }),
  ]);
}
