import type pg from 'pg';
import { inTransaction } from '../db/as-tenant.ts';
import { ask } from './ask.ts';

/** So many attempts within so long, of whatever the bucket stands for. */
export interface Bucket {
  /** 16 bytes. */
  key: Buffer;
  count: number;
  windowS: number;
}

export type Admission =
  | { admitted: true; ids: number[] }
  | {
      admitted: false;
      /** Which of the buckets is full, from 0. */
      by: number;
      waitS: number;
      /** Attempts in it that may still turn out not to count. */
      running: number;
    };

/** Lets an attempt begin, in one step with counting it, whatever other processes do. */
export async function admitAttempt(app: pg.Pool, buckets: readonly Bucket[], now: Date): Promise<Admission> {
  const { rows } = await inTransaction(app, (tx) =>
    tx.query<{ ids: number[] | null; by: number; waitS: number; running: number }>(
      `SELECT ids, refused_by AS by, wait_s AS "waitS", still_running AS running FROM api.admit_attempt($1, $2, $3, $4)`,
      [buckets.map(({ key }) => key), buckets.map(({ count }) => count), buckets.map(({ windowS }) => windowS), now],
    ),
  );
  const [row] = rows;
  if (row === undefined) throw new Error('an attempt was neither admitted nor refused');
  const { ids, by, waitS, running } = row;
  return ids === null ? { admitted: false, by: by - 1, waitS, running } : { admitted: true, ids };
}

/** @param cleared buckets that begin anew */
export async function settleAttempt(
  app: pg.Pool,
  ids: readonly number[],
  isCounted: boolean,
  cleared: readonly Buffer[] = [],
): Promise<void> {
  await ask(app, 'SELECT api.settle_attempt($1, $2, $3)', [[...ids], isCounted, [...cleared]]);
}
