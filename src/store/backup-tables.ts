import type { Tx } from '../db/as-tenant.ts';
import { ConfigError } from '../domain/errors.ts';

/**
 * What a backup is made of: every table of the catalogue but for those named here with their reason. A table that a migration adds is
 * in the backup by existing; one that needs not be is left out by a line here.
 */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  'api.session': 'nobody stays signed in through a restore',
  'api.setup_token': 'a one-time link of the running server',
  'api.takeout': 'archives of accounts; they are asked for anew',
  'api.takeout_piece': 'as above',
  'api.visit': 'from where accounts were used within the last hour',
  'store.account_token': 'links that were mailed; they are asked for anew',
  'store.attempt': 'limits of the running server',
  'store.installation': 'says what engine a database has, which is another one after a restore',
  'store.job_run': 'how maintenance went on this machine',
  'store.mail': 'sent from where it was written; a copy that is only tried out must not send it again',
  'store.process': 'heartbeats',
  'store.tls_attempt': 'strangers, as below',
  'store.unclaimed_logger': 'strangers; who is still there is noted again within minutes',
  'store.energy_day': 'sums of store.energy_15m, which the worker makes anew',
  'store.packing': 'how far this engine has packed',
  'store.ac_packed': 'written as the samples they are, with store.ac_sample',
  'store.dc_packed': 'written as the samples they are, with store.dc_sample',
};

/** Columns that are only true beside a table that is left out. */
export const LEFT_OUT_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  // Beside store.energy_day. Without them there are no days, whatever lies in that table.
  'store.counter': ['days_until', 'days_zone'],
};

/** Tables of which a part is enough, and why the rest is not wanted. */
const PARTS: Readonly<Record<string, string>> = {
  // A deleted inverter's measurements must be removed on the new machine too; other work stays where it was given.
  'store.job': `done_at IS NULL AND kind LIKE 'purge-%'`,
};

/** Samples are read through the views that show hot and packed ones alike, so that a file fits every engine. */
const READ_FROM: Readonly<Record<string, string>> = {
  'store.ac_sample': 'store.ac_all',
  'store.dc_sample': 'store.dc_all',
};

export interface CatalogueTable {
  /** `schema.name` */
  name: string;
  columns: string[];
  /** Columns a row cannot be without: neither nullable nor filled in by the server. */
  required: string[];
  /** Columns whose numbers come from a sequence. */
  numbered: string[];
  rowSecurity: boolean;
}

/** The tables of a backup, each after those it refers to. */
export async function backupTables(tx: Tx): Promise<CatalogueTable[]> {
  const { rows } = await tx.query<CatalogueTable & { needs: string[]; hidden: boolean }>(
    `SELECT format('%s.%s', n.nspname, c.relname) AS name,
            c.relrowsecurity AND c.relforcerowsecurity AS "rowSecurity",
            ARRAY(SELECT a.attname::text FROM pg_attribute a
                  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum) AS columns,
            ARRAY(SELECT a.attname::text FROM pg_attribute a
                  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attnotnull
                    AND NOT a.atthasdef AND a.attidentity = '') AS required,
            ARRAY(SELECT a.attname::text FROM pg_attribute a
                  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                    AND pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname) IS NOT NULL) AS numbered,
            ARRAY(SELECT format('%s.%s', tn.nspname, t.relname) FROM pg_constraint k
                  JOIN pg_class t ON t.oid = k.confrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace
                  WHERE k.contype = 'f' AND k.conrelid = c.oid AND k.confrelid <> c.oid) AS needs,
            c.relrowsecurity AND c.relforcerowsecurity AND NOT EXISTS (
              SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polpermissive AND p.polcmd = '*'
                AND pg_get_expr(p.polqual, p.polrelid) = 'true'
                AND EXISTS (SELECT FROM unnest(p.polroles) r WHERE r = 0 OR pg_has_role(current_user, r, 'USAGE'))) AS hidden
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN ('api', 'store') AND c.relkind IN ('r', 'p') AND NOT c.relispartition
     ORDER BY 1`,
  );
  const hidden = rows.find((row) => row.hidden);
  if (hidden !== undefined) {
    // Forced row security answers no error, it answers nothing.
    throw new ConfigError(
      `Row security of ${hidden.name} has no policy that shows its owner every row; a backup would lack some.`,
    );
  }
  const wanted = rows.filter((row) => LEFT_OUT[row.name] === undefined);
  return inOrderOfReference(wanted).map(({ needs: _, hidden: __, ...table }) => ({
    ...table,
    columns: table.columns.filter((column) => !LEFT_OUT_COLUMNS[table.name]?.includes(column)),
  }));
}

function inOrderOfReference<T extends { name: string; needs: string[] }>(tables: readonly T[]): T[] {
  const ordered: T[] = [];
  let left = [...tables];
  while (left.length > 0) {
    const ready = left.filter((table) => !left.some((other) => table.needs.includes(other.name)));
    if (ready.length === 0)
      throw new ConfigError(`Tables refer to each other in a circle: ${left.map((t) => t.name).join(', ')}`);
    ordered.push(...ready);
    left = left.filter((table) => !ready.includes(table));
  }
  return ordered;
}

/** The query whose answer is what a backup holds of a table. */
export function backupQuery({ name, columns }: Pick<CatalogueTable, 'name' | 'columns'>): string {
  const part = PARTS[name];
  return `SELECT ${columns.map(quoted).join(', ')} FROM ${READ_FROM[name] ?? quotedTable(name)}${part === undefined ? '' : ` WHERE ${part}`}`;
}

export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

export function quotedTable(name: string): string {
  return name.split('.').map(quoted).join('.');
}

/** What must be the same on both sides of a restore. */
export interface BackupFigures {
  /** Where each sequence goes on: ids are never used twice, also those of rows long deleted. */
  sequences: { table: string; column: string; next: number }[];
  /** First and last sample, and first and last quarter hour of energy; null where there are none. */
  samples: { from: string; to: string } | null;
  energy: { from: string; to: string } | null;
  inverters: InverterFigures[];
}

/** Energy of one inverter: its counter row, and the sum of its quarter hours with and without its inputs' share. Wh. */
export interface InverterFigures {
  userId: number;
  inverterId: number;
  firstGoodWh: (number | null)[] | null;
  bookedWh: (number | null)[] | null;
  energyWh: number | null;
  energyOfAllWh: number | null;
}

export async function sequencesOf(tx: Tx, tables: readonly CatalogueTable[]): Promise<BackupFigures['sequences']> {
  const found: BackupFigures['sequences'] = [];
  for (const { name, numbered } of tables) {
    for (const column of numbered) {
      const { rows } = await tx.query<{ sequence: string }>('SELECT pg_get_serial_sequence($1, $2) AS sequence', [
        quotedTable(name),
        column,
      ]);
      const state = await tx.query<{ next: number }>(
        `SELECT (last_value + is_called::int)::float8 AS next FROM ${(rows[0] as { sequence: string }).sequence}`,
      );
      found.push({ table: name, column, next: (state.rows[0] as { next: number }).next });
    }
  }
  return found;
}

export async function energyFigures(tx: Tx): Promise<InverterFigures[]> {
  const { rows } = await tx.query<InverterFigures>(
    `SELECT user_id AS "userId", inverter_id AS "inverterId", c.first_good_wh AS "firstGoodWh", c.booked_wh AS "bookedWh",
            e.own::float8 AS "energyWh", e.of_all::float8 AS "energyOfAllWh"
     FROM store.counter c FULL JOIN (
       SELECT user_id, inverter_id, sum(energy_wh[1]) AS own, sum((SELECT sum(wh) FROM unnest(energy_wh) wh)) AS of_all
       FROM store.energy_15m GROUP BY 1, 2
     ) e USING (user_id, inverter_id)
     ORDER BY 1, 2`,
  );
  return rows;
}

/** The times between which there are samples, and energy. Of packed days the days, so that nothing is unpacked for it. */
export async function rangesOf(tx: Tx): Promise<Pick<BackupFigures, 'samples' | 'energy'>> {
  const packed = await tx.query<{ present: boolean }>(`SELECT to_regclass('store.ac_packed') IS NOT NULL AS present`);
  const days = `UNION ALL SELECT day::timestamp AT TIME ZONE 'UTC' FROM store.ac_packed`;
  return {
    samples: await range(tx, `SELECT ts FROM store.ac_sample ${packed.rows[0]?.present === true ? days : ''}`),
    energy: await range(tx, 'SELECT ts FROM store.energy_15m'),
  };
}

async function range(tx: Tx, times: string): Promise<{ from: string; to: string } | null> {
  const { rows } = await tx.query<{ from: Date | null; to: Date | null }>(
    `SELECT min(ts) AS from, max(ts) AS to FROM (${times}) t (ts)`,
  );
  const { from, to } = rows[0] ?? { from: null, to: null };
  return from === null || to === null ? null : { from: from.toISOString(), to: to.toISOString() };
}
