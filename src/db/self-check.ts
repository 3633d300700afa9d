import pg from 'pg';
import { ConfigError } from '../domain/errors.ts';
import type { Pools } from './pools.ts';

/**
 * Proves on the serving connections themselves that the database would refuse what it must refuse: before the process listens.
 * The predecessor had row security enabled and signed in as the tables' owner, so that it never applied; that state cannot pass here.
 * @throws ConfigError naming the login and what is wrong with it
 */
export async function proveIsolation(pools: Pick<Pools, 'app' | 'ingest'>): Promise<void> {
  for (const role of ['app', 'ingest'] as const) {
    for (const problem of await isolationProblems(pools[role], role)) {
      throw new ConfigError(`The database does not keep accounts apart: ${problem}. Nothing is served.`);
    }
  }
}

interface Privileges {
  login: string;
  is_super: boolean;
  bypasses: boolean;
  owns: boolean;
  reaches_store: boolean;
  may_temp: boolean;
  may_add_job: boolean;
}

/** What is wrong with this pool's login, in words; empty when nothing is. */
export async function isolationProblems(pool: pg.Pool, role: 'app' | 'ingest'): Promise<string[]> {
  const { rows } = await pool.query<Privileges>(
    `SELECT current_user AS login,
            (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_super,
            (SELECT rolbypassrls FROM pg_roles WHERE rolname = current_user) AS bypasses,
            EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE n.nspname IN ('api', 'store') AND pg_has_role(current_user, c.relowner, 'MEMBER')) AS owns,
            EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = 'store' AND has_schema_privilege(n.oid, 'USAGE')) AS reaches_store,
            has_database_privilege(current_database(), 'TEMPORARY') AS may_temp,
            EXISTS (SELECT FROM pg_proc p WHERE p.proname = 'add_job' AND has_function_privilege(p.oid, 'EXECUTE')
                      AND has_schema_privilege(p.pronamespace, 'USAGE')) AS may_add_job`,
  );
  const found = rows[0];
  if (found === undefined) return ['the serving login could not be examined'];
  const problems: string[] = [];
  const say = (wrong: boolean, what: string): void => {
    if (wrong) problems.push(`login ${found.login} ${what}`);
  };
  say(found.is_super, 'is a superuser');
  say(found.bypasses, 'has BYPASSRLS');
  say(found.owns, 'owns, or may act as the owner of, the tables');
  say(found.reaches_store, 'has a right on schema store');
  say(found.may_temp, 'may create temporary tables');
  say(found.may_add_job, 'may EXECUTE add_job');
  if (problems.length > 0) return problems;
  for (const view of ['ac_sample', 'dc_sample', 'energy_15m', 'counter', 'user_account', 'inverter', 'session']) {
    const seen = await rowsWithoutTenant(pool, view);
    say(seen === 'rows', `sees rows of api.${view} without an account`);
    if (role === 'app') say(seen === 'refused', `may not read api.${view} at all`);
    else say(seen === 'nothing', `may read api.${view}`);
  }
  return problems;
}

async function rowsWithoutTenant(pool: pg.Pool, view: string): Promise<'rows' | 'nothing' | 'refused'> {
  try {
    const { rowCount } = await pool.query(`SELECT 1 FROM api.${pg.escapeIdentifier(view)} LIMIT 1`);
    return (rowCount ?? 0) > 0 ? 'rows' : 'nothing';
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === '42501') return 'refused';
    throw error;
  }
}
