import { inTransactionOn, type Tx } from '../db/as-tenant.ts';
import type { InverterKey } from './held-frames.ts';
import type { OwnerClient } from './owner-accounts.ts';
import { appendSamples, type Sample } from './samples.ts';

/**
 * Puts samples of one inverter in the place of those of the same times, and of `gone`, in one transaction, as the owner. Where nothing
 * would be said that is not said already, nothing is written. What they come to in energy is not booked: that is for `recompute`.
 * @returns the times at which something else is said now, ascending
 */
export async function replaceSamples(
  owner: OwnerClient,
  key: InverterKey,
  samples: readonly Sample[],
  gone: readonly Date[],
): Promise<Date[]> {
  const times = [...new Set([...samples.map(({ sampledAt }) => sampledAt), ...gone].map((at) => at.getTime()))];
  const moments = times.sort((a, b) => a - b).map((ms) => new Date(ms));
  return inTransactionOn(owner, async (tx) => {
    const before = await saidAt(tx, key, moments);
    await tx.query('SELECT store.take_samples($1, $2, $3)', [key.userId, key.inverterId, moments]);
    await appendSamples(tx, samples);
    const after = await saidAt(tx, key, moments);
    const changed = times.filter((ms) => before.get(ms) !== after.get(ms));
    if (changed.length === 0) {
      await tx.query('ROLLBACK');
      await tx.query('BEGIN');
    }
    return changed.map((ms) => new Date(ms));
  });
}

/** What is stored for these moments, as text. */
async function saidAt(
  tx: Tx,
  { userId, inverterId }: InverterKey,
  moments: readonly Date[],
): Promise<Map<number, string>> {
  const { rows } = await tx.query<{ ts: Date; said: string }>(
    `WITH days AS (SELECT ARRAY(SELECT DISTINCT (t AT TIME ZONE 'UTC')::date FROM unnest($3::timestamptz[]) AS t) AS utc)
     SELECT a.ts, to_jsonb(a)::text || coalesce(d.inputs, '') AS said
     FROM store.ac_all a LEFT JOIN (
       SELECT i.ts, jsonb_agg(to_jsonb(i) ORDER BY i.channel)::text AS inputs FROM store.dc_all i
       WHERE i.user_id = $1 AND i.inverter_id = $2 AND i.ts = ANY ($3) AND i.day = ANY (ARRAY(SELECT unnest(utc) FROM days)) GROUP BY i.ts
     ) d ON d.ts = a.ts
     WHERE a.user_id = $1 AND a.inverter_id = $2 AND a.ts = ANY ($3) AND a.day = ANY (ARRAY(SELECT unnest(utc) FROM days))`,
    [userId, inverterId, moments],
  );
  return new Map(rows.map(({ ts, said }) => [ts.getTime(), said]));
}
