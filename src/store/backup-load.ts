import { once } from 'node:events';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { Conflict, UnusableFile } from '../domain/errors.ts';
import { appliedMigrations, PORTABLE_TEXT } from './backup-snapshot.ts';
import {
  type BackupFigures,
  backupQuery,
  backupTables,
  type CatalogueTable,
  energyFigures,
  quoted,
  quotedTable,
} from './backup-tables.ts';
import { hasOwnPartitions, makeEnergyQuarters, makeSampleWeeks } from './partitions.ts';

/** What a file says it holds of one table. */
export interface LoadTable {
  name: string;
  columns: string[];
  rows: number;
}

export interface LoadPlan {
  migrations: readonly string[];
  tables: readonly LoadTable[];
  figures: BackupFigures;
}

/**
 * Fills an empty database, all or nothing.
 * @param client a connection of the owner
 * @param rowsOf the tables' rows in the order of the plan, as text for COPY
 * @throws Conflict when the database is not empty; UnusableFile when the rows do not fit the schema or do not come to the figures
 */
export async function loadBackup(
  client: pg.Client,
  plan: LoadPlan,
  rowsOf: AsyncIterable<{ table: LoadTable; rows: AsyncIterable<Buffer> }>,
): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(PORTABLE_TEXT);
    const target = await lockedEmptyTables(client);
    await assertFits(client, plan, target);
    await makePartitions(client, plan.figures);
    for await (const { table, rows } of rowsOf) {
      const into = target.find((t) => t.name === table.name) as CatalogueTable;
      await (into.rowSecurity
        ? loadThroughCopy(client, table, rows)
        : copyRows(client, quotedTable(table.name), table, rows));
    }
    await restartSequences(client, plan.figures.sequences);
    await verify(client, plan);
    await client.query('COMMIT');
  } catch (error) {
    // Fails too where the connection is gone, which also takes everything back; the first error is the one worth reporting.
    await client.query('ROLLBACK').catch(() => undefined);
    throw refusedRow(error);
  }
  // Without figures about the tables the first pages would be planned as if there were no rows.
  for (const { name } of plan.tables) await client.query(`ANALYZE ${quotedTable(name)}`);
}

/** Nobody can make an account between the look and the load. */
async function lockedEmptyTables(client: pg.Client): Promise<CatalogueTable[]> {
  await client.query('LOCK TABLE api.user_account IN SHARE ROW EXCLUSIVE MODE');
  const tables = await backupTables(client);
  for (const table of tables) {
    const { rowCount } = await client.query(`SELECT FROM (${backupQuery(table)} LIMIT 1) t`);
    if (rowCount !== 0) {
      throw new Conflict(
        `The database is not empty (${table.name} has rows). A backup is restored into a new one only: nothing is overwritten or mixed.`,
      );
    }
  }
  return tables;
}

async function assertFits(client: pg.Client, plan: LoadPlan, target: readonly CatalogueTable[]): Promise<void> {
  const known = new Set(await appliedMigrations(client));
  const newer = plan.migrations.filter((name) => !known.has(name));
  if (newer.length > 0) {
    throw new UnusableFile(
      `The backup was made by a newer version (its schema has ${newer.join(', ')}). Update this installation first.`,
    );
  }
  for (const table of plan.tables) {
    const into = target.find((t) => t.name === table.name);
    const without = into === undefined ? table.columns : table.columns.filter((name) => !into.columns.includes(name));
    const lacking = into?.required.filter((name) => !table.columns.includes(name)) ?? [];
    if (into === undefined || without.length > 0 || lacking.length > 0) {
      throw new UnusableFile(
        `The backup is of an older schema that this version cannot take over: ${table.name} ` +
          `(${[...without.map((name) => `no place for ${name}`), ...lacking.map((name) => `no value for ${name}`)].join(', ')}). ` +
          'Restore it with the version that made it, then update.',
      );
    }
  }
}

/** Plain PostgreSQL: whole weeks, so that they are packed and dropped as any other. */
async function makePartitions(client: pg.Client, { samples, energy }: BackupFigures): Promise<void> {
  if (!(await hasOwnPartitions(client))) return;
  // A server that ran here before may have counted these weeks as packed.
  await client.query('LOCK TABLE store.packing IN SHARE UPDATE EXCLUSIVE MODE');
  await client.query('LOCK TABLE ONLY store.ac_sample, ONLY store.dc_sample IN ACCESS EXCLUSIVE MODE');
  await client.query(`UPDATE store.packing SET packed_before = '-infinity'`);
  if (samples !== null) await makeSampleWeeks(client, samples);
  if (energy !== null) await makeEnergyQuarters(client, energy);
}

async function copyRows(
  client: pg.Client,
  into: string,
  { columns }: LoadTable,
  rows: AsyncIterable<Buffer>,
): Promise<void> {
  const stream = client.query(copyFrom(`COPY ${into} (${columns.map(quoted).join(', ')}) FROM STDIN`));
  // The server may refuse a row at any moment, also between two pieces; after that nothing can be written any more.
  let refusal: Error | null = null;
  const refused = new Promise<never>((_, reject) => {
    stream.once('error', (error) => {
      refusal = error;
      reject(error);
    });
  });
  refused.catch(() => undefined);
  try {
    for await (const piece of rows) {
      if (refusal !== null) throw refusal;
      if (!stream.write(piece)) await Promise.race([once(stream, 'drain'), refused]);
    }
    if (refusal !== null) throw refusal;
    stream.end();
    await Promise.race([once(stream, 'finish'), refused]);
  } catch (error) {
    if (refusal === null) {
      // What was to be copied could not be read: the server is told, so that the connection can be used for the ROLLBACK.
      await new Promise<void>((resolve) => {
        stream.once('close', () => resolve());
        stream.destroy(error as Error);
      });
    }
    throw error;
  }
}

/** COPY FROM does not work on tables with row security, not even for an owner that may see and write everything. */
async function loadThroughCopy(client: pg.Client, table: LoadTable, rows: AsyncIterable<Buffer>): Promise<void> {
  const columns = table.columns.map(quoted).join(', ');
  await client.query(
    `CREATE TEMPORARY TABLE incoming ON COMMIT DROP AS SELECT ${columns} FROM ${quotedTable(table.name)} WITH NO DATA`,
  );
  await copyRows(client, 'incoming', table, rows);
  await client.query(
    `INSERT INTO ${quotedTable(table.name)} (${columns}) OVERRIDING SYSTEM VALUE SELECT ${columns} FROM incoming`,
  );
  await client.query('DROP TABLE incoming');
}

/** By ALTER SEQUENCE, which a failure takes back; setval would stay. */
async function restartSequences(client: pg.Client, sequences: BackupFigures['sequences']): Promise<void> {
  for (const { table, column, next } of sequences) {
    const { rows } = await client.query<{ sequence: string; next: string }>(
      `SELECT pg_get_serial_sequence($1, $2) AS sequence, greatest($3::bigint, coalesce(max(${quoted(column)}), 0) + 1)::text AS next
       FROM ${quotedTable(table)}`,
      [quotedTable(table), column, next],
    );
    for (const row of rows) await client.query(`ALTER SEQUENCE ${row.sequence} RESTART WITH ${row.next}`);
  }
}

async function verify(client: pg.Client, { tables, figures }: LoadPlan): Promise<void> {
  for (const { name, rows: expected } of tables) {
    const { rows } = await client.query<{ count: number }>(
      `SELECT count(*)::float8 AS count FROM ${quotedTable(name)}`,
    );
    if (rows[0]?.count !== expected) {
      throw new UnusableFile(
        `${name} should have ${expected} rows and came to ${rows[0]?.count ?? 0}. Nothing was restored.`,
      );
    }
  }
  const restored = await energyFigures(client);
  const wrong = figures.inverters.find((was, i) => JSON.stringify(was) !== JSON.stringify(restored[i]));
  if (wrong !== undefined || restored.length !== figures.inverters.length) {
    throw new UnusableFile(
      `The energy of inverter ${wrong?.inverterId ?? '?'} came to another total. Nothing was restored.`,
    );
  }
}

/** What PostgreSQL refuses in the rows (classes 22 and 23) is the file's fault. */
function refusedRow(error: unknown): unknown {
  const code = (error as { code?: unknown }).code;
  if (typeof code !== 'string' || !/^2[23]/.test(code)) return error;
  return new UnusableFile(`A row of the backup was refused: ${(error as Error).message}. Nothing was restored.`, {
    cause: error,
  });
}
