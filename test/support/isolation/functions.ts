import pg from 'pg';
import { type DatabaseFunction, functions } from './catalogue.ts';
import { FUNCTIONS } from './function-policy.ts';
import type { CallTarget, ForeignCall, FunctionPolicy } from './function-rule.ts';
import { LOGINS, type Login } from './policy.ts';
import { fingerprint, tablesOfAccounts, type World } from './world.ts';

const FIXED_PATH = 'search_path=pg_catalog, pg_temp';

/** Where the functions' rights, owners and settings are not those declared. */
export async function functionProblems(world: World): Promise<string[]> {
  const problems: string[] = [];
  const { roles } = world;
  const all = await functions(world.superuser);
  for (const fn of all) {
    const policy = FUNCTIONS[fn.id];
    if (policy === undefined) {
      problems.push(
        `${fn.signature} is not declared: say in FUNCTIONS of test/support/isolation/function-policy.ts who may execute it`,
      );
    }
    const { execute, definer, foreign } = policy ?? { execute: [], definer: undefined, foreign: undefined };
    const expected = execute.map((role) => roles[role]).sort();
    if (fn.executors.includes('PUBLIC')) problems.push(`everybody may EXECUTE ${fn.signature}`);
    const found = fn.executors.filter((role) => role !== 'PUBLIC').sort();
    if (found.join() !== expected.join()) {
      problems.push(`${fn.signature} may be executed by [${found.join(', ')}], declared is [${expected.join(', ')}]`);
    }
    if (fn.definer && !fn.settings.includes(FIXED_PATH))
      problems.push(`definer function ${fn.signature} has no fixed search_path`);
    if (fn.definer !== (definer !== undefined)) {
      problems.push(`${fn.signature} is ${fn.definer ? '' : 'not '}SECURITY DEFINER, declared is the opposite`);
    }
    const owner = roles[definer ?? 'owner'];
    if (fn.owner !== owner) problems.push(`${fn.signature} belongs to ${fn.owner}, declared is ${owner}`);
    if (fn.definer && expected.length > 0 && foreign === undefined) {
      problems.push(
        `${fn.id} runs with its owner’s rights: declare under "foreign" how it behaves towards another account`,
      );
    }
  }
  for (const [id, { execute }] of Object.entries(FUNCTIONS)) {
    // One that nobody may execute may belong to the other engine.
    if (execute.length > 0 && !all.some((fn) => fn.id === id))
      problems.push(`function-policy.ts declares ${id}, which is not there`);
  }
  return problems;
}

/** Calls of functions by logins that must not execute them and are not refused. */
export async function executableWithoutRight(world: World): Promise<string[]> {
  const problems: string[] = [];
  const all = await functions(world.superuser);
  for (const login of LOGINS) {
    await world.as(login, async (client) => {
      for (const fn of all) {
        if (FUNCTIONS[fn.id]?.execute.includes(login)) continue;
        const args = fn.argumentTypes.map((type) => `NULL::${type}`).join(', ');
        const code = await codeOf(client.query(`SELECT ${fn.id}(${args})`));
        if (code !== '42501') problems.push(`${login} may call ${fn.signature} (${code})`);
      }
    });
  }
  return problems;
}

async function codeOf(query: Promise<unknown>): Promise<string> {
  try {
    await query;
    return 'no error';
  } catch (error) {
    if (error instanceof pg.DatabaseError) return error.code ?? '';
    throw error;
  }
}

export interface ForeignCallCase {
  id: string;
  login: Login;
  call: ForeignCall;
}

/** The definer functions a login may call with ids of its own choosing; what removes things comes last. */
export function foreignCalls(): ForeignCallCase[] {
  const calls = (Object.entries(FUNCTIONS) as [string, FunctionPolicy][]).flatMap(([id, { execute, foreign }]) =>
    typeof foreign !== 'object'
      ? []
      : LOGINS.filter((login) => execute.includes(login)).map((login) => ({ id, login, call: foreign })),
  );
  return calls.sort((a, b) => Number(a.id.includes('remove')) - Number(b.id.includes('remove')));
}

/** Calls it for an inverter of the other account under one's own id, and commits: what was answered, and what that changed. */
export async function callForForeign(
  world: World,
  { id, login, call }: ForeignCallCase,
): Promise<{ answer: string; changed: string[] }> {
  const target = { ...(await inverterOf(world, world.foreign.id)), user: world.own.id };
  return observed(world, () => callAsOwn(world, id, login, call, target));
}

/** The same for an inverter of one’s own. */
export async function callForOwn(
  world: World,
  { id, login, call }: ForeignCallCase,
): Promise<{ answer: string; changed: string[] }> {
  const target = { ...(await inverterOf(world, world.own.id)), user: world.own.id };
  return observed(world, () => callAsOwn(world, id, login, call, target));
}

async function observed(world: World, work: () => Promise<string>): Promise<{ answer: string; changed: string[] }> {
  const accounts = [world.own, world.foreign];
  const tables = await tablesOfAccounts(world);
  const before = [];
  for (const account of accounts) before.push(await fingerprint(world, account, tables));
  const answer = await work();
  const changed: string[] = [];
  for (const [i, account] of accounts.entries()) {
    const after = await fingerprint(world, account, tables);
    for (const [table, print] of Object.entries(after)) {
      if (before[i]?.[table] !== print) changed.push(`${table} of ${account.marker}`);
    }
  }
  return { answer, changed };
}

async function callAsOwn(
  world: World,
  id: string,
  login: Login,
  call: ForeignCall,
  target: CallTarget,
): Promise<string> {
  const fn = await functionNamed(world, id);
  return world.as(login, async (client) => {
    await client.query('BEGIN');
    await client.query(`SELECT set_config('app.current_user_id', $1, true)`, [String(world.own.id)]);
    const given = call.args(target);
    const args = fn.names.map((name, i) => {
      const type = fn.argumentTypes[i] ?? '';
      return `${name} => ${given[name] ?? (type.endsWith('[]') ? `'{}'` : type === 'json' ? `'[]'` : 'NULL')}::${type}`;
    });
    const { rows } = await client.query(`SELECT * FROM ${id}(${args.join(', ')})`);
    await client.query('COMMIT');
    return JSON.stringify(rows);
  });
}

async function functionNamed(world: World, id: string): Promise<DatabaseFunction & { names: string[] }> {
  const fn = (await functions(world.superuser)).find((f) => f.id === id);
  if (fn === undefined) throw new Error(`there is no function ${id}`);
  const { rows } = await world.superuser.query<{ names: string[] }>(
    'SELECT proargnames[:pronargs] AS names FROM pg_proc WHERE oid = $1::regprocedure',
    [fn.signature],
  );
  return { ...fn, names: rows[0]?.names ?? [] };
}

async function inverterOf(world: World, user: number): Promise<{ inverter: number; serial: string }> {
  const { rows } = await world.superuser.query<{ inverter: number; serial: string }>(
    'SELECT id AS inverter, serial FROM api.inverter WHERE user_id = $1 ORDER BY id LIMIT 1',
    [user],
  );
  return rows[0] ?? { inverter: 0, serial: '' };
}
