import pg from 'pg';
import { ConfigError } from '../domain/errors.ts';
import type { Pools } from './pools.ts';

type ServingRole = 'app' | 'ingest' | 'admin';

/**
 * Proves on the serving connections themselves that the database would refuse what it must refuse: before the process listens.
 * The predecessor had row security enabled and signed in as the tables' owner, so that it never applied; that state cannot pass here.
 * @throws ConfigError naming the login and what is wrong with it
 */
export async function proveIsolation(pools: Pick<Pools, ServingRole>): Promise<void> {
  for (const role of ['app', 'ingest', 'admin'] as const) {
    for (const problem of await isolationProblems(pools[role], role)) {
      throw new ConfigError(`The database does not keep accounts apart: ${problem}. Nothing is served.`);
    }
  }
}

/** Something that must not be found. `sql` answers `what`: one row for each time it is found, with its name or an empty text. */
interface Rule {
  says: (what: string) => string;
  sql: string;
}

const is =
  (text: string) =>
  (what: string): string =>
    text.replace('%', what);

/** What the login is. Where this is wrong already, row security says nothing any more. */
const LOGIN_RULES: readonly Rule[] = [
  { says: is('is a superuser'), sql: `SELECT '' AS what FROM pg_roles WHERE rolname = current_user AND rolsuper` },
  { says: is('has BYPASSRLS'), sql: `SELECT '' AS what FROM pg_roles WHERE rolname = current_user AND rolbypassrls` },
  {
    says: is('has %'),
    sql: `SELECT a.what FROM pg_roles r, LATERAL (VALUES (r.rolcreaterole, 'CREATEROLE'), (r.rolcreatedb, 'CREATEDB'),
            (r.rolreplication, 'REPLICATION')) a (has, what) WHERE r.rolname = current_user AND a.has`,
  },
  {
    says: is('signed in as %, and can be it again at any time'),
    sql: `SELECT session_user::text AS what WHERE session_user <> current_user`,
  },
  {
    says: is('owns, or may act as the owner of, the tables'),
    sql: `SELECT '' AS what WHERE EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname IN ('api', 'store', 'migration') AND pg_has_role(current_user, c.relowner, 'MEMBER'))`,
  },
  {
    // Also where it inherits nothing: it could still SET ROLE.
    says: is('is a member of %'),
    sql: `SELECT rolname AS what FROM pg_roles WHERE rolname <> current_user AND pg_has_role(current_user, oid, 'MEMBER')`,
  },
  {
    says: is('has a right on schema %'),
    sql: `SELECT nspname AS what FROM pg_namespace WHERE nspname IN ('store', 'migration') AND has_schema_privilege(oid, 'USAGE')`,
  },
  {
    says: is('may create things in schema %'),
    sql: `SELECT nspname AS what FROM pg_namespace WHERE nspname !~ '^pg_' AND has_schema_privilege(oid, 'CREATE')`,
  },
  {
    says: is('may create schemas'),
    sql: `SELECT '' AS what WHERE has_database_privilege(current_database(), 'CREATE')`,
  },
  {
    says: is('may create temporary tables'),
    sql: `SELECT '' AS what WHERE has_database_privilege(current_database(), 'TEMPORARY')`,
  },
  {
    says: is('may EXECUTE add_job'),
    sql: `SELECT '' AS what WHERE EXISTS (SELECT FROM pg_proc p WHERE p.proname = 'add_job'
            AND has_function_privilege(p.oid, 'EXECUTE') AND has_schema_privilege(p.pronamespace, 'USAGE'))`,
  },
  {
    // By ALTER ROLE … SET, or in the connection's options.
    says: is('acts for account % before any is set'),
    sql: `SELECT current_setting('app.current_user_id', true) AS what
          WHERE coalesce(current_setting('app.current_user_id', true), '') <> ''`,
  },
];

/** Tables and views of schema api, with the column that says whose a row is (NULL: nobody's). */
const RELATIONS = `(
  SELECT c.oid, c.relkind, c.relname, c.relrowsecurity AND c.relforcerowsecurity AS is_forced,
         coalesce(c.reloptions::text ~ 'security_barrier=(true|on|1)', false) AS is_barrier,
         (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped
            AND a.attname = CASE c.relname WHEN 'user_account' THEN 'id' ELSE 'user_id' END) AS tenant_key,
         has_any_column_privilege(c.oid, 'SELECT') AS may_read
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = 'api' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
)`;
const FUNCTIONS = `(SELECT p.* FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                    WHERE n.nspname IN ('api', 'store', 'migration'))`;

/** What the schema would let the login do, also while there are no rows yet that would show it. */
const SCHEMA_RULES: readonly Rule[] = [
  {
    says: is('finds api.% without forced row security'),
    sql: `SELECT relname AS what FROM ${RELATIONS} r WHERE relkind IN ('r', 'p') AND tenant_key IS NOT NULL AND NOT is_forced`,
  },
  {
    // A policy for INSERT alone shows nothing to a login that may not read what it wrote.
    says: is('is let through by policy %, which does not ask for the account'),
    sql: `SELECT format('%s on api.%s', p.polname, r.relname) AS what FROM pg_policy p JOIN ${RELATIONS} r ON r.oid = p.polrelid
          WHERE p.polpermissive AND r.tenant_key IS NOT NULL AND NOT (p.polcmd = 'a' AND NOT r.may_read)
            AND EXISTS (SELECT FROM unnest(p.polroles) role WHERE role = 0 OR pg_has_role(current_user, role, 'USAGE'))
            AND (pg_get_expr(p.polqual, p.polrelid) NOT LIKE '%current_user_id()%'
              OR pg_get_expr(p.polwithcheck, p.polrelid) NOT LIKE '%current_user_id()%')`,
  },
  {
    says: is('sees through view api.%, which is no security barrier'),
    sql: `SELECT relname AS what FROM ${RELATIONS} r WHERE relkind = 'v' AND may_read AND NOT is_barrier`,
  },
  {
    says: is('sees through view api.%, which does not ask for the account'),
    sql: `SELECT relname AS what FROM ${RELATIONS} r
          WHERE relkind = 'v' AND may_read AND pg_get_viewdef(oid) NOT LIKE '%current_user_id()%'`,
  },
  {
    says: is('may read api.%, which no row security can be put on'),
    sql: `SELECT relname AS what FROM ${RELATIONS} r WHERE relkind IN ('m', 'f') AND may_read`,
  },
  {
    // TimescaleDB lets everybody into the schema of its chunks; only their own rights keep them closed.
    says: is('may read %, a chunk of samples'),
    sql: `SELECT c.oid::regclass::text AS what FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname = '_timescaledb_internal' AND c.relkind = 'r' AND has_any_column_privilege(c.oid, 'SELECT')
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`,
  },
  {
    // TRUNCATE asks no policy, and a trigger runs in whoever's name the table is written.
    says: is('may %'),
    sql: `SELECT format('%s api.%s', p, relname) AS what FROM ${RELATIONS} r, unnest(ARRAY['TRUNCATE', 'TRIGGER']) p
          WHERE relkind <> 'm' AND has_table_privilege(oid, p)`,
  },
  {
    says: is('may, like everybody, EXECUTE %'),
    sql: `SELECT f.oid::regprocedure::text AS what FROM ${FUNCTIONS} f
          WHERE EXISTS (SELECT FROM aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) a WHERE a.grantee = 0)`,
  },
  {
    says: is('may EXECUTE %, which uses its owner’s rights without a fixed search_path'),
    sql: `SELECT f.oid::regprocedure::text AS what FROM ${FUNCTIONS} f
          WHERE f.prosecdef AND has_function_privilege(f.oid, 'EXECUTE')
            AND NOT coalesce(f.proconfig::text LIKE '%search_path=pg_catalog%', false)`,
  },
];

/** The logins for ingest and administration work through functions alone. */
const FUNCTIONS_ONLY: readonly Rule[] = [
  { says: is('may read api.%'), sql: `SELECT relname AS what FROM ${RELATIONS} r WHERE may_read` },
  {
    says: is('may write api.%'),
    sql: `SELECT relname AS what FROM ${RELATIONS} r
          WHERE relkind <> 'm' AND (has_any_column_privilege(oid, 'INSERT, UPDATE') OR has_table_privilege(oid, 'DELETE'))`,
  },
];

/** What is wrong with this pool's login, in words; empty when nothing is. */
export async function isolationProblems(pool: pg.Pool, role: ServingRole): Promise<string[]> {
  const { rows } = await pool.query<{ login: string }>('SELECT current_user AS login');
  const about = (what: string): string => `login ${rows[0]?.login ?? ''} ${what}`;
  const ofLogin = await broken(pool, LOGIN_RULES);
  if (ofLogin.length > 0) return ofLogin.map(about);
  const rules = role === 'app' ? SCHEMA_RULES : [...SCHEMA_RULES, ...FUNCTIONS_ONLY];
  const problems = await broken(pool, rules);
  if (role === 'app') problems.push(...(await visibleWithoutTenant(pool)));
  return problems.map(about);
}

async function broken(pool: pg.Pool, rules: readonly Rule[]): Promise<string[]> {
  const problems: string[] = [];
  for (const { says, sql } of rules) {
    const { rows } = await pool.query<{ what: string }>(sql);
    for (const { what } of rows) problems.push(says(what));
  }
  return problems;
}

/** Reads everything the login may read, without a tenant: there must be such tables, and no rows. */
async function visibleWithoutTenant(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT relname AS name FROM ${RELATIONS} r WHERE may_read AND tenant_key IS NOT NULL ORDER BY relname`,
  );
  if (rows.length === 0) return ['may read nothing of any account, so that nothing could be shown'];
  const problems: string[] = [];
  for (const { name } of rows) {
    const { rowCount } = await pool.query(`SELECT 1 FROM api.${pg.escapeIdentifier(name)} LIMIT 1`);
    if (rowCount !== 0) problems.push(`sees rows of api.${name} without an account`);
  }
  return problems;
}
