/**
 * Bytes a row: samples of the simulator's inverters, hot and compressed, on both engines. Fails where a promise is not kept.
 * npm run bench:storage -- [--quick] [--json FILE] [--write]
 * TimescaleDB is the server of TEST_TIMESCALE_URL, else the one in WebAssembly. --write puts the table into docs/storage.md.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type pg from 'pg';
import { looseChunks, tightenChunk } from '../src/db/engines/columnstore.ts';
import { startDisposablePostgres } from '../test/support/disposable-postgres.ts';
import { insertRows } from '../test/support/sample-rows.ts';
import { type Cadence, simulatedRows } from '../test/support/simulated-rows.ts';
import { createTestDatabase, type TestDatabase } from '../test/support/test-database.ts';
import { startTimescaleWasm } from '../test/support/timescale-wasm.ts';
import { markdownTable, writeMeasured } from './table.ts';

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean' }, json: { type: 'string' }, write: { type: 'boolean' } },
});
const quick = options.quick === true;
/** What an empty chunk takes is no row's: a row takes what many inverters need beyond a few. */
const FEW = 2;
const MANY = quick ? 4 : 10;
const USER = 1;
/** TimescaleDB counts weeks from the epoch, which was a Thursday. */
const MONDAY = new Date('2026-06-01T00:00:00Z');
const THURSDAY = new Date('2026-06-04T00:00:00Z');
/** Rows in one INSERT. */
const PIECE = 5_000;
const CADENCES: Readonly<Record<Cadence, string>> = {
  steady: 'a minute apart',
  jittered: 'some seconds off',
  milliseconds: 'any millisecond',
};
type What = 'ac' | 'dc' | 'energy';
const WHATS: readonly What[] = ['ac', 'dc', 'energy'];
const TABLES: Readonly<Record<What, string>> = { ac: 'ac_sample', dc: 'dc_sample', energy: 'energy_15m' };
const SAID: Readonly<Record<What, string>> = {
  ac: 'AC sample, all columns',
  dc: 'DC sample of an input',
  energy: 'energy of a quarter hour, four inputs',
};
/** What is promised for jittered times, in bytes a row. */
const PROMISES: Readonly<Record<EngineName, Partial<Record<What, number>>>> = {
  TimescaleDB: { ac: 13, dc: 10 },
  PostgreSQL: { ac: 15 },
};

type EngineName = 'TimescaleDB' | 'PostgreSQL';
interface Figure {
  engine: EngineName;
  cadence: Cadence;
  what: What;
  rows: number;
  /** Bytes a row with all indexes. */
  hot: number;
  /** Null where nothing compresses it. */
  compressed: number | null;
}

/** What an engine does with what has gone cold, and what everything then takes, in bytes. */
interface Engine {
  name: EngineName;
  db: TestDatabase;
  /** Where a chunk or partition begins: the week that is measured. */
  weekStart: Date;
  /** Makes room for the week. */
  empty(client: pg.Client): Promise<unknown>;
  hotBytes(client: pg.Client, what: What): Promise<number>;
  compress(client: pg.Client): Promise<void>;
  compressedBytes(client: pg.Client, what: What): Promise<number | null>;
  end(): Promise<void>;
}

/** What would have been booked, an array element for the inverter and for each input. */
const ENERGY = `
  INSERT INTO store.energy_15m (user_id, inverter_id, ts, energy_wh, estimated_wh, power_sum_dw, power_count, power_max_dw)
  SELECT ${USER}, inverter_id, quarter, array_agg(wh ORDER BY channel), array_agg(0 ORDER BY channel),
         array_agg(power_sum ORDER BY channel), array_agg(power_count ORDER BY channel), array_agg(power_max ORDER BY channel)
  FROM (
    SELECT inverter_id, channel, date_bin('15 minutes', ts, '2000-01-01Z') AS quarter, (max(yield_total_wh) - min(yield_total_wh))::int AS wh,
           sum(power_dw) AS power_sum, count(power_dw)::int AS power_count, max(power_dw) AS power_max
    FROM (SELECT inverter_id, 0 AS channel, ts, yield_total_wh, power_dw FROM store.ac_sample
          UNION ALL SELECT inverter_id, channel, ts, yield_total_wh, power_dw FROM store.dc_sample) s
    GROUP BY 1, 2, 3
  ) q GROUP BY inverter_id, quarter`;

const figures: Figure[] = [];
for (const start of [startTimescale, startPlain]) {
  const engine = await start();
  try {
    for (const cadence of Object.keys(CADENCES) as Cadence[]) figures.push(...(await measure(engine, cadence)));
  } finally {
    await engine.end();
  }
}
await report();

async function measure(engine: Engine, cadence: Cadence): Promise<Figure[]> {
  const few = await sizes(engine, cadence, FEW);
  const many = await sizes(engine, cadence, MANY);
  return WHATS.map((what) => {
    const [a, b] = [few[what], many[what]];
    const rows = b.rows - a.rows;
    const compressed = a.compressed === null || b.compressed === null ? null : (b.compressed - a.compressed) / rows;
    const figure = { engine: engine.name, cadence, what, rows, hot: (b.hot - a.hot) / rows, compressed };
    console.log(
      `${figure.engine}, ${cadence}, ${what}: ${figure.hot.toFixed(1)} → ${compressed?.toFixed(1) ?? 'as it is'}`,
    );
    return figure;
  });
}

interface Size {
  rows: number;
  hot: number;
  compressed: number | null;
}

/** Bytes of one week of so many inverters, before and after. */
async function sizes(engine: Engine, cadence: Cadence, inverters: number): Promise<Record<What, Size>> {
  return engine.db.owner(async (client) => {
    await client.query('TRUNCATE store.ac_sample, store.dc_sample, store.energy_15m');
    await engine.empty(client);
    const ids = Array.from({ length: inverters }, (_, i) => i + 1);
    const rows = simulatedRows(ids, engine.weekStart.getTime(), 7, cadence);
    for (const kind of ['ac', 'dc'] as const) {
      for (let i = 0; i < rows[kind].length; i += PIECE) {
        await insertRows(client, kind, USER, rows[kind].slice(i, i + PIECE));
      }
    }
    const energy = (await client.query(ENERGY)).rowCount ?? 0;
    const counts = { ac: rows.ac.length, dc: rows.dc.length, energy };
    const found: Partial<Record<What, Size>> = {};
    for (const what of WHATS)
      found[what] = { rows: counts[what], hot: await engine.hotBytes(client, what), compressed: null };
    await engine.compress(client);
    for (const what of WHATS) {
      (found[what] as Size).compressed = await engine.compressedBytes(client, what);
    }
    return found as Record<What, Size>;
  });
}

async function startTimescale(): Promise<Engine> {
  const server = process.env['TEST_TIMESCALE_URL'];
  if (server !== undefined) process.env['TEST_POSTGRES_URL'] = server;
  const db = server === undefined ? await startTimescaleWasm() : await createTestDatabase();
  // Everything of the hypertable: chunks, what is left of those that are compressed, and their indexes.
  const bytes = (client: pg.Client, what: What): Promise<number> =>
    numberOf(client, `SELECT hypertable_size('store.${TABLES[what]}')`);
  return {
    name: 'TimescaleDB',
    db,
    weekStart: THURSDAY,
    empty: async () => undefined,
    hotBytes: bytes,
    async compress(client) {
      for (const table of Object.values(TABLES)) {
        await client.query(`SELECT compress_chunk(c) FROM show_chunks('store.${table}') c`);
      }
      for (const chunk of await looseChunks(client)) await tightenChunk(client, chunk);
    },
    compressedBytes: bytes,
    end: () => db.drop(),
  };
}

async function startPlain(): Promise<Engine> {
  const server = await startDisposablePostgres();
  process.env['TEST_POSTGRES_URL'] = server.connectionString('postgres');
  const db = await createTestDatabase();
  return {
    name: 'PostgreSQL',
    db,
    weekStart: MONDAY,
    async empty(client) {
      await client.query('TRUNCATE store.ac_packed, store.dc_packed');
      await client.query('SELECT store.make_partitions($1, $1)', [MONDAY]);
    },
    hotBytes: (client, what) =>
      numberOf(
        client,
        `SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('store.${TABLES[what]}') WHERE isleaf
           AND pg_relation_size(relid) > 0`,
      ),
    async compress(client) {
      await client.query('SELECT store.pack_week($1)', [MONDAY]);
    },
    compressedBytes: async (client, what) =>
      what === 'energy' ? null : numberOf(client, `SELECT pg_total_relation_size('store.${what}_packed')`),
    async end() {
      await db.drop();
      await server.stop();
    },
  };
}

async function report(): Promise<void> {
  const table = markdownTable({
    columns: ['engine', 'what', 'times', 'rows', 'bytes a row, hot', 'compressed', 'ratio'],
    rows: figures.map(({ engine, what, cadence, rows, hot, compressed }) => [
      engine,
      SAID[what],
      CADENCES[cadence],
      rows,
      hot,
      compressed ?? '',
      compressed === null ? '' : hot / compressed,
    ]),
  });
  console.log(`\n${table}`);
  const broken = figures.filter(({ engine, what, cadence, compressed }) => {
    const promise = PROMISES[engine][what];
    return cadence === 'jittered' && promise !== undefined && (compressed === null || compressed > promise);
  });
  for (const { engine, what, compressed } of broken) {
    console.error(`${engine}, ${SAID[what]}: ${compressed} bytes a row, promised were ${PROMISES[engine][what]}`);
  }
  if (broken.length > 0) process.exitCode = 1;
  if (options.json !== undefined) {
    const named = figures.flatMap(({ engine, what, cadence, hot, compressed }) => [
      [`${engine}_${what}_${cadence}_hot_bytes`.toLowerCase(), hot],
      [`${engine}_${what}_${cadence}_compressed_bytes`.toLowerCase(), compressed],
    ]);
    await writeFile(options.json, `${JSON.stringify({ figures: Object.fromEntries(named) }, null, 2)}\n`);
  }
  if (options.write === true) {
    const how = `What each further row takes on disk, from ${FEW} to ${MANY} simulated inverters in a week of June:`;
    await writeMeasured(new URL('../docs/storage.md', import.meta.url), 'storage', `${how}\n\n${table}`);
  }
}

async function numberOf(client: pg.Client, sql: string): Promise<number> {
  const { rows } = await client.query<Record<string, string>>(sql);
  return Number(Object.values(rows[0] ?? {})[0]);
}
