import type pg from 'pg';
import { type Column, PROBE_SCHEMA, quoted, type Relation, type UniqueKey } from './catalogue.ts';
import { type Rights, readableColumns } from './policy.ts';
import type { Row } from './seed.ts';

const FOREIGN_KEY = '23503';

/** On whose behalf a connection speaks, and whose rows it is after. */
export type Situation = 'no tenant' | 'own rows' | 'foreign rows' | 'empty account';
export const SITUATIONS: readonly Situation[] = ['no tenant', 'own rows', 'foreign rows', 'empty account'];

/** One statement of the matrix and what must come of it: a refusal, or this many rows (0 where there must be none). */
export interface Probe {
  operation: string;
  sql: string;
  values?: unknown[];
  expected: 'denied' | number;
  /** Refused by this instead of for want of a right. */
  refusal?: string;
  /** How many rows of the tables the answer stands for. */
  rows?: (result: pg.QueryResult) => number;
}

export interface Target {
  relation: Relation;
  rights: Rights;
  situation: Situation;
  ownId: number;
  foreignId: number;
  /** How many rows the tenant that is set has here. */
  ownCount: number;
  /** Rows as they might be inserted: one's own, the other tenant's, and one's own that hangs on what belongs to the other. */
  insertable: { own: Row; foreign: Row; crossed: Row | null } | null;
  /** A row that the other account really has, for collisions. */
  foreignRow: Row | null;
  uniqueKeys: readonly UniqueKey[];
}

export function probesFor(target: Target): Probe[] {
  if (target.relation.kind === 'sequence') return sequenceProbes(target);
  if (target.situation === 'empty account') return reading(target).slice(0, 2);
  return [
    ...reading(target),
    ...leaks(target),
    ...copying(target),
    ...updating(target),
    ...inserting(target),
    ...ruining(target),
  ];
}

/**
 * The columns to try one by one. Whether somebody has a right at all does not depend on the tenant, so where none is to be had once is
 * enough.
 */
function eachColumn({ relation, rights, situation }: Target): readonly Column[] {
  return Object.keys(rights).length > 0 || situation === 'own rows' ? relation.columns : [];
}

/** Own rows, or none at all where the tenant is not set or others' rows are wanted. */
function visible({ situation, ownCount }: Target): number {
  return situation === 'own rows' || situation === 'empty account' ? ownCount : 0;
}

/** Restricts a statement to the other tenant's rows where that is the situation. */
function aim({ situation, relation, foreignId }: Target): string {
  if (situation !== 'foreign rows' || relation.tenantKey === null) return '';
  return `WHERE ${quoted(relation.tenantKey)} = ${foreignId}`;
}

function reading(target: Target): Probe[] {
  const { relation, rights } = target;
  const table = quoted(relation.id);
  const readable = readableColumns(rights, relation.columns);
  const seen = visible(target);
  const whole = readable.size === relation.columns.length;
  return [
    {
      operation: 'count',
      sql: `SELECT count(*)::int AS count FROM ${table} ${aim(target)}`,
      expected: readable.size > 0 ? seen : 'denied',
      rows: (result) => Number(result.rows[0]?.count),
    },
    { operation: 'SELECT *', sql: `SELECT * FROM ${table} ${aim(target)}`, expected: whole ? seen : 'denied' },
    ...eachColumn(target).map((column) => ({
      operation: `SELECT ${column.name}`,
      sql: `SELECT ${quoted(column.name)} FROM ${table} ${aim(target)}`,
      expected: readable.has(column.name) ? seen : ('denied' as const),
    })),
  ];
}

/** What a curious predicate, a plan or a lock would tell of rows that are not in the answer. */
function leaks(target: Target): Probe[] {
  const { relation, rights, foreignId } = target;
  const key = relation.tenantKey;
  const table = quoted(relation.id);
  const readable = readableColumns(rights, relation.columns);
  const column = quoted(key ?? relation.columns[0]?.name ?? 'oid');
  const mayRead = readable.size > 0;
  const seen = mayRead ? visible(target) : 'denied';
  const explain: Probe = {
    operation: 'EXPLAIN ANALYZE',
    sql: `EXPLAIN (ANALYZE, FORMAT JSON) SELECT ${column} FROM ${table} ${aim(target)}`,
    expected: seen,
    rows: (result) => Number(result.rows[0]?.['QUERY PLAN'][0].Plan['Actual Rows']),
  };
  const lock: Probe = {
    operation: 'SELECT FOR UPDATE',
    sql: `SELECT ${column} FROM ${table} ${aim(target)} FOR UPDATE`,
    expected: rights.update === undefined ? 'denied' : seen,
  };
  if (key === null) return [explain, lock];
  const where = (predicate: string): string =>
    `SELECT ${column} FROM ${table} ${aim(target) || 'WHERE true'} AND ${predicate}`;
  return [
    explain,
    lock,
    { operation: 'leak by NOTICE', sql: where(`${PROBE_SCHEMA}.leak(${column})`), expected: seen },
    { operation: 'leak by division', sql: where(`1 / (${column} - ${foreignId}) IS NOT NULL`), expected: seen },
    {
      operation: 'leak by cast',
      sql: where(`CASE ${column} WHEN ${foreignId} THEN ${column} || 'x' ELSE '1' END::int = 1`),
      expected: seen,
    },
  ];
}

function copying(target: Target): Probe[] {
  const { relation, rights } = target;
  const readable = readableColumns(rights, relation.columns);
  const columns = [...readable].map(quoted).join(', ');
  const seen = readable.size > 0 ? visible(target) : 'denied';
  const probes: Probe[] = [
    {
      operation: 'COPY (query) TO',
      sql: `COPY (SELECT ${columns || '*'} FROM ${quoted(relation.id)} ${aim(target)}) TO STDOUT`,
      expected: seen,
    },
    // Row security and COPY FROM exclude each other, so even whoever may INSERT may not.
    { operation: 'COPY FROM', sql: `COPY ${quoted(relation.id)} FROM STDIN`, expected: 'denied' },
  ];
  if (target.situation === 'foreign rows') return probes;
  // A view has no rows of its own to copy.
  const direct = relation.kind === 'table' ? seen : 'denied';
  const list = columns === '' ? '' : `(${columns})`;
  return [...probes, { operation: 'COPY TO', sql: `COPY ${quoted(relation.id)} ${list} TO STDOUT`, expected: direct }];
}

function updating(target: Target): Probe[] {
  const { relation, rights, situation, foreignId } = target;
  const table = quoted(relation.id);
  const may = new Set(rights.update);
  const probes: Probe[] = eachColumn(target).map((column) => {
    const name = quoted(column.name);
    // DEFAULT needs no right to read the column; where rows are really hit, the value they have is the one that is surely allowed.
    const value = may.has(column.name) ? name : 'DEFAULT';
    return {
      operation: `UPDATE ${column.name}`,
      sql: `UPDATE ${table} SET ${name} = ${value} ${aim(target)}`,
      expected: may.has(column.name) ? visible(target) : 'denied',
    };
  });
  if (relation.tenantKey !== null && relation.kind === 'table') probes.push(merge(target, relation.tenantKey));
  if (relation.tenantKey !== null && situation === 'own rows') {
    const key = quoted(relation.tenantKey);
    probes.push({
      operation: 'UPDATE to the other tenant',
      sql: `UPDATE ${table} SET ${key} = ${foreignId}`,
      expected: 'denied',
    });
    for (const [name, value] of Object.entries(target.insertable?.crossed ?? {})) {
      if (!may.has(name) || target.insertable?.own[name] === value) continue;
      const sql = `UPDATE ${table} SET ${quoted(name)} = $1`;
      probes.push({
        operation: `UPDATE ${name} to the other's`,
        sql,
        values: [value],
        expected: 'denied',
        refusal: FOREIGN_KEY,
      });
    }
  }
  return probes;
}

/** An UPDATE by another way. */
function merge(target: Target, tenantKey: string): Probe {
  const { relation, rights, situation, ownId, foreignId } = target;
  const column = quoted(rights.update?.[0] ?? relation.columns[0]?.name ?? '');
  const whose = situation === 'foreign rows' ? foreignId : ownId;
  return {
    operation: 'MERGE',
    sql:
      `MERGE INTO ${quoted(relation.id)} t USING (VALUES (${whose})) v (id) ON t.${quoted(tenantKey)} = v.id ` +
      `WHEN MATCHED THEN UPDATE SET ${column} = ${rights.update === undefined ? 'DEFAULT' : `t.${column}`}`,
    expected: rights.update === undefined ? 'denied' : visible(target),
  };
}

function inserting(target: Target): Probe[] {
  const { relation, rights, situation, insertable } = target;
  const table = quoted(relation.id);
  if (rights.insert === undefined || insertable === null) {
    return [{ operation: 'INSERT', sql: `INSERT INTO ${table} DEFAULT VALUES`, expected: 'denied' }];
  }
  const allowed = situation === 'own rows' || rights.insertsForAnybody === true ? 1 : 'denied';
  // Without a tenant one’s own id is as foreign as any.
  const row = situation === 'foreign rows' ? insertable.foreign : insertable.own;
  const probes = [insert('INSERT', table, row, allowed)];
  if (situation !== 'own rows' || target.foreignRow === null) return probes;
  if (insertable.crossed !== null) {
    probes.push({
      ...insert("INSERT under the other's parent", table, insertable.crossed, 'denied'),
      refusal: FOREIGN_KEY,
    });
  }
  // One’s own row that collides with a hidden one must neither change it nor hand it over.
  for (const { columns, table: of, partial } of target.uniqueKeys) {
    if (of !== relation.id || partial || columns.some((c) => c === null || c === relation.tenantKey || !(c in row)))
      continue;
    const names = columns as string[];
    const collision = { ...row, ...Object.fromEntries(names.map((name) => [name, target.foreignRow?.[name]])) };
    const updated = rights.update?.[0];
    if (updated === undefined) continue;
    const clause = `ON CONFLICT (${names.map(quoted).join(', ')}) DO UPDATE SET ${quoted(updated)} = excluded.${quoted(updated)}`;
    probes.push(insert(`INSERT … ON CONFLICT (${names.join()})`, table, collision, 'denied', clause));
  }
  return probes;
}

function insert(operation: string, table: string, row: Row, expected: Probe['expected'], clause = ''): Probe {
  const names = Object.keys(row);
  return {
    operation,
    sql: `INSERT INTO ${table} (${names.map(quoted).join(', ')}) VALUES (${names.map((_, i) => `$${i + 1}`).join(', ')}) ${clause}`,
    values: Object.values(row),
    expected,
  };
}

function ruining(target: Target): Probe[] {
  const { relation, rights } = target;
  const table = quoted(relation.id);
  const noun =
    relation.kind === 'view' ? 'VIEW' : relation.kind === 'materialised view' ? 'MATERIALIZED VIEW' : 'TABLE';
  const never = (operation: string, sql: string): Probe => ({ operation, sql, expected: 'denied' });
  return [
    {
      operation: 'DELETE',
      sql: `DELETE FROM ${table} ${aim(target)}`,
      expected: rights.delete === true ? visible(target) : 'denied',
    },
    never('TRUNCATE', `TRUNCATE ${table}`),
    never('DROP', `DROP ${noun} ${table}`),
    never('ALTER', `ALTER ${noun} ${table} RENAME TO mine`),
    never('row security off', `ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`),
    never('CREATE POLICY', `CREATE POLICY mine ON ${table} USING (true)`),
  ];
}

function sequenceProbes({ relation }: Target): Probe[] {
  const name = relation.id.replaceAll("'", "''");
  return [
    { operation: 'SELECT', sql: `SELECT last_value FROM ${quoted(relation.id)}`, expected: 'denied' },
    { operation: 'nextval', sql: `SELECT nextval('${name}')`, expected: 'denied' },
    { operation: 'setval', sql: `SELECT setval('${name}', 1)`, expected: 'denied' },
    { operation: 'ALTER SEQUENCE', sql: `ALTER SEQUENCE ${quoted(relation.id)} RESTART`, expected: 'denied' },
  ];
}
