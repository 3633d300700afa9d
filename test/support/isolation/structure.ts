import { foreignKeys, type Query, relations, uniqueKeys } from './catalogue.ts';
import { LOGINS, RIGHTS, UNIQUE_OVER_ALL_ACCOUNTS } from './policy.ts';
import type { World } from './world.ts';

/** What must be so in the catalogues, whatever rows there are: in words, what is not. */
export async function structuralProblems(world: World): Promise<string[]> {
  return [
    ...(await rowSecurity(world)),
    ...(await windows(world)),
    ...(await references(world)),
    ...(await reach(world)),
  ];
}

const TENANT_TEST = 'current_user_id()';

/** Every table with a tenant lies in `store`, where no login comes, or under row security that binds its owner too. */
async function rowSecurity(world: World): Promise<string[]> {
  const problems: string[] = [];
  const { roles } = world;
  const policies = await policiesOf(world.superuser);
  for (const relation of await relations(world.superuser)) {
    if (relation.schema.startsWith('_timescaledb')) continue;
    if (relation.owner !== roles.owner) problems.push(`${relation.id} belongs to ${relation.owner}`);
    if (relation.kind !== 'table' || relation.tenantKey === null || relation.schema === 'store') continue;
    if (relation.rowSecurity !== 'forced') {
      problems.push(
        `${relation.id} has rows of accounts, and row security that is ${relation.rowSecurity}, not forced`,
      );
    }
    const own = policies.filter((p) => p.table === relation.id);
    const ownersOwn = own.some(
      (p) =>
        p.roles.join() === roles.owner && p.command === '*' && p.using === 'true' && (p.check ?? 'true') === 'true',
    );
    if (!ownersOwn) problems.push(`${relation.id} has no policy that shows its owner, and so a backup, every row`);
    for (const policy of own.filter(
      (p) => LOGINS.some((l) => p.roles.includes(roles[l])) || p.roles.includes('PUBLIC'),
    )) {
      const anybody = RIGHTS.app[relation.id]?.insertsForAnybody === true && policy.command === 'a';
      for (const expression of [policy.using, policy.check]) {
        if (expression !== null && !expression.includes(TENANT_TEST) && !anybody) {
          problems.push(`policy ${policy.name} on ${relation.id} does not ask whose the row is: ${expression}`);
        }
      }
    }
  }
  return problems;
}

interface Policy {
  table: string;
  name: string;
  command: string;
  roles: string[];
  using: string | null;
  check: string | null;
}

async function policiesOf(db: Query): Promise<Policy[]> {
  const { rows } = await db.query<Policy>(
    `SELECT format('%s.%s', n.nspname, c.relname) AS table, p.polname AS name, p.polcmd::text AS command,
            ARRAY(SELECT CASE r WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(r)::text END FROM unnest(p.polroles) r) AS roles,
            pg_get_expr(p.polqual, p.polrelid) AS using, pg_get_expr(p.polwithcheck, p.polrelid) AS check
     FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace`,
  );
  return rows;
}

/** Every view is a window: the tenant test first, then whatever the query says. */
async function windows(world: World): Promise<string[]> {
  const problems: string[] = [];
  for (const relation of await relations(world.superuser)) {
    if (relation.schema.startsWith('_timescaledb')) continue;
    if (relation.kind === 'materialised view' && relation.schema !== 'store') {
      problems.push(`${relation.id} is materialised: no window can be put before it outside schema store`);
    }
    if (relation.kind !== 'view' || relation.tenantKey === null || relation.schema === 'store') continue;
    if (!relation.securityBarrier) problems.push(`view ${relation.id} has no security_barrier`);
    const { rows } = await world.superuser.query<{ text: string }>(`SELECT pg_get_viewdef($1::regclass) AS text`, [
      relation.id,
    ]);
    if (rows[0]?.text.includes(TENANT_TEST) !== true)
      problems.push(`view ${relation.id} does not ask whose the rows are`);
  }
  return problems;
}

/** No row hangs on another account's, and no conflict tells of another account's values unless that is declared. */
async function references(world: World): Promise<string[]> {
  const problems: string[] = [];
  const all = new Map((await relations(world.superuser)).map((r) => [r.id, r]));
  for (const key of await foreignKeys(world.superuser)) {
    const [from, to] = [all.get(key.table), all.get(key.target)];
    if (from?.tenantKey == null || to?.tenantKey == null || to.root !== to.id) continue;
    const at = key.columns.indexOf(from.tenantKey);
    if (at < 0 || key.targetColumns[at] !== to.tenantKey) {
      problems.push(
        `a row of ${key.table} (${key.columns.join(', ')}) can refer to another account’s in ${key.target}`,
      );
    }
  }
  const unique = await uniqueKeys(world.superuser);
  for (const { table, index, columns } of unique) {
    const key = all.get(table)?.tenantKey;
    if (key == null || columns.includes(key) || columns.join() === 'id') continue;
    if (UNIQUE_OVER_ALL_ACCOUNTS[index] === undefined) {
      problems.push(
        `${index} on ${table} is unique over all accounts: put the tenant into it, or say in UNIQUE_OVER_ALL_ACCOUNTS of test/support/isolation/policy.ts why a conflict may tell`,
      );
    }
  }
  for (const index of Object.keys(UNIQUE_OVER_ALL_ACCOUNTS)) {
    if (!unique.some((u) => u.index === index))
      problems.push(`policy.ts declares the index ${index}, which is not there`);
  }
  return problems;
}

/** What the logins can reach beside relations and functions. */
async function reach(world: World): Promise<string[]> {
  const problems: string[] = [];
  for (const login of LOGINS) {
    const role = world.roles[login];
    const { rows } = await world.superuser.query<{ what: string }>(
      `SELECT 'USAGE of schema ' || nspname AS what FROM pg_namespace
         WHERE nspname IN ('store', 'migration', 'pg_toast') AND has_schema_privilege($1, oid, 'USAGE')
       UNION ALL SELECT 'CREATE in schema ' || nspname FROM pg_namespace
         WHERE nspname !~ '^pg_(toast_)?temp' AND has_schema_privilege($1, oid, 'CREATE')
       UNION ALL SELECT p || ' on the database' FROM unnest(ARRAY['CREATE', 'TEMPORARY']) p
         WHERE has_database_privilege($1, current_database(), p)
       UNION ALL SELECT 'membership of ' || g.rolname FROM pg_roles g WHERE g.rolname <> $1 AND pg_has_role($1, g.oid, 'MEMBER')
       UNION ALL SELECT a.what FROM pg_roles r, LATERAL (VALUES (r.rolsuper, 'SUPERUSER'), (r.rolbypassrls, 'BYPASSRLS'),
           (r.rolcreaterole, 'CREATEROLE'), (r.rolcreatedb, 'CREATEDB'), (r.rolreplication, 'REPLICATION')) a (has, what)
         WHERE r.rolname = $1 AND a.has
       UNION ALL SELECT 'a setting of its own: ' || unnest(s.setconfig) FROM pg_db_role_setting s WHERE s.setrole = $1::regrole`,
      [role],
    );
    for (const { what } of rows) problems.push(`${login} has ${what}`);
  }
  return problems;
}
