import type { Tx } from '../db/as-tenant.ts';
import type { InverterId, UserId } from '../domain/inverter.ts';

/** What the gateway that speaks for an inverter last said of itself, as it was noted. */
export interface GatewayRow {
  facts: Record<string, unknown>;
  firstSeenAt: Date;
  lastSeenAt: Date;
  lastAddress: string | null;
}

/** @returns null when the tenant has no such inverter, or nothing was heard of its gateway */
export async function readGateway(tx: Tx, userId: UserId, inverterId: InverterId): Promise<GatewayRow | null> {
  const { rows } = await tx.query<GatewayRow>({
    name: 'read_gateway',
    text: `SELECT g.facts, g.first_seen_at AS "firstSeenAt", g.last_seen_at AS "lastSeenAt", g.last_address AS "lastAddress"
           FROM api.inverter i JOIN api.gateway g ON g.user_id = i.user_id AND g.kind = i.kind AND g.serial = i.serial
           WHERE i.user_id = $1 AND i.id = $2`,
    values: [userId, inverterId],
  });
  return rows[0] ?? null;
}

/** @returns null when the tenant has no such inverter */
export async function readSerial(tx: Tx, userId: UserId, inverterId: InverterId): Promise<string | null> {
  const { rows } = await tx.query<{ serial: string }>(
    'SELECT serial FROM api.inverter WHERE user_id = $1 AND id = $2',
    [userId, inverterId],
  );
  return rows[0]?.serial ?? null;
}

/** Payloads kept as they came, of one kind. */
export interface KeptFramesRow {
  layout: string;
  reason: string;
  count: number;
  lastReceivedAt: Date;
}

export async function summariseKeptFrames(tx: Tx, userId: UserId, inverterId: InverterId): Promise<KeptFramesRow[]> {
  const { rows } = await tx.query<KeptFramesRow>({
    name: 'summarise_kept_frames',
    text: `SELECT layout, reason, count(*)::int AS count, max(received_at) AS "lastReceivedAt"
           FROM api.raw_frame WHERE user_id = $1 AND inverter_id = $2
           GROUP BY layout, reason ORDER BY layout, reason`,
    values: [userId, inverterId],
  });
  return rows;
}

export interface KeptFrameRow {
  receivedAt: Date;
  layout: string;
  reason: string;
  bytes: Buffer;
}

/** Oldest first. */
export async function listKeptFrames(tx: Tx, userId: UserId, inverterId: InverterId): Promise<KeptFrameRow[]> {
  const { rows } = await tx.query<KeptFrameRow>({
    name: 'list_kept_frames',
    text: `SELECT received_at AS "receivedAt", layout, reason, bytes FROM api.raw_frame
           WHERE user_id = $1 AND inverter_id = $2 ORDER BY id`,
    values: [userId, inverterId],
  });
  return rows;
}
