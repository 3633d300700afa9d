import type { Tx } from '../db/as-tenant.ts';
import type { InverterId, UserId } from '../domain/inverter.ts';

export interface EventRow {
  id: number;
  at: Date;
  kind: string;
  channel: number | null;
  detail: Record<string, unknown>;
}

/**
 * Newest first, by what they are about; those of one moment by their ids.
 * @param after the last one of those that were read before; 0 from the beginning
 */
export async function listEvents(
  tx: Tx,
  userId: UserId,
  inverterId: InverterId,
  after: number,
  limit: number,
): Promise<EventRow[]> {
  const { rows } = await tx.query<EventRow>({
    name: 'list_events',
    text: `SELECT id, at, kind, channel::int, detail FROM api.quality_event
           WHERE user_id = $1 AND inverter_id = $2 AND ($3::bigint = 0 OR (at, id) < (
             SELECT at, id FROM api.quality_event WHERE user_id = $1 AND inverter_id = $2 AND id = $3))
           ORDER BY at DESC, id DESC LIMIT $4`,
    values: [userId, inverterId, after, limit],
  });
  return rows;
}

export interface DisbelievedRow {
  at: Date;
  inverterId: InverterId;
  channel: number;
}

/** Counter readings that were not believed, in order of time; of more than `limit` the newest. */
export async function listDisbelieved(
  tx: Tx,
  userId: UserId,
  inverterIds: readonly InverterId[],
  from: Date,
  to: Date,
  limit: number,
): Promise<DisbelievedRow[]> {
  const { rows } = await tx.query<DisbelievedRow>({
    name: 'list_disbelieved',
    text: `SELECT at, inverter_id AS "inverterId", coalesce(channel, 0)::int AS channel FROM api.quality_event
           WHERE user_id = $1 AND inverter_id = ANY ($2::int[]) AND at >= $3 AND at < $4 AND kind = 'quarantined'
           ORDER BY at DESC, id DESC LIMIT $5`,
    values: [userId, inverterIds, from, to, limit],
  });
  return rows.reverse();
}
