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
  /** By which rules (`dayRules`) each bucket is made of whole days, of which some may be kept as sums; null: it is not. */
  dayRules: string | null;
}

/** What a query over a scope is made of. */
export interface EnergySource {
  /** To tell prepared statements apart. */
  name: string;
  /**
   * What follows FROM: rows of `inverter_id, ts, energy_wh, estimated_wh, power_sum_dw, power_count, power_max_dw` of the channel. Each
   * is a quarter hour, or a day where days fit the buckets and are kept; then with `quarter_max_dw`, what `power_max_dw` was in each of
   * its quarter hours from `ts` on, of the AC power.
   */
  rows: string;
  /** Whether there are days among the rows. */
  byDay: boolean;
  /** Number of the bucket a row lies in. */
  bucket: string;
  /** Start of `bucket`. */
  start: string;
  /** `$1` … `$7`. */
  values: unknown[];
}

/**
 * Buckets are found among their starts, which costs a third of what cutting every quarter hour down to its zone's day does; and whose
 * day it is, is decided in one place.
 */
export function energySource(scope: EnergyScope): EnergySource {
  const { userId, inverterIds, channel, from, to, starts, dayRules } = scope;
  const byDay = starts !== null && dayRules !== null;
  return {
    name: starts === null ? 'quarters' : byDay ? 'days' : 'periods',
    rows: byDay ? DAYS_AND_QUARTERS : QUARTERS,
    byDay,
    bucket: starts === null ? 'CASE WHEN $6::timestamptz[] IS NULL THEN ts END' : 'width_bucket(ts, $6::timestamptz[])',
    start: starts === null ? 'bucket' : '($6::timestamptz[])[bucket]',
    values: [userId, inverterIds, from, to, channel + 1, starts, ...(byDay ? [dayRules] : [])],
  };
}

const COLUMNS = `ts, energy_wh[$5], estimated_wh[$5], power_sum_dw[$5], power_count[$5], power_max_dw[$5]`;
const NAMES = 'inverter_id, ts, energy_wh, estimated_wh, power_sum_dw, power_count, power_max_dw';

const QUARTERS = `(
  SELECT inverter_id, ${COLUMNS} FROM api.energy_15m
  WHERE user_id = $1 AND inverter_id = ANY ($2::int[]) AND ts >= $3 AND ts < $4
) AS source (${NAMES})`;

/**
 * Days that lie in the range and end by the boundary in the counter row, and the quarter hours before and after them. In one statement,
 * so that the boundary is as old as what it is about. One inverter after the other: conditions from a join do not get into a barrier view.
 */
const DAYS_AND_QUARTERS = `(
  SELECT inverter.id, part.*
  FROM unnest($2::int[]) AS inverter (id)
  LEFT JOIN LATERAL (
    SELECT least($4, days_until) AS until FROM api.counter
    WHERE user_id = $1 AND inverter_id = inverter.id AND days_zone = $7 LIMIT 1
  ) kept ON true
  CROSS JOIN LATERAL (
    SELECT coalesce(min(ts), $4) AS from_ts, max(end_ts) AS to_ts FROM api.energy_day
    WHERE user_id = $1 AND inverter_id = inverter.id AND ts >= $3 AND ts < kept.until AND end_ts <= kept.until
  ) days
  CROSS JOIN LATERAL (
    SELECT ${COLUMNS}, quarter_max_dw FROM api.energy_day
    WHERE user_id = $1 AND inverter_id = inverter.id AND ts >= days.from_ts AND ts < days.to_ts
    UNION ALL
    SELECT ${COLUMNS}, ARRAY[power_max_dw[1]] FROM api.energy_15m
    WHERE user_id = $1 AND inverter_id = inverter.id AND ts >= $3 AND ts < days.from_ts
    UNION ALL
    SELECT ${COLUMNS}, ARRAY[power_max_dw[1]] FROM api.energy_15m
    WHERE user_id = $1 AND inverter_id = inverter.id AND ts >= days.to_ts AND ts < $4
  ) part
) AS source (${NAMES}, quarter_max_dw)`;
