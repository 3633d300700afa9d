import type pg from 'pg';

/** What there is in the database, found from its catalogues: whatever a migration adds is here without being named anywhere. */

export type Query = Pick<pg.ClientBase, 'query'>;

export interface Column {
  name: string;
  type: string;
  nullable: boolean;
  hasDefault: boolean;
  /** Identity or generated: the server says what stands there. */
  always: boolean;
}

export interface Relation {
  /** `schema.name` */
  id: string;
  schema: string;
  kind: 'table' | 'view' | 'materialised view' | 'sequence' | 'foreign table';
  /** The table whose partition or chunk this is; itself where it is none. */
  root: string;
  /** Whether the rows lie in its partitions or chunks. */
  isParent: boolean;
  owner: string;
  rowSecurity: 'none' | 'enabled' | 'forced';
  securityBarrier: boolean;
  columns: Column[];
  /** The column that says whose a row is. */
  tenantKey: string | null;
}

/** Where this suite keeps the functions it spies with; nothing of the product. */
export const PROBE_SCHEMA = 'isolation_probe';

const OURS = `n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', '${PROBE_SCHEMA}')`;

/** Everything that can be named in FROM, in every schema, but for what an extension brought. */
export async function relations(db: Query): Promise<Relation[]> {
  const { rows } = await db.query<{
    schema: string;
    name: string;
    relkind: string;
    root: string;
    is_parent: boolean;
    owner: string;
    row_security: Relation['rowSecurity'];
    barrier: boolean;
    columns: Column[];
  }>(
    `WITH RECURSIVE up (oid, ancestor, depth) AS (
       SELECT oid, oid, 0 FROM pg_class
       UNION ALL SELECT up.oid, i.inhparent, depth + 1 FROM up JOIN pg_inherits i ON i.inhrelid = up.ancestor
     )
     SELECT n.nspname AS schema, c.relname AS name, c.relkind::text,
            (SELECT format('%s.%s', rn.nspname, r.relname) FROM up JOIN pg_class r ON r.oid = up.ancestor
               JOIN pg_namespace rn ON rn.oid = r.relnamespace WHERE up.oid = c.oid ORDER BY depth DESC LIMIT 1) AS root,
            c.relkind = 'p' OR c.relhassubclass AS is_parent, pg_get_userbyid(c.relowner) AS owner,
            CASE WHEN c.relforcerowsecurity AND c.relrowsecurity THEN 'forced' WHEN c.relrowsecurity THEN 'enabled' ELSE 'none' END
              AS row_security,
            coalesce(c.reloptions::text ~ 'security_barrier=(true|on|1)', false) AS barrier,
            (SELECT coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, NULL),
                      'nullable', NOT a.attnotnull, 'hasDefault', a.atthasdef, 'always', a.attidentity = 'a' OR a.attgenerated <> '')
                      ORDER BY a.attnum), '[]')
               FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE ${OURS} AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
     ORDER BY 1, 2`,
  );
  const kinds: Record<string, Relation['kind']> = {
    v: 'view',
    m: 'materialised view',
    S: 'sequence',
    f: 'foreign table',
  };
  // What has no column has nothing to show: a shell TimescaleDB keeps beside compressed chunks.
  const filled = rows.filter((row) => row.columns.length > 0);
  return filled.map((row) => {
    const id = `${row.schema}.${row.name}`;
    return {
      id,
      schema: row.schema,
      kind: kinds[row.relkind] ?? 'table',
      root: row.root,
      isParent: row.is_parent,
      owner: row.owner,
      rowSecurity: row.row_security,
      securityBarrier: row.barrier,
      columns: row.columns,
      tenantKey: tenantKey(id, row.columns),
    };
  });
}

/** The tenant key is `user_id` everywhere; the account's own table is where it comes from. */
function tenantKey(id: string, columns: readonly Column[]): string | null {
  if (id === 'api.user_account') return 'id';
  return columns.some((c) => c.name === 'user_id') ? 'user_id' : null;
}

export interface ForeignKey {
  table: string;
  columns: string[];
  target: string;
  targetColumns: string[];
}

export async function foreignKeys(db: Query): Promise<ForeignKey[]> {
  const names = (
    rel: string,
    keys: string,
  ) => `ARRAY(SELECT a.attname::text FROM unnest(k.${keys}) WITH ORDINALITY AS u (n, o)
      JOIN pg_attribute a ON a.attrelid = k.${rel} AND a.attnum = u.n ORDER BY u.o)`;
  const { rows } = await db.query<ForeignKey>(
    `SELECT format('%s.%s', n.nspname, c.relname) AS table, ${names('conrelid', 'conkey')} AS columns,
            format('%s.%s', tn.nspname, t.relname) AS target, ${names('confrelid', 'confkey')} AS "targetColumns"
     FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_class t ON t.oid = k.confrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace
     WHERE k.contype = 'f' AND ${OURS}`,
  );
  return rows;
}

export interface UniqueKey {
  table: string;
  index: string;
  /** Of an expression: null. */
  columns: (string | null)[];
  partial: boolean;
}

export async function uniqueKeys(db: Query): Promise<UniqueKey[]> {
  const { rows } = await db.query<UniqueKey>(
    `SELECT format('%s.%s', n.nspname, c.relname) AS table, ic.relname AS index, i.indpred IS NOT NULL AS partial,
            ARRAY(SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS u (n, o)
                  LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.n AND u.n > 0 ORDER BY u.o) AS columns
     FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE i.indisunique AND ${OURS} AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1, 2`,
  );
  return rows;
}

export interface DatabaseFunction {
  /** `schema.name` */
  id: string;
  /** With its arguments' types, as GRANT wants it. */
  signature: string;
  argumentTypes: string[];
  owner: string;
  definer: boolean;
  isTrigger: boolean;
  settings: string[];
  /** Roles that may EXECUTE it, but for its owner; PUBLIC as `PUBLIC`. */
  executors: string[];
}

export async function functions(db: Query): Promise<DatabaseFunction[]> {
  const { rows } = await db.query<DatabaseFunction>(
    `SELECT format('%s.%s', n.nspname, p.proname) AS id, p.oid::regprocedure::text AS signature,
            ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY AS u (t, o) ORDER BY o) AS "argumentTypes",
            pg_get_userbyid(p.proowner) AS owner, p.prosecdef AS definer,
            p.prorettype IN ('trigger'::regtype, 'event_trigger'::regtype) AS "isTrigger",
            coalesce(p.proconfig, '{}') AS settings,
            ARRAY(SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END
                  FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                  WHERE a.privilege_type = 'EXECUTE' AND a.grantee <> p.proowner) AS executors
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE ${OURS}
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
     ORDER BY 1, 2`,
  );
  return rows;
}

/** A name as SQL wants it; all of ours are plain, an extension's chunks may not be. */
export function quoted(id: string): string {
  return id
    .split('.')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.');
}
