import type pg from 'pg';

/** A row of store.ac_sample or store.dc_sample as the test knows it: scaled integers, times as text with microseconds. */
export interface SampleRow {
  /** 0 is the inverter (ac), 1… an input (dc). */
  channel: number;
  inverterId: number;
  /** e.g. `2026-03-02T10:00:00.123456Z` */
  ts: string;
  /** One for each measured column in the table's order, null where unknown. */
  values: (number | null)[];
}

export const AC_COLUMNS = [
  'power_dw',
  'power_dc_dw',
  'voltage_dv',
  'voltage_l2_dv',
  'voltage_l3_dv',
  'current_ca',
  'current_l2_ca',
  'current_l3_ca',
  'power_l1_dw',
  'power_l2_dw',
  'power_l3_dw',
  'frequency_chz',
  'power_factor_pm',
  'temperature_ddegc',
  'yield_day_wh',
  'yield_total_wh',
  'status',
] as const;
export const DC_COLUMNS = [
  'power_dw',
  'voltage_dv',
  'current_ca',
  'yield_day_wh',
  'yield_total_wh',
  'irradiation_cpct',
] as const;

/** Inserts rows of one kind as they are, past every check: what a test arranges. */
export async function insertRows(
  client: pg.Client,
  kind: 'ac' | 'dc',
  userId: number,
  rows: readonly SampleRow[],
): Promise<void> {
  const columns = kind === 'ac' ? AC_COLUMNS : DC_COLUMNS;
  const arrays = columns.map((_, i) => rows.map((row) => row.values[i] ?? null));
  const channels = kind === 'ac' ? [] : [rows.map((row) => row.channel)];
  const names = ['inverter_id', 'ts', ...(kind === 'ac' ? [] : ['channel']), ...columns];
  await client.query(
    `INSERT INTO store.${kind}_sample (user_id, ${names.join(', ')})
     SELECT $1, * FROM unnest($2::int[], $3::timestamptz[]${kind === 'ac' ? '' : ', $4::int[]'},
       ${columns.map((_, i) => `$${i + (kind === 'ac' ? 4 : 5)}::bigint[]`).join(', ')})`,
    [userId, rows.map((row) => row.inverterId), rows.map((row) => row.ts), ...channels, ...arrays],
  );
}

/** Everything of one account and kind as the application sees it, hot and packed, in order of key. */
export async function readRows(
  client: Pick<pg.Client, 'query'>,
  kind: 'ac' | 'dc',
  userId: number,
): Promise<SampleRow[]> {
  const columns = kind === 'ac' ? AC_COLUMNS : DC_COLUMNS;
  await client.query(`SELECT set_config('app.current_user_id', $1, false)`, [String(userId)]);
  const { rows } = await client.query<{ inverter_id: number; channel: number; ts: string }>(
    `SELECT inverter_id, ${kind === 'ac' ? '0 AS channel' : 'channel::int'},
       to_char(ts AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS ts, ${columns.join(', ')}
     FROM api.${kind}_sample WHERE user_id = $1 ORDER BY inverter_id, channel, ts`,
    [userId],
  );
  return rows.map(({ inverter_id: inverterId, channel, ts, ...values }) => ({
    inverterId,
    channel,
    ts,
    values: columns.map((name) => (values as Record<string, number | null>)[name] ?? null),
  }));
}
