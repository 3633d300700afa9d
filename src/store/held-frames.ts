import type pg from 'pg';
import type { InverterId, UserId } from '../domain/inverter.ts';
import { ask } from './ask.ts';

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

export async function settleFrames(
  pool: pg.Pool,
  { userId, inverterId }: InverterKey,
  booked: readonly number[],
  undatable: readonly number[],
): Promise<void> {
  await ask(pool, 'SELECT api.settle_frames($1, $2, $3, $4)', [userId, inverterId, booked, undatable]);
}

export async function forgetFrames(
  pool: pg.Pool,
  { userId, inverterId }: InverterKey,
  payloads: readonly Buffer[],
): Promise<void> {
  await ask(pool, 'SELECT api.forget_frames($1, $2, $3)', [userId, inverterId, payloads]);
}
