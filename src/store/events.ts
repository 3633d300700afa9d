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
