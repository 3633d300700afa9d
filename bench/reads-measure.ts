import { asTenant, type Tx } from '../src/db/as-tenant.ts';
import { dayBounds, dayRules, type LocalUnit, startsOf } from '../src/domain/period.ts';
import { firstQuarter, readEnergy } from '../src/store/energy-series.ts';
import { averagePowers, listInverters, readChannels, readInverters } from '../src/store/inverters.ts';
import { readPower, readQuarterPower } from '../src/store/power-series.ts';
import { present } from '../test/support/present.ts';
import type { TestDatabase } from '../test/support/test-database.ts';
import type { Filled } from './reads-fill.ts';

export interface ReadFigure {
  id: string;
  what: string;
  /** Planning and execution at the database: the median of all runs, and the quickest, which other work on the machine disturbed least. */
  ms: number;
  bestMs: number;
  planningMs: number;
  rows: number;
  /** Weekly partitions or chunks of samples that were looked into, and how many the range touches. */
  weeksRead: number;
  weeksOfRange: number;
  packedDays: number;
  /** Of 8 kB. */
  pages: number;
}

interface Read {
  id: string;
  what: string;
  /** Of samples; null where none are needed. */
  range: { from: Date; to: Date } | null;
  tables: number;
  run(tx: Tx): Promise<unknown>;
}

const RUNS = 15;
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
const LIMIT = 5_001;
const ZONE = 'Europe/Berlin';

/** The store's own functions, as the application calls them and with its rights; each statement of theirs is explained. */
export async function measure(db: TestDatabase, filled: Filled): Promise<ReadFigure[]> {
  const figures: ReadFigure[] = [];
  const weeks = await weeksOfSamples(db);
  for (const read of readsOf(filled)) {
    const runs: ReadFigure[] = [];
    for (let n = 0; n < RUNS; n++) runs.push(await once(db, filled.userId, read, weeks));
    runs.sort((a, b) => a.ms - b.ms);
    figures.push({ ...present(runs[RUNS >> 1]), bestMs: present(runs[0]).ms });
    console.log(`${read.what}: ${present(figures.at(-1)).ms.toFixed(1)} ms`);
  }
  return figures;
}

/** Partitions or chunks with the samples of a week, by name. Not the default one, which holds what came late and is empty nearly always. */
async function weeksOfSamples(db: TestDatabase): Promise<Set<string>> {
  return db.owner(async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
       WHERE i.inhparent IN ('store.ac_sample'::regclass, 'store.dc_sample'::regclass)
         AND pg_get_expr(c.relpartbound, c.oid) IS DISTINCT FROM 'DEFAULT'`,
    );
    return new Set(rows.map(({ name }) => name));
  });
}

function readsOf({ userId, inverterIds, now, days }: Filled): Read[] {
  const id = present(inverterIds[0]);
  const ago = (n: number): Date => new Date(now.getTime() - n * DAY_MS);
  const scope = (unit: LocalUnit, from: Date, channel = 0, ids = [id]) => ({
    userId,
    inverterIds: ids,
    channel,
    from,
    to: now,
    starts: startsOf(unit, { from, to: now }, ZONE),
    dayRules: unit === 'hour' ? null : dayRules(ZONE),
  });
  const lastDay = { from: ago(1), to: now };
  const oldDay = dayBounds(
    ago(days - 2)
      .toISOString()
      .slice(0, 10),
    ZONE,
  );
  const curve = (range: { from: Date; to: Date }, channel: number) => (tx: Tx) =>
    readPower(tx, userId, id, channel, range.from, range.to, 300, LIMIT);
  const all = new Date(0);
  return [
    {
      id: 'latest',
      what: 'latest values of one inverter and its inputs',
      range: { from: new Date(now.getTime() - 3_600_000), to: now },
      tables: 2,
      async run(tx) {
        await readInverters(tx, userId, [id], now);
        await readChannels(tx, userId, [{ id, lastLiveAt: new Date(now.getTime() - 60_000) }]);
        await averagePowers(tx, userId, [id], new Date(now.getTime() - 3_600_000), now);
      },
    },
    {
      id: 'latest_all',
      what: 'latest values of all inverters',
      range: lastDay,
      tables: 1,
      run: (tx) => listInverters(tx, userId, now),
    },
    { id: 'curve', what: 'curve of the last 24 hours', range: lastDay, tables: 1, run: curve(lastDay, 0) },
    { id: 'curve_input', what: 'the same of one input', range: lastDay, tables: 1, run: curve(lastDay, 1) },
    { id: 'curve_cold', what: 'curve of a day that is compressed', range: oldDay, tables: 1, run: curve(oldDay, 0) },
    {
      id: 'month_by_hour',
      what: 'power of 30 days by hour',
      range: null,
      tables: 0,
      run: (tx) => readQuarterPower(tx, scope('hour', ago(30)), LIMIT),
    },
    {
      id: 'month_by_hour_input',
      what: 'the same of one input',
      range: null,
      tables: 0,
      run: (tx) => readQuarterPower(tx, scope('hour', ago(30), 1), LIMIT),
    },
    {
      id: 'year_by_day',
      what: 'energy of a year by day',
      range: null,
      tables: 0,
      run: (tx) => readEnergy(tx, scope('day', ago(365)), LIMIT),
    },
    {
      id: 'lifetime_by_year',
      what: 'energy of all time by year',
      range: null,
      tables: 0,
      async run(tx) {
        await firstQuarter(tx, userId, [id]);
        await readEnergy(tx, scope('year', all), LIMIT);
      },
    },
    {
      id: 'year_by_day_all',
      what: 'energy of a year by day, all inverters',
      range: null,
      tables: 0,
      run: (tx) => readEnergy(tx, scope('day', ago(365), 0, inverterIds), LIMIT),
    },
    {
      id: 'lifetime_by_year_all',
      what: 'energy of all time by year, all inverters',
      range: null,
      tables: 0,
      async run(tx) {
        await firstQuarter(tx, userId, inverterIds);
        await readEnergy(tx, scope('year', all, 0, inverterIds), LIMIT);
      },
    },
  ];
}

type Node = Record<string, unknown> & { Plans?: Node[] };

async function once(db: TestDatabase, userId: number, read: Read, weeks: ReadonlySet<string>): Promise<ReadFigure> {
  const { id, what, range, tables } = read;
  const found: ReadFigure = {
    id,
    what,
    ms: 0,
    bestMs: 0,
    planningMs: 0,
    rows: 0,
    weeksRead: 0,
    weeksOfRange: range === null ? 0 : tables * (weekOf(range.to) - weekOf(range.from) + 1),
    packedDays: 0,
    pages: 0,
  };
  const looked = new Set<string>();
  await asTenant(db.pools.app, userId, async (tx) => {
    const explained = async ({ text, values }: { text: string; values: unknown[] }) => {
      const { rows } = await tx.query<{ 'QUERY PLAN': Record<string, unknown>[] }>(
        `EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ${text}`,
        values,
      );
      const [plan] = present(rows[0])['QUERY PLAN'];
      add(found, looked, present(plan));
      return { rows: [] };
    };
    await read.run({ query: explained } as unknown as Tx);
  });
  return { ...found, weeksRead: [...looked].filter((name) => weeks.has(name)).length };
}

function add(found: ReadFigure, looked: Set<string>, plan: Record<string, unknown>): void {
  const root = plan['Plan'] as Node;
  found.planningMs += plan['Planning Time'] as number;
  found.ms += (plan['Planning Time'] as number) + (plan['Execution Time'] as number);
  found.rows += root['Actual Rows'] as number;
  found.pages += (root['Shared Hit Blocks'] as number) + (root['Shared Read Blocks'] as number);
  visit(root, (node) => {
    const relation = String(node['Relation Name'] ?? '');
    const loops = node['Actual Loops'] as number;
    if (loops === 0) return;
    if (/^(ac|dc)_packed$/.test(relation)) found.packedDays += Math.round((node['Actual Rows'] as number) * loops);
    else looked.add(relation);
  });
}

function visit(node: Node, look: (node: Node) => void): void {
  look(node);
  for (const child of node.Plans ?? []) visit(child, look);
}

/** Weeks since a Monday. */
function weekOf(at: Date): number {
  return Math.floor((at.getTime() - Date.UTC(2001, 0, 1)) / WEEK_MS);
}
