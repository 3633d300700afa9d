import type { Tx } from '../db/as-tenant.ts';
import type { InverterId, UserId } from '../domain/inverter.ts';
import { SAMPLE_STATUS } from '../domain/sample-status.ts';
import { type EnergyScope, type EnergySource, energySource } from './energy-source.ts';
import { utcDays } from './utc-days.ts';

export interface PowerRow {
  time: Date;
  powerW: number;
  powerMaxW: number;
}

/**
 * Mean and maximum power by bucket, from the samples themselves; for buckets of less than a quarter hour, which in every zone begin where
 * they begin in UTC. A bucket without a measurement is missing.
 * @param channel 0 is the inverter's AC power, 1… an input's
 * @param bucketS width in seconds, null for every sample as it is
 * @param limit one more than may be shown, so that the caller sees an overflow
 */
export async function readPower(
  tx: Tx,
  userId: UserId,
  inverterId: InverterId,
  channel: number,
  from: Date,
  to: Date,
  bucketS: number | null,
  limit: number,
): Promise<PowerRow[]> {
  const [kind, samples] =
    channel === 0 ? ['ac', 'api.ac_sample WHERE $6::int = 0'] : ['dc', 'api.dc_sample WHERE channel = $6::smallint'];
  const which = `user_id = $1 AND inverter_id = $2 AND ts >= $3 AND ts < $4 AND ${utcDays('$3', '$4')} AND power_dw IS NOT NULL`;
  if (bucketS === null) {
    const { rows } = await tx.query<PowerRow>({
      name: `${kind}_power_raw`,
      text: `SELECT ts AS time, power_dw / 10.0::float8 AS "powerW", power_dw / 10.0::float8 AS "powerMaxW" FROM ${samples}
               AND ${which} ORDER BY ts LIMIT $5`,
      values: [userId, inverterId, from, to, limit, channel],
    });
    return rows;
  }
  const { rows } = await tx.query<PowerRow>({
    name: `${kind}_power_buckets`,
    text: `SELECT to_timestamp(floor(extract(epoch FROM ts) / $7::float8) * $7::float8) AS time,
             (avg(power_dw) / 10.0)::float8 AS "powerW", max(power_dw) / 10.0::float8 AS "powerMaxW"
           FROM ${samples} AND ${which} GROUP BY 1 ORDER BY 1 LIMIT $5`,
    values: [userId, inverterId, from, to, limit, channel, bucketS],
  });
  return rows;
}

/**
 * The same by quarter hour or longer, from the sums kept by quarter hour: a year costs as little as its quarter hours. Only what was
 * really measured is in those sums, not what a gateway repeated for a device it could not reach. Hours and days are the zone's.
 *
 * Of several inverters the mean is the sum of their means, and the maximum the highest sum of their maxima in a quarter hour: what they
 * may have reached together at most. Of one inverter both are exact.
 */
export async function readQuarterPower(tx: Tx, scope: EnergyScope, limit: number): Promise<PowerRow[]> {
  const isOne = scope.inverterIds.length === 1;
  const source = energySource(scope);
  const { name, start, values } = source;
  const { rows } = await tx.query<PowerRow>({
    name: `power_${isOne ? 'one' : 'sum'}_${name}`,
    text: `SELECT ${start} AS time, mean / 10.0::float8 AS "powerW", (max / 10.0)::float8 AS "powerMaxW"
           FROM (${isOne ? powerOfOne(source) : powerOfSeveral(source)}) p ORDER BY bucket LIMIT $${values.length + 1}`,
    values: [...values, limit],
  });
  return rows;
}

function powerOfOne({ rows, bucket }: EnergySource): string {
  return `SELECT ${bucket} AS bucket, sum(power_sum_dw)::float8 / sum(power_count) AS mean, max(power_max_dw) AS max
          FROM ${rows} WHERE power_count > 0 GROUP BY 1`;
}

function powerOfSeveral({ rows, bucket, byDay }: EnergySource): string {
  const [highest, max, ofEach, at] = byDay
    ? [
        'quarter_max_dw',
        'q.max',
        ', unnest(highest) WITH ORDINALITY AS q (max, n) WHERE q.max IS NOT NULL',
        `ts + (n - 1) * interval '15 minutes'`,
      ]
    : ['power_max_dw', 'highest', '', 'ts'];
  return `WITH part AS MATERIALIZED (
            SELECT inverter_id, ts, ${bucket} AS bucket, power_sum_dw AS sum, power_count AS count, ${highest} AS highest
            FROM ${rows} WHERE power_count > 0
          ), mean AS (
            SELECT bucket, sum(mean) AS mean FROM (
              SELECT bucket, sum(sum)::float8 / sum(count) AS mean FROM part GROUP BY bucket, inverter_id
            ) i GROUP BY bucket
          ), highest AS (
            SELECT bucket, max(max) AS max FROM (SELECT bucket, sum(${max}) AS max FROM part${ofEach} GROUP BY bucket, ${at}) s
            GROUP BY bucket
          )
          SELECT bucket, mean, max FROM mean JOIN highest USING (bucket)`;
}

export interface LowestPowerRow {
  time: Date;
  powerMinW: number;
}

/**
 * The lowest AC power of one inverter by the buckets of `readQuarterPower`, whose sums do not hold it: from the samples, and of those only
 * what was measured, not what a gateway repeated.
 * @param starts where the buckets begin, ascending; null: each quarter hour is one
 */
export async function readLowestPower(
  tx: Tx,
  of: { userId: UserId; inverterId: InverterId; from: Date; to: Date; starts: readonly Date[] | null },
): Promise<LowestPowerRow[]> {
  const byQuarter = of.starts === null;
  const bucket = byQuarter
    ? 'floor(extract(epoch FROM ts) / $5::float8)'
    : 'width_bucket(ts, $5::timestamptz[])::float8';
  const start = byQuarter ? 'to_timestamp(bucket * $5::float8)' : '($5::timestamptz[])[bucket::int]';
  const { rows } = await tx.query<LowestPowerRow>({
    name: `lowest_power_${byQuarter ? 'quarters' : 'periods'}`,
    text: `SELECT ${start} AS time, min / 10.0::float8 AS "powerMinW" FROM (
             SELECT ${bucket} AS bucket, min(power_dw) AS min FROM api.ac_sample
             WHERE user_id = $1 AND inverter_id = $2 AND ts >= $3 AND ts < $4 AND ${utcDays('$3', '$4')}
               AND power_dw IS NOT NULL AND status & ${NOT_MEASURED} = 0
             GROUP BY 1
           ) b ORDER BY bucket`,
    values: [of.userId, of.inverterId, of.from, of.to, byQuarter ? QUARTER_S : of.starts],
  });
  return rows;
}

const QUARTER_S = 900;
const NOT_MEASURED = SAMPLE_STATUS.unreachable | SAMPLE_STATUS.stale | SAMPLE_STATUS.neverPolled;

/** An inverter that reports every few minutes keeps its last power meanwhile; one that is silent for longer has none. */
const HELD_S = 600;

interface AccountPowerScope {
  userId: UserId;
  from: Date;
  to: Date;
  /** Width of a bucket in seconds, less than a quarter hour. */
  bucketS: number;
}

/**
 * Power of all inverters of the account, or of `only` these, added up by bucket. Adding what happens to be in each bucket would draw a dip
 * wherever one of them is a little late. Added up here: a thousand inverters have hundreds of thousands of means a day.
 */
export async function readAccountPower(
  tx: Tx,
  scope: AccountPowerScope,
  only: readonly InverterId[] | null = null,
): Promise<PowerRow[]> {
  return (await readSums(tx, scope, { only, some: null })).map(({ time, watts }) => powerOf(time, watts));
}

/** The same of all of them and of `some` of them, from one look at their samples. */
export async function readAccountPowers(
  tx: Tx,
  scope: AccountPowerScope,
  some: readonly InverterId[],
): Promise<{ all: PowerRow[]; some: PowerRow[] }> {
  const rows = await readSums(tx, scope, { only: null, some });
  return {
    all: rows.map(({ time, watts }) => powerOf(time, watts)),
    some: rows.flatMap(({ time, someWatts }) => (someWatts === null ? [] : [powerOf(time, someWatts)])),
  };
}

const powerOf = (time: Date, watts: number): PowerRow => ({ time, powerW: watts, powerMaxW: watts });

interface SumRow {
  time: Date;
  watts: number;
  /** Null where none of those measured. */
  someWatts: number | null;
}

async function readSums(
  tx: Tx,
  { userId, from, to, bucketS }: AccountPowerScope,
  { only, some }: { only: readonly InverterId[] | null; some: readonly InverterId[] | null },
): Promise<SumRow[]> {
  const bucket = `floor(date_part('epoch', ts) / $4::float8)::int`;
  const wattsOf = (which: string): string => `(round(sum(sum(change)${which}) OVER (ORDER BY bucket)) / 10.0)::float8`;
  const { rows } = await tx.query<SumRow>({
    name: 'account_power',
    // A mean counts from its bucket until the inverter's next one, or until it is too old. As `numeric`, nothing remains of it then.
    text: `WITH means AS MATERIALIZED (
             SELECT ${bucket} AS bucket, avg(power_dw) AS mean, lead(${bucket}) OVER (PARTITION BY inverter_id ORDER BY ${bucket}) AS next,
               inverter_id = ANY ($7::int[]) AS is_some
             FROM api.ac_sample
             WHERE user_id = $1 AND ts >= $2 AND ts < $3 AND ${utcDays('$2', '$3')} AND power_dw IS NOT NULL
               AND ($5::int[] IS NULL OR inverter_id = ANY ($5::int[]))
             GROUP BY inverter_id, 1
           ), changes AS (
             SELECT bucket, mean AS change, true AS is_told, is_some FROM means
             UNION ALL SELECT least(next, bucket + 1 + $6::int), -mean, false, is_some FROM means
           )
           SELECT time, watts, CASE WHEN some_are_told THEN some_watts END AS "someWatts" FROM (
             SELECT to_timestamp(bucket * $4::float8) AS time, bool_or(is_told) AS is_told, bool_or(is_told AND is_some) AS some_are_told,
               ${wattsOf('')} AS watts, ${wattsOf(' FILTER (WHERE is_some)')} AS some_watts
             FROM changes GROUP BY bucket
           ) b WHERE is_told ORDER BY time`,
    values: [userId, from, to, bucketS, only, Math.floor(HELD_S / bucketS), some],
  });
  return rows;
}
