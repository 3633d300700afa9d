import pg from 'pg';
import { foreignKeys, quoted, type Relation, relations, type UniqueKey, uniqueKeys } from './catalogue.ts';
import { LOGINS, type Login, rightsOf } from './policy.ts';
import { type Probe, probesFor, SITUATIONS, type Situation, type Target } from './probes.ts';
import type { Row } from './seed.ts';
import { rowsByAccount, type Session, type World } from './world.ts';

/** What became of the statements about one relation by one login. */
export interface Cell {
  relation: Relation;
  login: Login;
  allowed: number;
  denied: number;
  zeroRows: number;
  /** EXPLAIN ANALYZE told how many rows were passed over, others' among them. Nothing but their number, and PostgreSQL cannot hide it. */
  countsOthers: boolean;
}

export interface MatrixResult {
  cells: Cell[];
  /** Every answer that was not the expected one, in words. Empty: the database keeps accounts apart. */
  violations: string[];
}

export interface MatrixSelection {
  /** By `schema.name`; all without it. */
  only?: readonly string[];
  logins?: readonly Login[];
}

/**
 * Refusals that are not for want of a right but of a possibility: this kind of relation cannot be written, copied, updated. They count
 * as refused only where a refusal is expected.
 */
const IMPOSSIBLE = new Set([
  '42809', // wrong object type: TRUNCATE of a view
  '55000', // not in that state: UPDATE of a view that is none of the simple ones
  '0A000', // not supported: COPY FROM with row security
  'XX000', // TimescaleDB's planner gives up on an UPDATE of a view over a hypertable, before rights are looked at
  '428C9', // a generated column can only be set to DEFAULT
]);

/** Runs every statement of `probes.ts` for every relation × login × situation. Nothing stays of it. */
export async function runMatrix(world: World, { only, logins = LOGINS }: MatrixSelection = {}): Promise<MatrixResult> {
  const all = (await relations(world.superuser)).filter((r) => only === undefined || only.includes(r.id));
  const keys = await uniqueKeys(world.superuser);
  const facts: Facts[] = [];
  for (const relation of all) facts.push(await factsOf(world, relation));
  const result: MatrixResult = { cells: [], violations: [] };
  const runLogin = (login: Login): Promise<void> =>
    world.as(login, async (session, notices) => {
      for (const fact of facts) {
        result.cells.push(await fill(world, login, session, notices, fact, keys, result.violations));
      }
    });
  if (world.signsIn) await Promise.all(logins.map(runLogin));
  else for (const login of logins) await runLogin(login);
  return result;
}

interface Facts {
  relation: Relation;
  counts: Map<number, number>;
  foreignRow: Row | null;
  insertable: Target['insertable'];
}

async function factsOf(world: World, relation: Relation): Promise<Facts> {
  const counts = await rowsByAccount(world, relation);
  const mayInsert = LOGINS.some((login) => rightsOf(login, relation).insert !== undefined);
  if (!mayInsert || relation.tenantKey === null) return { relation, counts, foreignRow: null, insertable: null };
  const { rows } = await world.superuser.query<Row>(
    `SELECT * FROM ${quoted(relation.id)} WHERE ${quoted(relation.tenantKey)} = $1 LIMIT 1`,
    [world.foreign.id],
  );
  const own = await world.seeder.freshRow(relation.id, world.own);
  const foreign = await world.seeder.freshRow(relation.id, world.foreign);
  const links = (await foreignKeys(world.superuser))
    .filter((k) => k.table === relation.id)
    .flatMap((k) => k.columns.filter((c) => c !== relation.tenantKey));
  const crossed = links.length === 0 ? null : { ...own, ...Object.fromEntries(links.map((c) => [c, foreign[c]])) };
  return { relation, counts, foreignRow: rows[0] ?? null, insertable: { own, foreign, crossed } };
}

async function fill(
  world: World,
  login: Login,
  client: Session,
  notices: string[],
  { relation, counts, foreignRow, insertable }: Facts,
  keys: readonly UniqueKey[],
  violations: string[],
): Promise<Cell> {
  const cell: Cell = { relation, login, allowed: 0, denied: 0, zeroRows: 0, countsOthers: false };
  const rights = rightsOf(login, relation);
  const only = (row: Row): Row =>
    Object.fromEntries(Object.entries(row).filter(([name]) => rights.insert?.includes(name)));
  for (const situation of SITUATIONS) {
    const tenant = tenantOf(world, situation);
    const target: Target = {
      relation,
      rights,
      situation,
      ownId: world.own.id,
      foreignId: world.foreign.id,
      ownCount: counts.get(tenant ?? 0) ?? 0,
      foreignRow,
      insertable: insertable && {
        own: only(insertable.own),
        foreign: only(insertable.foreign),
        crossed: insertable.crossed && only(insertable.crossed),
      },
      uniqueKeys: keys,
    };
    await client.query('BEGIN');
    if (tenant !== null) await client.query(`SELECT set_config('app.current_user_id', $1, true)`, [String(tenant)]);
    await client.query('SAVEPOINT before');
    for (const probe of probesFor(target)) {
      notices.length = 0;
      const outcome = await attempt(client, probe);
      if (outcome.got === 'denied' || outcome.got === 'failed') cell.denied++;
      else if (outcome.got === 0) cell.zeroRows++;
      else cell.allowed++;
      if (/"Rows Removed by Filter":[1-9]/.test(JSON.stringify(outcome.rows))) cell.countsOthers = true;
      const wrong = judge(world, probe, outcome, notices);
      if (wrong !== null) violations.push(`${login}, ${situation}: ${probe.operation} on ${relation.id} ${wrong}`);
    }
    await client.query('ROLLBACK');
  }
  return cell;
}

function tenantOf(world: World, situation: Situation): number | null {
  if (situation === 'no tenant') return null;
  return situation === 'empty account' ? world.empty.id : world.own.id;
}

interface Outcome {
  got: 'denied' | 'failed' | number;
  why: string;
  rows: Row[];
}

async function attempt(client: Session, probe: Probe): Promise<Outcome> {
  try {
    const result = await afresh(client, probe);
    const got = probe.rows?.(result) ?? result.rowCount ?? 0;
    return { got, why: '', rows: result.rows };
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    const code = error.code ?? '';
    const refused =
      code === (probe.refusal ?? '42501') || code === '42501' || (probe.expected === 'denied' && IMPOSSIBLE.has(code));
    return { got: refused ? 'denied' : 'failed', why: `${code} ${error.message}`, rows: [] };
  }
}

/** Takes back what the probe before did, in the same round trip where the protocol has room for both. */
async function afresh(client: Session, { sql, values }: Probe): Promise<pg.QueryResult> {
  const back = 'ROLLBACK TO SAVEPOINT before';
  if (values === undefined)
    return ((await client.query(`${back}; ${sql}`)) as unknown as pg.QueryResult[])[1] as pg.QueryResult;
  await client.query(back);
  return client.query(sql, values);
}

function judge(world: World, probe: Probe, { got, why, rows }: Outcome, notices: readonly string[]): string | null {
  if (notices.some((notice) => notice === `saw ${world.foreign.id}`))
    return 'LEAKED: a predicate was shown foreign rows';
  if (JSON.stringify(rows).includes(world.foreign.marker))
    return `LEAKED foreign values: ${JSON.stringify(rows).slice(0, 200)}`;
  if (got === probe.expected) return null;
  const expected = probe.expected === 'denied' ? 'be refused' : `answer ${probe.expected} rows`;
  return `should ${expected}, but ${got === 'denied' || got === 'failed' ? `was answered ${why}` : `answered ${got} rows`}`;
}

/** One line a relation (partitions under their table), a column a login: statements allowed/denied/without rows. */
export function printed({ cells, violations }: MatrixResult): string {
  const roots = [...new Set(cells.map((c) => c.relation.root))];
  const lines = roots.map((root) => {
    const under = cells.filter((c) => c.relation.root === root);
    const parts = new Set(under.map((c) => c.relation.id)).size - 1;
    const counts = LOGINS.map((login) => {
      const mine = under.filter((c) => c.login === login);
      const sum = (of: 'allowed' | 'denied' | 'zeroRows'): number => mine.reduce((n, cell) => n + cell[of], 0);
      return `${sum('allowed')}/${sum('denied')}/${sum('zeroRows')}`.padStart(14);
    });
    return `${`${root}${parts > 0 ? ` (+${parts} partitions)` : ''}`.padEnd(42)}${counts.join('')}`;
  });
  const counting = cells.filter((c) => c.countsOthers);
  const total = cells.reduce((n, c) => n + c.allowed + c.denied + c.zeroRows, 0);
  return [
    'Isolation: statements allowed/denied/without rows, over no tenant, own, foreign rows and an empty account',
    `${''.padEnd(42)}${LOGINS.map((login) => login.padStart(14)).join('')}`,
    ...lines,
    `EXPLAIN ANALYZE tells in ${counting.length} relations how many rows it passed over, others’ among them: nothing but their number`,
    `${total} statements on ${new Set(cells.map((c) => c.relation.id)).size} relations, ${violations.length} not as expected`,
  ].join('\n');
}
