import type { Tx } from '../db/as-tenant.ts';
import type { InverterId, UserId } from '../domain/inverter.ts';
import { utcDays } from './utc-days.ts';

const COLUMNS = { voltage: 'voltage_dv / 10.0::float8', current: 'current_ca / 100.0::float8' } as const;

export interface InputRow {
  time: Date;
  value: number;
  max: number;
}

/**
 * Mean and highest voltage (V) or current (A) of one input by bucket, which begin where they begin in UTC. One without a measurement is
 * missing.
 * @param limit one more than may be shown, so that the caller sees an overflow
 */
export async function readInput(
  tx: Tx,
  of: { userId: UserId; inverterId: InverterId; channel: number; measure: keyof typeof COLUMNS; from: Date; to: Date },
  bucketS: number,
  limit: number,
): Promise<InputRow[]> {
  const value = COLUMNS[of.measure];
  const { rows } = await tx.query<InputRow>({
    name: `input_${of.measure}`,
    text: `SELECT to_timestamp(floor(extract(epoch FROM ts) / $6::float8) * $6::float8) AS time,
             avg(${value}) AS value, max(${value}) AS max
           FROM api.dc_sample
           WHERE user_id = $1 AND inverter_id = $2 AND channel = $3::smallint AND ts >= $4 AND ts < $5 AND ${utcDays('$4', '$5')}
             AND (${value}) IS NOT NULL
           GROUP BY 1 ORDER BY 1 LIMIT $7`,
    values: [of.userId, of.inverterId, of.channel, of.from, of.to, bucketS, limit],
  });
  return rows;
}
