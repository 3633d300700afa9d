import type { Tx } from '../db/as-tenant.ts';
import type { InverterId, UserId } from '../domain/inverter.ts';
import { utcDays } from './utc-days.ts';

export interface PowerRow {
  time: Date;
  powerW: number;
  powerMaxW: number;
}

/**
 * Mean and maximum AC power by bucket, aligned to the zone's midnight (days) or to the clock of UTC (all shorter ones). A bucket without a measurement is missing.
 * @param bucketS width in seconds, null for every sample as it is
 * @param limit one more than may be shown, so that the caller sees an overflow
 */
export async function readPower(
  tx: Tx,
  userId: UserId,
  inverterId: InverterId,
  from: Date,
  to: Date,
  bucketS: number | null,
  timeZone: string,
  limit: number,
): Promise<PowerRow[]> {
  if (bucketS === null) {
    const { rows } = await tx.query<PowerRow>({
      name: 'power_raw',
      text: `SELECT ts AS time, power_dw / 10.0::float8 AS "powerW", power_dw / 10.0::float8 AS "powerMaxW" FROM api.ac_sample
             WHERE user_id = $1 AND inverter_id = $2 AND ts >= $3 AND ts < $4 AND ${utcDays('$3', '$4')} AND power_dw IS NOT NULL
             ORDER BY ts LIMIT $5`,
      values: [userId, inverterId, from, to, limit],
    });
    return rows;
  }
  const { rows } = await tx.query<PowerRow>({
    name: bucketS === 86_400 ? 'power_days' : 'power_buckets',
    text: `SELECT ${
      bucketS === 86_400
        ? `date_trunc('day', ts, $6)`
        : `to_timestamp(floor(extract(epoch FROM ts) / $7::float8) * $7::float8)`
    } AS time, (avg(power_dw) / 10.0)::float8 AS "powerW", max(power_dw) / 10.0::float8 AS "powerMaxW"
           FROM api.ac_sample
           WHERE user_id = $1 AND inverter_id = $2 AND ts >= $3 AND ts < $4 AND ${utcDays('$3', '$4')} AND power_dw IS NOT NULL
             AND $6::text IS NOT NULL AND $7::float8 > 0
           GROUP BY 1 ORDER BY 1 LIMIT $5`,
    values: [userId, inverterId, from, to, limit, timeZone, bucketS],
  });
  return rows;
}

export interface InverterPowerRow {
  inverterId: InverterId;
  time: Date;
  powerW: number;
}

/** Mean power of each inverter of the account by bucket, in order of time. */
export async function readAccountPower(
  tx: Tx,
  userId: UserId,
  from: Date,
  to: Date,
  bucketS: number,
): Promise<InverterPowerRow[]> {
  const { rows } = await tx.query<InverterPowerRow>({
    name: 'account_power',
    text: `SELECT inverter_id AS "inverterId", to_timestamp(floor(extract(epoch FROM ts) / $4::float8) * $4::float8) AS time,
             (avg(power_dw) / 10.0)::float8 AS "powerW"
           FROM api.ac_sample
           WHERE user_id = $1 AND ts >= $2 AND ts < $3 AND ${utcDays('$2', '$3')} AND power_dw IS NOT NULL
           GROUP BY 1, 2 ORDER BY 2`,
    values: [userId, from, to, bucketS],
  });
  return rows;
}
