import type { Tx } from '../db/as-tenant.ts';

/** More weeks than any installation keeps; a single sample with an absurd time must not make partitions without end. */
const MAX_WEEKS = 600;

export interface TimeRange {
  from: string;
  to: string;
}

export async function hasOwnPartitions(tx: Tx): Promise<boolean> {
  const { rows } = await tx.query<{ plain: boolean }>(`SELECT engine = 'plain' AS plain FROM store.installation`);
  return rows[0]?.plain === true;
}

/** The weeks of a range, but for those that count as packed already: their samples wait elsewhere to be joined with them. */
export async function makeSampleWeeks(tx: Tx, { from, to }: TimeRange): Promise<void> {
  await tx.query(
    `SELECT store.make_partition(of_table, week, week + interval '168 hours')
     FROM store.packing, unnest(ARRAY['ac_sample', 'dc_sample']) of_table, generate_series(
       date_trunc('week', greatest($1::timestamptz, packed_before, $2::timestamptz - make_interval(hours => 168 * $3)), 'UTC'),
       $2::timestamptz, interval '168 hours') week`,
    [from, to, MAX_WEEKS],
  );
}

export async function makeEnergyQuarters(tx: Tx, { from, to }: TimeRange): Promise<void> {
  await tx.query(
    `SELECT store.make_partition('energy_15m', q AT TIME ZONE 'UTC', (q + interval '3 months') AT TIME ZONE 'UTC')
     FROM generate_series(
       date_trunc('quarter', greatest($1::timestamptz, $2::timestamptz - make_interval(hours => 168 * $3 * 4)) AT TIME ZONE 'UTC'),
       $2::timestamptz AT TIME ZONE 'UTC', interval '3 months') q`,
    [from, to, MAX_WEEKS],
  );
}
