import type { Tx } from '../db/as-tenant.ts';
import { intColumn, timeArray } from './array-literals.ts';
import { acColumns, type Sample } from './samples.ts';

/** A sample that is there, at or soon after the time of one that is asked about. */
export interface Occupant {
  at: Date;
  /** Whether it says the same, so far as both say anything. */
  isSame: boolean;
}

/** What is there from each sample's time on, for so many seconds; in the samples' order. */
export async function samplesFrom(tx: Tx, samples: readonly Sample[], forS: number): Promise<Occupant[][]> {
  const { rows } = await tx.query<{ row_no: number; ts: Date; is_same: boolean }>({
    name: 'samples_from',
    text: `SELECT row_no, ts, is_same
           FROM api.samples_from($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20)`,
    values: [
      forS,
      intColumn(samples, ({ userId }) => userId),
      intColumn(samples, ({ inverterId }) => inverterId),
      timeArray(samples.map(({ sampledAt }) => sampledAt)),
      ...acColumns(samples.map(({ reading }) => reading)),
    ],
  });
  const found: Occupant[][] = samples.map(() => []);
  for (const { row_no, ts, is_same } of rows) found[row_no - 1]?.push({ at: ts, isSame: is_same });
  return found;
}
