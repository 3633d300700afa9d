import type { Tx } from '../db/as-tenant.ts';
import type { InverterId, UserId } from '../domain/inverter.ts';

/**
 * Energy of any period is a sum over `energy_15m` and nothing else, so that the parts always sum to the whole. A quarter hour belongs
 * to the period its start lies in.
 */
export interface EnergyScope {
  userId: UserId;
  inverterIds: readonly InverterId[];
  /** 0 is the inverter, 1… an input. */
  channel: number;
  /** Inclusive. */
  from: Date;
  /** Exclusive. */
  to: Date;
  /** Where the buckets begin, ascending, the first not after `from`; null: each quarter hour is one. */
  starts: readonly Date[] | null;
}

export interface EnergyRow {
  start: Date;
  energyWh: number;
  estimated: boolean;
}

/**
 * SQL of the number of a quarter hour's bucket, and of that bucket's start; `$6` are the starts. Found among them, which costs a third of
 * what cutting every quarter hour down to its zone's day does; and whose day it is, is decided in one place.
 */
export function bucketsOf(starts: EnergyScope['starts']): { name: string; number: string; start: string } {
  return starts === null
    ? { name: 'quarters', number: 'CASE WHEN $6::timestamptz[] IS NULL THEN ts END', start: 'bucket' }
    : { name: 'periods', number: 'width_bucket(ts, $6::timestamptz[])', start: '($6::timestamptz[])[bucket]' };
}

/** A bucket of which nothing is known is missing. */
export async function readEnergy(tx: Tx, scope: EnergyScope, limit: number): Promise<EnergyRow[]> {
  const { name, number, start } = bucketsOf(scope.starts);
  const { rows } = await tx.query<EnergyRow>({
    name: `energy_${name}`,
    text: `SELECT ${start} AS start, wh AS "energyWh", coalesce(estimated_wh, 0) > 0 AS estimated
           FROM (
             SELECT ${number} AS bucket, sum(energy_wh[$5]) AS wh, sum(estimated_wh[$5]) AS estimated_wh
             FROM api.energy_15m
             WHERE user_id = $1 AND inverter_id = ANY ($2::int[]) AND ts >= $3 AND ts < $4
             GROUP BY 1 HAVING sum(energy_wh[$5]) IS NOT NULL
           ) b ORDER BY bucket LIMIT $7`,
    values: [scope.userId, scope.inverterIds, scope.from, scope.to, scope.channel + 1, scope.starts, limit],
  });
  return rows;
}

/** Start of the first quarter hour with anything booked; null without any. */
export async function firstQuarter(tx: Tx, userId: UserId, inverterIds: readonly InverterId[]): Promise<Date | null> {
  const { rows } = await tx.query<{ ts: Date | null }>({
    name: 'energy_first',
    text: 'SELECT min(ts) AS ts FROM api.energy_15m WHERE user_id = $1 AND inverter_id = ANY ($2::int[])',
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
