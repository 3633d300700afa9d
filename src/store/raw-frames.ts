import type { InverterId } from '../domain/inverter.ts';
import { ask } from './ask.ts';
import type { InverterKey, KeptFrame } from './held-frames.ts';
import type { OwnerClient } from './owner-accounts.ts';

/** A logger with payloads that were kept as they came. */
export interface KeptDevice extends InverterKey {
  serial: string;
  frames: number;
}

/** @param only one of them; all when both are null */
export function listKeptDevices(
  owner: OwnerClient,
  only: { inverterId: InverterId | null; serial: string | null },
): Promise<KeptDevice[]> {
  return ask<KeptDevice>(
    owner,
    `SELECT i.user_id AS "userId", i.id AS "inverterId", i.serial, count(*)::int AS frames
     FROM store.raw_frame r JOIN api.inverter i ON i.user_id = r.user_id AND i.id = r.inverter_id
     WHERE i.kind = 'solarman' AND ($1::int IS NULL OR i.id = $1) AND ($2::text IS NULL OR i.serial = $2)
     GROUP BY i.user_id, i.id, i.serial ORDER BY i.id`,
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
