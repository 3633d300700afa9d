import type pg from 'pg';
import type { InverterId, UserId } from '../domain/inverter.ts';
import { intArray, textArray, timeArray } from './array-literals.ts';
import { ask } from './ask.ts';
import type { InverterKey, KeptFrame } from './held-frames.ts';
import type { OwnerClient } from './owner-accounts.ts';

/** A frame that was understood, as it came. */
export interface DecodedFrame {
  userId: UserId;
  inverterId: InverterId;
  /** Of the sample it said. */
  sampledAt: Date;
  receivedAt: Date;
  layout: string;
  bytes: Buffer;
}

/** Keeps those that are not kept yet, as far as the bounds of their logger allow. @throws Unavailable */
export async function keepDecoded(pool: pg.Pool, frames: readonly DecodedFrame[]): Promise<void> {
  await ask(pool, 'SELECT api.keep_decoded($1, $2, $3, $4, $5, $6)', [
    intArray(frames.map((frame) => frame.userId)),
    intArray(frames.map((frame) => frame.inverterId)),
    timeArray(frames.map((frame) => frame.sampledAt)),
    timeArray(frames.map((frame) => frame.receivedAt)),
    textArray(frames.map((frame) => frame.layout)),
    frames.map((frame) => frame.bytes),
  ]);
}

/** Those of the first UTC day that has any from a moment on, in order of their samples; none at the end. */
export async function decodedOfNextDay(
  owner: OwnerClient,
  { userId, inverterId }: InverterKey,
  from: Date,
): Promise<(Omit<KeptFrame, 'id'> & { sampledAt: Date })[]> {
  return ask(
    owner,
    `SELECT sampled_at AS "sampledAt", received_at AS "receivedAt", layout, bytes
     FROM store.decoded_frame d,
          (SELECT date_trunc('day', min(f.sampled_at), 'UTC') AS day FROM store.decoded_frame f
           WHERE f.user_id = $1 AND f.inverter_id = $2 AND f.sampled_at >= $3) n
     WHERE d.user_id = $1 AND d.inverter_id = $2 AND d.sampled_at >= greatest(n.day, $3) AND d.sampled_at < n.day + interval '24 hours'
     ORDER BY d.sampled_at`,
    [userId, inverterId, from],
  );
}

const AT_ONCE = 50_000;

/** Removes those of samples before a moment, as the owner. @returns how many */
export async function dropDecoded(owner: OwnerClient, before: Date): Promise<number> {
  let dropped = 0;
  for (;;) {
    const { rowCount } = await owner.query(
      `DELETE FROM store.decoded_frame
       WHERE ctid = ANY (ARRAY(SELECT ctid FROM store.decoded_frame WHERE sampled_at < $1 LIMIT $2))`,
      [before, AT_ONCE],
    );
    dropped += rowCount ?? 0;
    if ((rowCount ?? 0) < AT_ONCE) return dropped;
  }
}
