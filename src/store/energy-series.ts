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
  timeZone: string;
}

export type LocalBucket = '15m' | 'hour' | 'day' | 'month' | 'year';

export interface EnergyRow {
  start: Date;
  energyWh: number;
  estimated: boolean;
}

/** SQL of the start of a quarter hour's bucket; `$6` is the zone. Every zone's offset is a multiple of a quarter hour. */
export function localBucket(bucket: LocalBucket): string {
  // The zone must be used in every variant: a parameter nobody mentions has no type.
  return bucket === '15m' ? 'CASE WHEN $6::text IS NOT NULL THEN ts END' : `date_trunc('${bucket}', ts, $6::text)`;
}

/** A bucket of which nothing is known is missing. */
export async function readEnergy(tx: Tx, scope: EnergyScope, bucket: LocalBucket, limit: number): Promise<EnergyRow[]> {
  const { rows } = await tx.query<EnergyRow>({
    name: `energy_${bucket}`,
    text: `SELECT ${localBucket(bucket)} AS start, sum(energy_wh[$5]) AS "energyWh", coalesce(sum(estimated_wh[$5]), 0) > 0 AS estimated
           FROM api.energy_15m
           WHERE user_id = $1 AND inverter_id = ANY ($2::int[]) AND ts >= $3 AND ts < $4 AND energy_wh[$5] IS NOT NULL
           GROUP BY 1 ORDER BY 1 LIMIT $7`,
    values: [scope.userId, scope.inverterIds, scope.from, scope.to, scope.channel + 1, scope.timeZone, limit],
  });
  return rows;
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
