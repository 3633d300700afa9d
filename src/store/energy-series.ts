import type { Tx } from '../db/as-tenant.ts';
import type { InverterId, UserId } from '../domain/inverter.ts';
import { type EnergyScope, energySource } from './energy-source.ts';

export interface EnergyRow {
  start: Date;
  energyWh: number;
  estimated: boolean;
  estimatedWh: number;
}

/** A bucket of which nothing is known is missing. */
export async function readEnergy(tx: Tx, scope: EnergyScope, limit: number): Promise<EnergyRow[]> {
  const { name, rows: source, bucket, start, values } = energySource(scope);
  const { rows } = await tx.query<EnergyRow>({
    name: `energy_${name}`,
    text: `SELECT ${start} AS start, wh::float8 AS "energyWh", coalesce(estimated_wh, 0) > 0 AS estimated,
             coalesce(estimated_wh, 0)::float8 AS "estimatedWh"
           FROM (
             SELECT ${bucket} AS bucket, sum(energy_wh) AS wh, sum(estimated_wh) AS estimated_wh
             FROM ${source} GROUP BY 1 HAVING sum(energy_wh) IS NOT NULL
           ) b ORDER BY bucket LIMIT $${values.length + 1}`,
    values: [...values, limit],
  });
  return rows;
}

/** Start of the first quarter hour with anything booked; null without any. */
export async function firstQuarter(tx: Tx, userId: UserId, inverterIds: readonly InverterId[]): Promise<Date | null> {
  const { rows } = await tx.query<{ ts: Date | null }>({
    name: 'energy_first',
    text: 'SELECT min(first_energy_ts) AS ts FROM api.counter WHERE user_id = $1 AND inverter_id = ANY ($2::int[])',
    values: [userId, inverterIds],
  });
  return rows[0]?.ts ?? null;
}

/** Start of the last quarter hour with anything booked; null without any. */
export async function lastQuarter(tx: Tx, userId: UserId, inverterIds: readonly InverterId[]): Promise<Date | null> {
  const { rows } = await tx.query<{ ts: Date | null }>({
    name: 'energy_last',
    text: 'SELECT max(ts) AS ts FROM api.energy_15m WHERE user_id = $1 AND inverter_id = ANY ($2::int[])',
    values: [userId, inverterIds],
  });
  return rows[0]?.ts ?? null;
}

/**
 * What a question about energy is about: one inverter or, with null, all of the account, and whose days they are counted in (an
 * account's are those of its first site). Null when the account has no such inverter.
 */
export async function readEnergySubject(
  tx: Tx,
  userId: UserId,
  inverterId: InverterId | null,
): Promise<{ inverterIds: InverterId[]; timeZone: string } | null> {
  const { rows } = await tx.query<{ inverterIds: InverterId[]; timeZone: string | null }>({
    name: inverterId === null ? 'energy_subject_account' : 'energy_subject_inverter',
    text:
      inverterId === null
        ? `SELECT (SELECT time_zone FROM api.site WHERE user_id = $1 ORDER BY id LIMIT 1) AS "timeZone",
             ARRAY(SELECT id FROM api.inverter WHERE user_id = $1 ORDER BY id) AS "inverterIds"`
        : `SELECT s.time_zone AS "timeZone", ARRAY[i.id] AS "inverterIds"
           FROM api.inverter i JOIN api.site s ON s.user_id = i.user_id AND s.id = i.site_id WHERE i.user_id = $1 AND i.id = $2`,
    values: inverterId === null ? [userId] : [userId, inverterId],
  });
  const [row] = rows;
  return row === undefined ? null : { inverterIds: row.inverterIds, timeZone: row.timeZone ?? 'UTC' };
}
