import pg from 'pg';
import { quoted, type Relation, relations } from './catalogue.ts';
import { type Login, readableColumns, rightsOf } from './policy.ts';
import type { Session, World } from './world.ts';

/** What somebody would try who can run any SQL as a serving login: other roles, odd tenants, what a connection remembers. */

export const ODD_TENANTS: readonly (string | null)[] = [
  ...[
    null,
    '',
    ' ',
    '0',
    '-1',
    'abc',
    '1; --',
    `1' OR '1'='1`,
    '1 OR true',
    '1,2',
    '{1,2}',
    '%',
    'NULL',
    'NaN',
    '1e0',
    '0x1',
  ],
  '99999999999999999999',
];

/** Neither a number nor a tenant: the setting is refused when it is read. */
const NOT_A_NUMBER = new Set(['22P02', '22003']);

/** Odd settings of the tenant that show anybody's rows. */
export async function oddTenants(world: World, login: Login): Promise<string[]> {
  const problems: string[] = [];
  const all = await readable(world, login);
  await world.as(login, async (client) => {
    for (const relation of all) {
      for (const tenant of ODD_TENANTS) {
        await client.query('BEGIN');
        await client.query(`SELECT set_config('app.current_user_id', $1, true)`, [tenant]);
        const seen = await countOrCode(client, relation);
        await client.query('ROLLBACK');
        // PostgreSQL 16 and newer read 0x1 as 1, which is then simply that account.
        if (tenant === '0x1' && typeof seen === 'number' && seen === (await countAs(client, relation, '1'))) continue;
        if (seen !== 0 && !NOT_A_NUMBER.has(String(seen))) {
          problems.push(`${login} with tenant ${JSON.stringify(tenant)} sees ${seen} of ${relation.id}`);
        }
      }
    }
  });
  return problems;
}

/** Roles of the whole cluster that a login can become. */
export async function otherRoles(world: World, login: Login): Promise<string[]> {
  const problems: string[] = [];
  const { rows } = await world.superuser.query<{ rolname: string }>(
    'SELECT rolname FROM pg_roles WHERE rolname <> $1',
    [world.roles[login]],
  );
  await world.as(login, async (client) => {
    for (const { rolname } of rows) {
      for (const verb of ['SET ROLE', 'SET SESSION AUTHORIZATION', 'SET LOCAL ROLE']) {
        const code = await codeOf(client, `${verb} ${quoted(rolname)}`);
        // 22023: it was another test's, and is gone meanwhile.
        if (code !== '42501' && code !== '22023')
          problems.push(`${login} is not refused: ${verb} ${rolname} (${code})`);
      }
    }
  });
  return problems;
}

/** Statements that would open a way around the rules, and must be refused whoever asks. */
export async function waysAround(world: World, login: Login): Promise<string[]> {
  const role = quoted(world.roles[login]);
  const database = quoted(world.database);
  const { rows } = await world.superuser.query<{ name: string }>(
    `SELECT nspname AS name FROM pg_namespace WHERE nspname !~ '^pg_(toast|temp)' OR nspname = 'pg_toast'`,
  );
  const statements = [
    ...rows.flatMap(({ name }) => [
      `CREATE TABLE ${quoted(name)}.mine (id int)`,
      `CREATE FUNCTION ${quoted(name)}.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
      `CREATE VIEW ${quoted(name)}.mine AS SELECT 1`,
    ]),
    'CREATE TEMPORARY TABLE mine (id int)',
    `CREATE FUNCTION pg_temp.mine(int) RETURNS boolean LANGUAGE sql AS 'SELECT true'`,
    'CREATE SCHEMA mine',
    'CREATE EXTENSION pageinspect',
    `CREATE OPERATOR api.=== (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int)`,
    `ALTER ROLE ${role} SUPERUSER`,
    `ALTER ROLE ${role} BYPASSRLS`,
    `ALTER ROLE ${role} REPLICATION`,
    `ALTER DATABASE ${database} SET row_security = off`,
    `ALTER SYSTEM SET row_security = off`,
    'CREATE ROLE mine',
    `GRANT ${quoted(world.roles.owner)} TO ${role}`,
    `GRANT ${quoted(world.roles.lookup)} TO ${role}`,
    `GRANT pg_read_all_data TO ${role}`,
    'SET session_replication_role = replica',
    `LOAD 'plpgsql'`,
    `COPY (SELECT 1) TO '/tmp/mine'`,
    `COPY (SELECT 1) TO PROGRAM 'true'`,
    `SELECT pg_read_file('PG_VERSION')`,
    `SELECT pg_ls_dir('.')`,
    `SELECT lo_import('/etc/hostname')`,
    'SELECT rolpassword FROM pg_authid',
    'SELECT passwd FROM pg_shadow',
    'SELECT * FROM pg_statistic',
    'SELECT * FROM pg_statistic_ext_data',
    `CREATE PUBLICATION mine FOR ALL TABLES`,
    `CREATE EVENT TRIGGER mine ON ddl_command_end EXECUTE FUNCTION mine()`,
    `SELECT pg_create_logical_replication_slot('mine', 'test_decoding')`,
    `DROP OWNED BY ${quoted(world.roles.owner)}`,
    `REASSIGN OWNED BY ${quoted(world.roles.owner)} TO ${role}`,
  ];
  const problems: string[] = [];
  await world.as(login, async (client) => {
    for (const statement of statements) {
      // Refused before everything else, but only outside a transaction.
      const alone = statement.startsWith('ALTER SYSTEM');
      if (!alone) await client.query('BEGIN');
      const code = await codeOf(client, statement);
      if (!alone) await client.query('ROLLBACK');
      // 0A000: an extension this server does not have.
      if (code !== '42501' && code !== '0A000') problems.push(`${login} is not refused: ${statement} (${code})`);
    }
    const { rows: statistics } = await client.query<{ what: string }>(
      `SELECT schemaname || '.' || tablename || '.' || attname AS what FROM pg_stats WHERE schemaname IN ('api', 'store')`,
    );
    for (const { what } of statistics) problems.push(`${login} may read the most common values of ${what}`);
    const { rows: objects } = await client.query('SELECT 1 FROM pg_largeobject_metadata LIMIT 1');
    if (objects.length > 0) problems.push('there are large objects, which know no tenant');
  });
  return problems;
}

/** What one connection remembers of the tenant before: prepared plans, cursors, and `row_security` switched off. */
export async function rememberedTenants(world: World, login: Login): Promise<string[]> {
  const problems: string[] = [];
  const [a, b] = [world.own.id, world.foreign.id];
  const all = await readable(world, login);
  await world.as(login, async (client) => {
    for (const relation of all) {
      const key = quoted(relation.tenantKey ?? '');
      const name = quoted(relation.id);
      const under = async (tenant: number, sql: string): Promise<unknown[]> => {
        await client.query('BEGIN');
        await client.query(`SELECT set_config('app.current_user_id', $1, true)`, [String(tenant)]);
        const { rows } = await client.query<{ key: number }>(sql);
        await client.query('COMMIT');
        return rows.map((row) => row.key);
      };
      const expectOnly = (keys: unknown[], tenant: number, what: string): void => {
        if (keys.length === 0) problems.push(`${what}: ${relation.id} shows nothing to its own tenant`);
        if (keys.some((k) => k !== tenant)) problems.push(`${what}: ${relation.id} shows another tenant’s rows`);
      };
      await client.query(`PREPARE remembered AS SELECT ${key} AS key FROM ${name}`);
      // Often enough for the server to settle on one plan for all.
      for (let i = 0; i < 6; i++) expectOnly(await under(a, 'EXECUTE remembered'), a, 'a prepared statement');
      expectOnly(await under(b, 'EXECUTE remembered'), b, 'a prepared statement after a change of tenant');
      const without = await client.query('EXECUTE remembered');
      if (without.rowCount !== 0)
        problems.push(`a prepared statement: ${relation.id} shows rows when the tenant is gone`);
      await client.query('DEALLOCATE remembered');

      await client.query('BEGIN');
      await client.query(`SELECT set_config('app.current_user_id', $1, true)`, [String(a)]);
      await client.query(`DECLARE remembered CURSOR FOR SELECT ${key} AS key FROM ${name}`);
      await client.query('FETCH 1 FROM remembered');
      await client.query('COMMIT');
      const code = await codeOf(client, 'FETCH ALL FROM remembered');
      if (code !== '34000') problems.push(`a cursor over ${relation.id} outlived its transaction (${code})`);

      await client.query('SET row_security = off');
      const bypassed = await countOrCode(client, relation);
      await client.query('RESET row_security');
      if (bypassed !== 0 && bypassed !== '42501')
        problems.push(`row_security = off: ${relation.id} shows ${bypassed} rows`);
    }
  });
  return problems;
}

async function readable(world: World, login: Login): Promise<Relation[]> {
  return (await relations(world.superuser)).filter(
    (r) => r.tenantKey !== null && readableColumns(rightsOf(login, r), r.columns).size > 0,
  );
}

async function countAs(client: Session, relation: Relation, tenant: string): Promise<number | string> {
  await client.query('BEGIN');
  await client.query(`SELECT set_config('app.current_user_id', $1, true)`, [tenant]);
  const seen = await countOrCode(client, relation);
  await client.query('ROLLBACK');
  return seen;
}

async function countOrCode(client: Session, relation: Relation): Promise<number | string> {
  try {
    const { rows } = await client.query<{ count: string }>(`SELECT count(*) FROM ${quoted(relation.id)}`);
    return Number(rows[0]?.count);
  } catch (error) {
    if (error instanceof pg.DatabaseError) return error.code ?? '';
    throw error;
  }
}

async function codeOf(client: Session, sql: string): Promise<string> {
  try {
    await client.query(sql);
    return 'no error';
  } catch (error) {
    if (error instanceof pg.DatabaseError) return error.code ?? '';
    throw error;
  }
}
