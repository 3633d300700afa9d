import type pg from 'pg';
import { translate } from '../db/errors.ts';

/**
 * One statement outside a transaction: for the functions that are made to be called before a tenant is known.
 * @throws Unavailable, Conflict
 */
export async function ask<Row extends pg.QueryResultRow>(
  db: Pick<pg.Pool, 'query'>,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  try {
    return (await db.query<Row>(text, [...values])).rows;
  } catch (error) {
    throw translate(error);
  }
}
