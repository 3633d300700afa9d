import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { Tx } from '../db/as-tenant.ts';
import { translate } from '../db/errors.ts';
import { Conflict, Unavailable } from '../domain/errors.ts';
import {
  type BackupFigures,
  backupQuery,
  backupTables,
  type CatalogueTable,
  energyFigures,
  LEFT_OUT,
  quotedTable,
  rangesOf,
  sequencesOf,
} from './backup-tables.ts';

/** The whole installation as it was at one moment, while others go on writing. */
export interface BackupSnapshot {
  readonly engine: string;
  /** Names of the migrations that made the schema, oldest first. */
  readonly migrations: readonly string[];
  readonly tables: readonly CatalogueTable[];
  /** Rows of one table in PostgreSQL's text format for COPY, and then how many the server says they were. */
  copy(table: CatalogueTable): { pieces: AsyncIterable<Buffer>; rowCount: () => Promise<number> };
  figures(): Promise<BackupFigures>;
}

/** Text in which times, numbers and bytes read the same on every server. */
export const PORTABLE_TEXT = `SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres';
  SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; SET LOCAL client_encoding = 'UTF8';
  SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0`;

const ATTEMPTS = 5;

/**
 * Shows `work` one consistent state of the database.
 * @param client a connection of the owner for this alone: after an error it may be in the middle of a table, and only good for ending
 * @throws Conflict when there is nothing to back up, Unavailable when the schema keeps changing meanwhile
 */
export async function withSnapshot<T>(client: pg.Client, work: (snapshot: BackupSnapshot) => Promise<T>): Promise<T> {
  const { rows } = await client.query<{ ready: boolean }>(`SELECT to_regclass('store.ac_all') IS NOT NULL AS ready`);
  if (rows[0]?.ready !== true) throw new Conflict('The database has no schema yet: there is nothing to back up.');
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const expected = await lockable(client);
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    try {
      // Before the snapshot, which the next query takes: a week that is packed and dropped in between would be in neither of its forms.
      await client.query(`LOCK TABLE ${expected.map(quotedTable).join(', ')} IN ACCESS SHARE MODE`);
      await client.query(PORTABLE_TEXT);
      const locked = await lockable(client);
      if (locked.join() === expected.join()) {
        const result = await work(await describe(client));
        await client.query('COMMIT');
        return result;
      }
      await client.query('ROLLBACK');
    } catch (error) {
      throw translate(error);
    }
  }
  throw new Unavailable('The schema is being changed at the moment.', { retryAfterS: 60 });
}

/** Also tables that are left out: what is packed lies in some of them. */
async function lockable(tx: Tx): Promise<string[]> {
  const names = new Set([...(await backupTables(tx)).map((table) => table.name), ...Object.keys(LEFT_OUT)]);
  const { rows } = await tx.query<{ name: string }>(
    'SELECT name FROM unnest($1::text[]) AS t (name) WHERE to_regclass(name) IS NOT NULL ORDER BY name',
    [[...names]],
  );
  return rows.map((row) => row.name);
}

async function describe(client: pg.Client): Promise<BackupSnapshot> {
  const installation = await client.query<{ engine: string }>('SELECT engine FROM store.installation');
  const tables = await backupTables(client);
  return {
    engine: installation.rows[0]?.engine ?? 'plain',
    migrations: await appliedMigrations(client),
    tables,
    copy(table) {
      const pieces = client.query(copyTo(`COPY (${backupQuery(table)}) TO STDOUT`));
      const rowCount = async (): Promise<number> => {
        // The count may come after the last row; it has come when the next statement is answered.
        await client.query('SELECT');
        return pieces.rowCount;
      };
      return { pieces, rowCount };
    },
    async figures() {
      // The sequences last: they are of no snapshot, and must not be behind any row.
      const inverters = await energyFigures(client);
      return { inverters, ...(await rangesOf(client)), sequences: await sequencesOf(client, tables) };
    },
  };
}

export async function appliedMigrations(tx: Tx): Promise<string[]> {
  const { rows } = await tx.query<{ name: string }>('SELECT name FROM migration.kysely_migration ORDER BY name');
  return rows.map((row) => row.name);
}
