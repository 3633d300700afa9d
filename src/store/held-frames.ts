import type pg from 'pg';
import type { Tx } from '../db/as-tenant.ts';
import type { InverterId, UserId } from '../domain/inverter.ts';
import { intColumn } from './array-literals.ts';
import { ask } from './ask.ts';
import type { Sample } from './samples.ts';

export interface InverterKey {
  userId: UserId;
  inverterId: InverterId;
}

/** A payload that was kept as it came. */
export interface KeptFrame {
  id: number;
  receivedAt: Date;
  layout: string;
  bytes: Buffer;
}

/** The loggers that have samples waiting for their date. */
export function readHolding(pool: pg.Pool): Promise<(InverterKey & { serial: string })[]> {
  return ask(pool, 'SELECT user_id AS "userId", inverter_id AS "inverterId", serial FROM api.holding()');
}

/** One that waits for its date, and the date it gets should nothing better come; null when there was nothing to reckon by. */
export type HeldFrame = KeptFrame & { reckonedAt: Date | null };

/** Oldest first. */
export function readHeldFrames(pool: pg.Pool, { userId, inverterId }: InverterKey): Promise<HeldFrame[]> {
  const text =
    'SELECT id, received_at AS "receivedAt", layout, bytes, reckoned_at AS "reckonedAt" FROM api.held_frames($1, $2)';
  return ask<HeldFrame>(pool, text, [userId, inverterId]);
}

/**
 * Takes the payloads these samples were decoded from off the list, in the samples' own transaction: both happen, or neither. The
 * counters of their inverters must be locked.
 * @returns those that were there
 */
export async function claimFrames(tx: Tx, samples: readonly Sample[]): Promise<Set<number>> {
  const { rows } = await tx.query<{ id: number }>('SELECT id FROM api.claim_frames($1, $2, $3)', [
    intColumn(samples, ({ userId }) => userId),
    intColumn(samples, ({ inverterId }) => inverterId),
    intColumn(samples, ({ keptAs }) => keptAs ?? null),
  ]);
  return new Set(rows.map(({ id }) => id));
}

/** Nothing dates these any more: they stay for their owner. */
export async function giveUpFrames(
  pool: pg.Pool,
  { userId, inverterId }: InverterKey,
  ids: readonly number[],
): Promise<void> {
  await ask(pool, 'SELECT api.give_up_frames($1, $2, $3)', [userId, inverterId, ids]);
}
