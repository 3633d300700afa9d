import type { InverterId } from '../domain/inverter.ts';
import { ask } from './ask.ts';
import type { InverterKey, KeptFrame } from './held-frames.ts';
import type { OwnerClient } from './owner-accounts.ts';

/** A logger with payloads that were kept as they came. */
export interface KeptDevice extends InverterKey {
  serial: string;
  /** Of which nothing could be made. */
  frames: number;
  /** That were understood. */
  decoded: number;
}

/** @param only one of them; all when both are null */
export function listKeptDevices(
  owner: OwnerClient,
  only: { inverterId: InverterId | null; serial: string | null },
): Promise<KeptDevice[]> {
  return ask<KeptDevice>(
    owner,
    `SELECT i.user_id AS "userId", i.id AS "inverterId", i.serial, r.frames, d.decoded
     FROM api.inverter i,
          LATERAL (SELECT count(*)::int AS frames FROM store.raw_frame WHERE user_id = i.user_id AND inverter_id = i.id) r,
          LATERAL (SELECT count(*)::int AS decoded FROM store.decoded_frame WHERE user_id = i.user_id AND inverter_id = i.id) d
     WHERE i.kind = 'solarman' AND ($1::int IS NULL OR i.id = $1) AND ($2::text IS NULL OR i.serial = $2)
       AND r.frames + d.decoded > 0
     ORDER BY i.id`,
    [only.inverterId, only.serial],
  );
}

/** Oldest first. */
export function listRawFrames(
  owner: OwnerClient,
  { userId, inverterId }: InverterKey,
): Promise<(KeptFrame & { reason: string })[]> {
  return ask(
    owner,
    `SELECT id, received_at AS "receivedAt", layout, reason, bytes FROM store.raw_frame
     WHERE user_id = $1 AND inverter_id = $2 ORDER BY id`,
    [userId, inverterId],
  );
}
