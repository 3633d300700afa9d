import type pg from 'pg';

/** Everything that migrations make, a line for each thing: what it is called, how it is defined, whose it is and who may use it. */
export async function schemaCatalogue(client: Pick<pg.Client, 'query'>): Promise<string[]> {
  const { rows } = await client.query<{ line: string }>(CATALOGUE);
  return rows.map(({ line }) => line);
}

/** Of extensions and of the server is nothing here; chunks are made by what is written, not by migrations. */
const NAMESPACES = `SELECT n.oid, n.nspname, n.nspowner, n.nspacl FROM pg_namespace n
  WHERE n.nspname !~ '^(pg_|information_schema$|_?timescaledb)'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')`;

const NOT_OF_AN_EXTENSION = (catalogue: string, oid: string): string =>
  `NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = '${catalogue}'::regclass AND d.objid = ${oid} AND d.deptype = 'e')`;

const CATALOGUE = `
WITH space AS (${NAMESPACES}),
relation AS (
  SELECT c.*, format('%I.%I', s.nspname, c.relname) AS name FROM pg_class c JOIN space s ON s.oid = c.relnamespace
  WHERE ${NOT_OF_AN_EXTENSION('pg_class', 'c.oid')}
)
SELECT concat_ws(' ', 'schema', nspname, nspowner::regrole, nspacl) AS line FROM space
UNION ALL
SELECT concat_ws(' ', 'relation', name, relkind, relpersistence, relowner::regrole, relacl, reloptions, relrowsecurity, relforcerowsecurity,
                 pg_get_partkeydef(oid), pg_get_expr(relpartbound, oid),
                 CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(oid) WHEN relkind IN ('i', 'I') THEN pg_get_indexdef(oid) END)
  FROM relation
UNION ALL
-- In their order, which an INSERT without names goes by.
SELECT concat_ws(' ', 'column', r.name, row_number() OVER (PARTITION BY r.oid ORDER BY a.attnum), a.attname,
                 format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, a.attstorage, a.attcompression,
                 a.attstattarget, a.attoptions, a.attacl, pg_get_expr(f.adbin, f.adrelid))
  FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
  WHERE r.relkind NOT IN ('i', 'I')
UNION ALL
SELECT concat_ws(' ', 'constraint', r.name, k.conname, k.convalidated, k.condeferrable, pg_get_constraintdef(k.oid))
  FROM relation r JOIN pg_constraint k ON k.conrelid = r.oid
UNION ALL
SELECT concat_ws(' ', 'trigger', r.name, g.tgenabled, pg_get_triggerdef(g.oid))
  FROM relation r JOIN pg_trigger g ON g.tgrelid = r.oid AND NOT g.tgisinternal
UNION ALL
SELECT concat_ws(' ', 'policy', r.name, p.polname, p.polcmd, p.polpermissive, p.polroles::regrole[],
                 pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
  FROM relation r JOIN pg_policy p ON p.polrelid = r.oid
UNION ALL
SELECT concat_ws(' ', 'statistics', pg_get_statisticsobjdef(x.oid)) FROM relation r JOIN pg_statistic_ext x ON x.stxrelid = r.oid
UNION ALL
SELECT concat_ws(' ', 'function', s.nspname, f.proowner::regrole, f.proacl, pg_get_functiondef(f.oid))
  FROM pg_proc f JOIN space s ON s.oid = f.pronamespace
  WHERE f.prokind IN ('f', 'p') AND ${NOT_OF_AN_EXTENSION('pg_proc', 'f.oid')}
UNION ALL
SELECT concat_ws(' ', 'type', format_type(t.oid, NULL), t.typtype, t.typowner::regrole, t.typacl,
                 (SELECT array_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))
  FROM pg_type t JOIN space s ON s.oid = t.typnamespace
  WHERE t.typtype IN ('c', 'd', 'e', 'r') AND ${NOT_OF_AN_EXTENSION('pg_type', 't.oid')}
UNION ALL
SELECT concat_ws(' ', 'default rights', defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype, defaclacl) FROM pg_default_acl
UNION ALL
SELECT concat_ws(' ', 'setting', setdatabase <> 0, setrole::regrole, setconfig) FROM pg_db_role_setting
  WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY 1`;
