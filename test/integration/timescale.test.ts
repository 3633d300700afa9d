import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { looseChunks } from '../../src/db/engines/columnstore.ts';
import { configureTimescale, jobProblems, jobRightsToTake, reserveJobs } from '../../src/db/engines/timescale.ts';
import { migrateDown, migrateUp } from '../../src/db/migrate.ts';
import { assembleIngest, type IngestParts } from '../../src/ingest/assemble.ts';
import { createInverterService } from '../../src/services/inverters.ts';
import type { SessionUser } from '../../src/services/services.ts';
import { createStatisticsService } from '../../src/services/statistics.ts';
import { invertersWithLateSamples } from '../../src/store/refold.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import type { Job } from '../../src/worker/job.ts';
import { jobsOn } from '../../src/worker/jobs/index.ts';
import { purgeInverters } from '../../src/worker/jobs/purge-inverters.ts';
import { tightenColumnstore } from '../../src/worker/jobs/tighten-columnstore.ts';
import { keepDaysOf } from '../../src/worker/keep-days.ts';
import { bookLateSamples } from '../../src/worker/replay.ts';
import { lateSampleCases } from '../support/late-samples.ts';
import { envelopeOf, openDtuReading } from '../support/make-reading.ts';
import { insertRows, readRows } from '../support/sample-rows.ts';
import { simulatedRows } from '../support/simulated-rows.ts';
import { HYPERTABLES } from '../support/test-database.ts';
import { NOT_ON_THIS_ENGINE, startTimescaleWasm, type TimescaleWasm } from '../support/timescale-wasm.ts';

/** The life of samples on TimescaleDB: hot, in columnstore, joined by late ones, and gone. The steps build upon each other. */

let db: TimescaleWasm;
let ingest: IngestParts;
let carla: SessionUser;
let userId: number;
let inverterId: number;
const SERIAL = '116100000001';
const OTHER = '116100000002';
/** The server's own clock says what is old, so this is no fixed day. */
const NOW = new Date(Math.floor(Date.now() / 60_000) * 60_000);
const log = createLogger('fatal');
const WEEK_MS = 7 * 86_400_000;
/** Noon of the first day of the chunk n weeks before the present one. */
const week = (n: number): Date => new Date((Math.floor(NOW.getTime() / WEEK_MS) - n) * WEEK_MS + WEEK_MS / 14);

beforeAll(async () => {
  console.log(`TimescaleDB in WebAssembly; not on this engine: ${NOT_ON_THIS_ENGINE.join('; ')}`);
  db = await startTimescaleWasm();
});
afterAll(async () => {
  await ingest?.drain();
  await db?.drop();
});

const database = () => ({ owner: db.owner }) as unknown as Database;

async function rows<T extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<T[]> {
  return db.owner(async (client) => (await client.query<T>(sql, values)).rows);
}

/** What the server does by itself at its time. */
async function runPolicy(procedure: string, ...tables: string[]): Promise<void> {
  const jobs = await rows<{ id: number }>(
    `SELECT job_id AS id FROM timescaledb_information.jobs
     WHERE proc_name = $1 AND hypertable_schema = 'store' AND hypertable_name = ANY ($2)`,
    [procedure, tables],
  );
  expect(jobs).toHaveLength(tables.length);
  for (const { id } of jobs) await rows(`CALL run_job(${id})`);
}

/** Chunks that begin before then, by whether they are in columnstore; the partial ones have rows beside it. */
async function chunks(
  table: string,
  before: Date | 'infinity' = 'infinity',
): Promise<{ compressed: number; hot: number; partial: number }> {
  const found = await rows<{ name: string; compressed: boolean }>(
    `SELECT format('%I.%I', chunk_schema, chunk_name) AS name, is_compressed AS compressed
     FROM timescaledb_information.chunks WHERE hypertable_schema = 'store' AND hypertable_name = $1
       AND range_start < $2`,
    [table, before],
  );
  const counts = { compressed: 0, hot: 0, partial: 0 };
  for (const { name, compressed } of found) {
    counts[compressed ? 'compressed' : 'hot']++;
    if (compressed && (await rows(`SELECT FROM ONLY ${name} LIMIT 1`)).length > 0) counts.partial++;
  }
  return counts;
}

const policies = () =>
  rows(
    `SELECT job_id, proc_name, hypertable_name, owner, config - 'hypertable_id' AS config FROM timescaledb_information.jobs
     WHERE hypertable_schema = 'store' ORDER BY job_id`,
  );

describe('the engine', () => {
  it('goes back to nothing and comes forward again', async () => {
    const settings = { adminUrl: db.adminUrl, roles: db.roles, ...HYPERTABLES };
    const there = await db.handedOver(() => migrateDown(settings, 'none'));
    expect(there.engine).toBe('timescale');
    const left = `SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('api', 'store')`;
    expect(await rows(left)).toEqual([]);
    const back = await db.handedOver(() => migrateUp(settings));
    expect(back).toMatchObject({ engine: 'timescale' });
    expect(back.changed.map(({ name }) => name)).toEqual(there.changed.map(({ name }) => name).reverse());
    await db.owner((client) => configureTimescale(client, HYPERTABLES));
  });

  it('keeps samples in hypertables by week and account, with columnstore a segment for each inverter and input', async () => {
    const settings = await rows(
      `SELECT hypertable::text AS name, segmentby, orderby FROM timescaledb_information.hypertable_columnstore_settings ORDER BY 1`,
    );
    expect(settings).toEqual([
      { name: 'store.ac_sample', segmentby: 'user_id,inverter_id', orderby: 'ts' },
      { name: 'store.dc_sample', segmentby: 'user_id,inverter_id,channel', orderby: 'ts' },
      { name: 'store.energy_15m', segmentby: 'user_id,inverter_id', orderby: 'ts' },
    ]);
    const dimensions = await rows<{ what: string }>(
      `SELECT format('%s %s %s', hypertable_name, column_name, coalesce(num_partitions::text, time_interval::text)) AS what
       FROM timescaledb_information.dimensions WHERE hypertable_schema = 'store' ORDER BY 1`,
    );
    expect(dimensions.map(({ what }) => what)).toEqual([
      'ac_sample ts 7 days',
      'ac_sample user_id 1',
      'dc_sample ts 7 days',
      'dc_sample user_id 1',
      'energy_15m ts 91 days',
    ]);
  });

  it('compresses after a week and removes samples after two years, in the name of their owner; energy stays', async () => {
    const of = (hypertable_name: string, proc_name: string, config: object) =>
      expect.objectContaining({ hypertable_name, proc_name, config, owner: db.roles.owner });
    expect(await policies()).toEqual([
      of('ac_sample', 'policy_compression', { compress_after: '7 days' }),
      of('ac_sample', 'policy_retention', { drop_after: '730 days' }),
      of('dc_sample', 'policy_compression', { compress_after: '7 days' }),
      of('dc_sample', 'policy_retention', { drop_after: '730 days' }),
      of('energy_15m', 'policy_compression', { compress_after: '7 days' }),
    ]);
    expect(await rows('SELECT rolcanlogin FROM pg_roles WHERE rolname = $1', [db.roles.owner])).toEqual([
      { rolcanlogin: true },
    ]);
  });

  it('follows the configuration, and changes nothing where all is so already', async () => {
    const before = await policies();
    await db.owner((client) => configureTimescale(client, HYPERTABLES));
    expect(await policies()).toEqual(before);
    const other = { compressAfterDays: 14, retentionDays: 400, spacePartitions: 3 };
    await db.owner((client) => configureTimescale(client, other));
    const after = await policies();
    expect(after.map(({ job_id }) => job_id)).toEqual(before.map(({ job_id }) => job_id));
    expect(after.map(({ config }) => Object.values(config)[0])).toEqual([
      '14 days',
      '400 days',
      '14 days',
      '400 days',
      '14 days',
    ]);
    const partitions = `SELECT num_partitions AS n FROM timescaledb_information.dimensions WHERE column_name = 'user_id'`;
    expect(await rows(partitions)).toEqual([{ n: 3 }, { n: 3 }]);
    await db.owner((client) => configureTimescale(client, HYPERTABLES));
    expect(await policies()).toEqual(before);
  });

  it('lets nobody but the owner make background jobs, also after an update gave that right out again', async () => {
    await db.alone(async (client) => {
      await client.query('GRANT EXECUTE ON FUNCTION add_job TO PUBLIC');
      const [grant, revoke] = (await jobRightsToTake(client, db.roles.owner)).map(({ sql }) => sql);
      expect(grant).toMatch(new RegExp(`^GRANT EXECUTE ON FUNCTION public.add_job\\(.+\\) TO ${db.roles.owner}$`));
      expect(revoke).toMatch(/^REVOKE EXECUTE ON FUNCTION public.add_job\(.+\) FROM PUBLIC$/);
    });
    // Whoever may not take the right away says so, and leaves it to somebody who may.
    expect(await db.owner((client) => reserveJobs(client, db.roles.owner))).toBe(false);
    expect(await db.alone((client) => reserveJobs(client, db.roles.owner))).toBe(true);
    expect(await db.alone((client) => jobRightsToTake(client, db.roles.owner))).toEqual([]);
    await expect(db.pools.app.query(`SELECT add_job('now'::regproc, '1 hour')`)).rejects.toThrow('permission denied');
  });

  it('has jobs of its own in the worker, and none of the other engine', () => {
    const names = (engine: 'plain' | 'timescale') => jobsOn(engine).map((job) => job.name);
    const plainOnly = ['make-partitions', 'pack-samples', 'drop-old-samples'];
    const timescaleOnly = ['tighten-columnstore', 'watch-timescale-jobs'];
    expect(names('timescale')).toEqual(expect.not.arrayContaining(plainOnly));
    expect(names('timescale')).toEqual(expect.arrayContaining(timescaleOnly));
    expect(names('plain')).toEqual(expect.arrayContaining(plainOnly));
    expect(names('plain')).toEqual(expect.not.arrayContaining(timescaleOnly));
    expect(names('plain').filter((name) => names('timescale').includes(name))).toContain('book-late-samples');
  });
});

const push = async (...at: Date[]): Promise<string[]> => {
  const envelope = envelopeOf(...at.map((time) => openDtuReading(SERIAL, time)));
  return (await ingest.intake.push(userId, 'opendtu', envelope, NOW)).map((result) => result.status);
};
async function bookAll(): Promise<void> {
  for (const key of await db.owner((client) => invertersWithLateSamples(client, 100))) {
    await bookLateSamples(database(), key);
  }
}
const context = () => ({ database: database(), settings: HYPERTABLES, log, now: NOW });
const micros = (time: Date): string => time.toISOString().replace('Z', '000Z');
const minutes = (from: Date, count: number): Date[] =>
  Array.from({ length: count }, (_, i) => new Date(from.getTime() + i * 60_000));
/** All samples, as the application sees them. */
const seen = () =>
  db.owner(async (client) => {
    const [ac, dc] = [await readRows(client, 'ac', userId), await readRows(client, 'dc', userId)];
    await client.query('RESET app.current_user_id');
    return { ac, dc };
  });

describe('samples', () => {
  beforeAll(async () => {
    ingest = assembleIngest(
      db.pools,
      { storeDcChannelData: true, defaultTimeZone: 'Europe/Berlin', retentionDays: 730 },
      log,
      () => NOW,
    );
    const [account] = await rows<{ id: number }>(
      `SELECT api.insert_account('carla@example.org', 'x', 'A', 'B', false, true, 'Europe/Berlin') AS id`,
    );
    userId = account?.id ?? 0;
    carla = { id: userId, email: '', firstName: '', lastName: '', locale: null, isAdmin: false, isVerified: true };
    const service = createInverterService(db.pools.app, { isOnlyAccount: async () => false });
    inverterId = (await service.add(carla, { name: 'Dach', serial: SERIAL, kind: 'opendtu' }, NOW)).id;
  });

  it('go to columnstore when their week is over for long enough, and are shown as before', async () => {
    expect(new Set(await push(...minutes(week(4), 120), ...minutes(week(1), 30)))).toEqual(new Set(['ok']));
    const before = await seen();
    expect([before.ac.length, before.dc.length]).toEqual([150, 150]);
    await runPolicy('policy_compression', 'ac_sample', 'dc_sample', 'energy_15m');
    expect([await chunks('ac_sample'), await chunks('dc_sample')]).toEqual([
      { compressed: 1, hot: 1, partial: 0 },
      { compressed: 1, hot: 1, partial: 0 },
    ]);
    expect(await seen()).toEqual(before);
  });

  it('that come again are duplicates, and nothing is taken out of columnstore for them', async () => {
    const before = await seen();
    expect(new Set(await push(...minutes(week(4), 120)))).toEqual(new Set(['duplicate']));
    expect(await chunks('ac_sample')).toEqual({ compressed: 1, hot: 1, partial: 0 });
    expect(await seen()).toEqual(before);
  });

  it('that come late to columnstore go in with one that is there already, are shown at once, and join it', async () => {
    const before = await seen();
    const late = new Date(week(4).getTime() + 30_000);
    expect(await push(week(4), late, week(1), new Date(week(2)))).toEqual(['duplicate', 'ok', 'duplicate', 'ok']);
    expect(await push(late)).toEqual(['duplicate']);
    const after = await seen();
    expect(after.ac.map(({ ts }) => ts)).toEqual(
      [...before.ac.map(({ ts }) => ts), micros(late), micros(week(2))].sort(),
    );
    expect(after.dc).toHaveLength(152);
    expect(await chunks('ac_sample')).toEqual({ compressed: 1, hot: 2, partial: 1 });
    await runPolicy('policy_compression', 'ac_sample', 'dc_sample');
    expect(await chunks('ac_sample')).toEqual({ compressed: 2, hot: 1, partial: 0 });
    expect(await seen()).toEqual(after);
  });

  it('that come late to energy in columnstore are booked there, however much has to be taken out for them', async () => {
    const booked = () =>
      rows<{ wh: number; samples: number }>(
        `SELECT sum(energy_wh[1])::int AS wh, sum(power_count[1])::int AS samples FROM store.energy_15m
         WHERE inverter_id = $1 AND ts < $2`,
        [inverterId, week(20)],
      );
    await push(...minutes(week(30), 20));
    await bookAll();
    // 300 W for 19 minutes, and for what is believed of the gap behind them.
    expect(await booked()).toEqual([{ wh: 132, samples: 20 }]);
    await runPolicy('policy_compression', 'energy_15m');
    // The quarter of a year after it may be over for long enough as well.
    expect(await chunks('energy_15m', week(20))).toMatchObject({ compressed: 1 });
    const limit = 'timescaledb.max_tuples_decompressed_per_dml_transaction';
    await db.alone((client) => client.query(`SET ${limit} = 1`));
    try {
      const direct = 'UPDATE store.energy_15m SET energy_wh = energy_wh WHERE inverter_id = $1 AND ts < $2';
      await expect(rows(direct, [inverterId, week(20)])).rejects.toThrow('decompression limit');
      await push(...minutes(new Date(week(30).getTime() + 20 * 60_000), 10));
      await bookAll();
    } finally {
      await db.alone((client) => client.query(`RESET ${limit}`));
    }
    expect(await booked()).toEqual([{ wh: 182, samples: 30 }]);
    expect(await rows('SELECT FROM store.late_sample')).toEqual([]);
  });

  it('are summed by day, also those whose energy is in columnstore, and are shown as before', async () => {
    const range = { from: new Date(week(31)), to: NOW, bucket: 'day' as const };
    const shown = () => createStatisticsService(db.pools.app).energy(userId, inverterId, range);
    const days = () => rows('SELECT ts FROM store.energy_day WHERE inverter_id = $1', [inverterId]);
    const before = await shown();
    await keepDaysOf(database(), { userId, inverterId }, NOW);
    expect(await days()).toHaveLength(before.points.length);
    expect(await shown()).toEqual(before);
    await push(...minutes(new Date(week(30).getTime() + 30 * 60_000), 10));
    await bookAll();
    const [sum] = await rows<{ wh: number }>(
      'SELECT sum(energy_wh[1])::int AS wh FROM store.energy_15m WHERE inverter_id = $1',
      [inverterId],
    );
    expect(sum?.wh).toBeGreaterThan(before.totalWh ?? 0);
    expect(await shown()).toMatchObject({ totalWh: sum?.wh });
  });

  it('of a deleted inverter go, also out of columnstore', async () => {
    const service = createInverterService(db.pools.app, { isOnlyAccount: async () => false });
    const { id } = await service.add(carla, { name: 'weg', serial: OTHER, kind: 'opendtu' }, NOW);
    ingest.resolver.invalidate();
    const envelope = envelopeOf(...minutes(week(5), 10).map((time) => openDtuReading(OTHER, time)));
    await ingest.intake.push(userId, 'opendtu', envelope, NOW);
    await runPolicy('policy_compression', 'ac_sample', 'dc_sample');
    const others = `SELECT FROM store.ac_all WHERE inverter_id <> $1`;
    const before = (await rows(others, [id])).length;
    await service.remove(userId, id, NOW);
    await purgeInverters.run(context());
    for (const table of ['ac_sample', 'dc_sample', 'energy_15m', 'counter']) {
      expect(await rows(`SELECT FROM store.${table} WHERE inverter_id = $1`, [id])).toEqual([]);
    }
    expect(await rows(others, [id])).toHaveLength(before);
  });

  it('are made smaller in columnstore, shown as before, and joined by late ones as before', async () => {
    const batches = (table: string) =>
      rows<{ bytes: number; storage: string }>(
        `SELECT sum(pg_column_size(b.ts))::int AS bytes, min(a.attstorage) AS storage
         FROM ${table} b, pg_attribute a WHERE a.attrelid = '${table}'::regclass AND a.attname = 'ts'`,
      );
    const { ac } = simulatedRows([inverterId], week(6).getTime(), 1, 'jittered');
    await db.owner((client) => insertRows(client, 'ac', userId, ac));
    await runPolicy('policy_compression', 'ac_sample');
    const loose = await db.owner(looseChunks);
    const newest = loose.at(-1)?.table ?? '';
    const [before, all] = [await batches(newest), await seen()];
    await tightenColumnstore.run(context());
    const after = await batches(newest);
    expect([before[0]?.storage, after[0]?.storage]).toEqual(['e', 'x']);
    expect(after[0]?.bytes).toBeLessThan((before[0]?.bytes ?? 0) / 2);
    expect(await seen()).toEqual(all);
    expect(await db.owner(looseChunks)).toEqual([]);
    const late = new Date(week(6).getTime() + 86_400_000);
    expect(await push(late, new Date(ac[0]?.ts ?? ''))).toEqual(['ok', 'duplicate']);
    await runPolicy('policy_compression', 'ac_sample');
    expect(await chunks('ac_sample')).toMatchObject({ partial: 0 });
    expect((await seen()).ac).toHaveLength(all.ac.length + 1);
    await bookAll();
  });

  it('past their retention go, and their energy stays', async () => {
    const energy = () => rows(`SELECT * FROM store.energy_15m ORDER BY ts`);
    const [before, all] = [await energy(), await seen()];
    await db.owner((client) => configureTimescale(client, { ...HYPERTABLES, retentionDays: 60 }));
    await runPolicy('policy_retention', 'ac_sample', 'dc_sample');
    const young = ({ ts }: { ts: string }): boolean => ts >= micros(week(8));
    expect(all.ac.every(young)).toBe(false);
    expect(await seen()).toEqual({ ac: all.ac.filter(young), dc: all.dc.filter(young) });
    expect(await energy()).toEqual(before);
    await db.owner((client) => configureTimescale(client, HYPERTABLES));
  });
});

describe('samples that come late, into chunks that were compressed meanwhile,', () => {
  const compressAll = async (): Promise<void> => {
    for (const table of ['ac_sample', 'dc_sample', 'energy_15m']) {
      await rows(`SELECT compress_chunk(c) FROM show_chunks('store.${table}') c`);
    }
    await tightenColumnstore.run(context());
  };
  lateSampleCases(async () => ({ ...db, drop: async () => undefined }), { thorough: false, meanwhile: compressAll });
});

describe('a job of TimescaleDB', () => {
  const watch = jobsOn('timescale').find((job) => job.name === 'watch-timescale-jobs') as Job;
  const problems = () => db.owner(jobProblems);

  it('that runs well, or was never due, is no news', async () => {
    expect(await problems()).toEqual([]);
    await expect(watch.run(context())).resolves.toBeUndefined();
  });

  it('that failed is told with the server’s reason, as a failure of the worker', async () => {
    const [job] = await rows<{ id: number }>(`SELECT job_id AS id FROM timescaledb_information.jobs
      WHERE hypertable_name = 'ac_sample' AND proc_name = 'policy_compression'`);
    // What the server's scheduler, which this engine does not have, writes down.
    await db.alone(async (client) => {
      await client.query(
        `INSERT INTO _timescaledb_internal.bgw_job_stat
         SELECT (jsonb_populate_record(NULL::_timescaledb_internal.bgw_job_stat, jsonb_build_object('job_id', $1::int, 'last_start', now(),
           'last_finish', now(), 'next_start', now() + interval '1 hour', 'last_successful_finish', '-infinity', 'last_run_success', false,
           'total_runs', 1, 'total_duration', '1s', 'total_duration_failures', '1s', 'total_successes', 0, 'total_failures', 1,
           'total_crashes', 0, 'consecutive_failures', 1, 'consecutive_crashes', 0, 'flags', 0))).*`,
        [job?.id],
      );
      await client.query(
        `INSERT INTO _timescaledb_internal.bgw_job_stat_history (job_id, execution_start, execution_finish, succeeded, data)
         VALUES ($1, now(), now(), false, '{"error_data": {"message": "cannot drop portal"}}')`,
        [job?.id],
      );
    });
    const says = /^policy_compression of ac_sample \(job \d+\) failed at .+: cannot drop portal$/;
    expect(await problems()).toEqual([expect.stringMatching(says)]);
    await expect(watch.run(context())).rejects.toThrow('cannot drop portal');
    await db.alone((client) => client.query('UPDATE _timescaledb_internal.bgw_job_stat SET last_run_success = true'));
    expect(await problems()).toEqual([]);
  });

  it('that nobody starts, or that is switched off, is told too', async () => {
    await db.alone((client) =>
      client.query(`UPDATE _timescaledb_internal.bgw_job_stat SET next_start = now() - interval '2 hours'`),
    );
    expect(await problems()).toEqual([expect.stringMatching(/^policy_compression of ac_sample .+ was to run at /)]);
    await db.alone((client) => client.query('DELETE FROM _timescaledb_internal.bgw_job_stat'));
    await rows(`UPDATE store.installation SET created_at = now() - interval '2 days'`);
    expect(await problems()).toEqual(Array(5).fill(expect.stringContaining('never ran')));
    await rows('UPDATE store.installation SET created_at = now()');
    await rows(`SELECT alter_job(job_id, scheduled => false) FROM timescaledb_information.jobs
      WHERE hypertable_name = 'dc_sample' AND proc_name = 'policy_retention'`);
    expect(await problems()).toEqual([expect.stringMatching(/^policy_retention of dc_sample .+ is switched off$/)]);
  });
});
