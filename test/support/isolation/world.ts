import type pg from 'pg';
import type { RoleNames } from '../../../src/db/roles.ts';
import { PROBE_SCHEMA, quoted, type Relation, relations } from './catalogue.ts';
import type { Login } from './policy.ts';
import { type Account, Seeder } from './seed.ts';

/** One connection, or a role on one that is shared. */
export type Session = Pick<pg.ClientBase, 'query'>;

/** The ways into a database as each of its roles. */
export interface Access {
  roles: RoleNames;
  database: string;
  /** Past every rule: for the truth, and for breaking things. */
  superuser: Session;
  owner: Session;
  /** As this login; what the server noticed meanwhile goes to `notices`. */
  as<T>(login: Login, work: (session: Session, notices: string[]) => Promise<T>): Promise<T>;
  /** False: the logins are only roles of the one connection there is, and nothing can be done at the same time. */
  signsIn: boolean;
  end(): Promise<void>;
}

/** A migrated database in which two accounts have rows everywhere and a third has none. */
export interface World extends Access {
  own: Account;
  foreign: Account;
  empty: Account;
  seeder: Seeder;
}

/**
 * @param access to a migrated, empty database; ended here when it cannot be filled
 * @param days from now at which what is measured has rows
 */
export async function createWorld(access: Access, days?: readonly number[]): Promise<World> {
  try {
    return await populate(access, days);
  } catch (error) {
    await access.end();
    throw error;
  }
}

async function populate(access: Access, days?: readonly number[]): Promise<World> {
  const { owner, superuser } = access;
  const account = async (marker: string): Promise<Account> => {
    const email = `${marker}@example.org`;
    const { rows } = await owner.query<{ id: number }>(
      `SELECT api.insert_account($1, 'x', $2, $2, false, true, 'Europe/Berlin') AS id`,
      [email, marker],
    );
    return { id: rows[0]?.id ?? 0, email, marker };
  };
  const own = await account('zaunkoenig');
  const foreign = await account('nachtigall');
  const empty = await account('niemand');
  const seeder = await Seeder.on(owner);
  await seeder.fill([own, foreign], new Date(), days);
  await installSpy(superuser);
  await superuser.query('ANALYZE');
  return { ...access, own, foreign, empty, seeder };
}

/** A predicate that tells everything it is asked about, and is so cheap that the planner wants it first. */
async function installSpy(superuser: Session): Promise<void> {
  await superuser.query(
    `CREATE SCHEMA ${PROBE_SCHEMA};
     GRANT USAGE ON SCHEMA ${PROBE_SCHEMA} TO PUBLIC;
     CREATE FUNCTION ${PROBE_SCHEMA}.leak(seen int) RETURNS boolean LANGUAGE plpgsql COST 0.0000001
       AS $$ BEGIN RAISE NOTICE 'saw %', seen; RETURN true; END $$;
     GRANT EXECUTE ON FUNCTION ${PROBE_SCHEMA}.leak(int) TO PUBLIC`,
  );
}

/** How many rows each account has in a relation; the truth, so as the superuser. Through a window: as its owner, account by account. */
export async function rowsByAccount(world: World, relation: Relation): Promise<Map<number, number>> {
  const key = relation.tenantKey;
  const counts = new Map<number, number>();
  if (key === null) return counts;
  for (const { id } of [world.own, world.foreign, world.empty]) {
    counts.set(id, await countOf(world.superuser, relation, key, id));
  }
  return counts;
}

async function countOf(superuser: Session, relation: Relation, key: string, account: number): Promise<number> {
  await superuser.query(`SELECT set_config('app.current_user_id', $1, false)`, [String(account)]);
  const { rows } = await superuser.query<{ count: string }>(
    `SELECT count(*) FROM ${quoted(relation.id)} WHERE ${quoted(key)} = $1`,
    [account],
  );
  await superuser.query('RESET app.current_user_id');
  return Number(rows[0]?.count);
}

/** What stands in the way of a sound test: relations without a tenant that nobody declared, and tables without rows. */
export async function gaps(world: World, declared: Readonly<Record<string, string>>): Promise<string[]> {
  const found: string[] = [];
  for (const relation of await relations(world.superuser)) {
    if (relation.kind === 'sequence' || relation.schema.startsWith('_timescaledb')) continue;
    if (relation.tenantKey === null) {
      if (declared[relation.root] === undefined) {
        found.push(
          `${relation.id} has no column user_id: give it one, or say in WITHOUT_TENANT of test/support/isolation/policy.ts why it needs none`,
        );
      }
      continue;
    }
    if (declared[relation.id] !== undefined) found.push(`${relation.id} is in WITHOUT_TENANT but has a column user_id`);
    const counts = await rowsByAccount(world, relation);
    for (const { id, marker } of [world.own, world.foreign]) {
      if ((counts.get(id) ?? 0) === 0) {
        found.push(`${relation.id} has no rows of ${marker}: let test/support/isolation/seed.ts make some`);
      }
    }
  }
  return found;
}

/** The tables with rows of accounts, each once: not its partitions too. */
export async function tablesOfAccounts(world: World): Promise<Relation[]> {
  return (await relations(world.superuser)).filter(
    ({ id, kind, root, tenantKey }) => kind === 'table' && tenantKey !== null && root === id,
  );
}

/** Everything an account has, as one number a table: to see whether anybody changed it. */
export async function fingerprint(
  world: World,
  account: Account,
  tables?: readonly Relation[],
): Promise<Record<string, string>> {
  const prints = (tables ?? (await tablesOfAccounts(world))).map(
    ({ id, tenantKey }) =>
      `SELECT '${id}' AS id, count(*) || ' rows ' || md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS print
       FROM ${quoted(id)} t WHERE ${quoted(tenantKey ?? '')} = $1`,
  );
  const { rows } = await world.superuser.query<{ id: string; print: string }>(prints.join(' UNION ALL '), [account.id]);
  return Object.fromEntries(rows.map(({ id, print }) => [id, print]));
}
