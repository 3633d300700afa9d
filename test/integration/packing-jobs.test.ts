import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asTenant, type Tx } from '../../src/db/as-tenant.ts';
import type { Database } from '../../src/db/database.ts';
import { migrateDown, migrateUp } from '../../src/db/migrate.ts';
import { assembleIngest, type IngestParts } from '../../src/ingest/assemble.ts';
import { createInverterService } from '../../src/services/inverters.ts';
import { readInverters } from '../../src/store/inverters.ts';
import { readPower } from '../../src/store/power-series.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { dropOldSamples } from '../../src/worker/jobs/drop-old-samples.ts';
import { makePartitions } from '../../src/worker/jobs/make-partitions.ts';
import { packSamples } from '../../src/worker/jobs/pack-samples.ts';
import { purgeInverters } from '../../src/worker/jobs/purge-inverters.ts';
import { envelopeOf, openDtuReading } from '../support/make-reading.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** The life of samples on plain PostgreSQL: hot, packed, joined by late ones, read, and gone. The steps build upon each other. */

let db: TestDatabase;
let ingest: IngestParts;
let userId: number;
let inverterId: number;
const SERIAL = '116100000001';
/** A Sunday. The job packs whole weeks that ended 7 days ago: up to Monday the 8th. */
const NOW = new Date('2026-06-21T11:00:00Z');
const log = createLogger('fatal');
const days = (n: number): Date => new Date(NOW.getTime() + n * 86_400_000);

beforeAll(async () => {
  db = await createTestDatabase();
  ingest = assembleIngest(
    db.pools,
    { storeDcChannelData: true, defaultTimeZone: 'Europe/Berlin', retentionDays: 730 },
    log,
    () => NOW,
  );
  userId = await db.owner(async (client) => {
    await client.query('SELECT store.make_partitions($1, $2)', [days(-40), NOW]);
    const { rows } = await client.query<{ id: number }>(
      `SELECT api.insert_account('alice@example.org', 'x', 'A', 'B', false, true, 'Europe/Berlin') AS id`,
    );
    return rows[0]?.id ?? 0;
  });
  const user = { id: userId, email: '', firstName: '', lastName: '', locale: null, isAdmin: false, isVerified: true };
  const service = createInverterService(db.pools.app, { isOnlyAccount: async () => false });
  inverterId = (await service.add(user, { name: 'Dach', serial: SERIAL, kind: 'opendtu' }, NOW)).id;
});
afterAll(async () => {
  await ingest.drain();
  await db.drop();
});

const context = (settings = {}) => ({
  database: { owner: db.owner } as unknown as Database,
  settings: { compressAfterDays: 7, retentionDays: 730, ...settings },
  log,
  now: NOW,
});

const push = async (...at: Date[]): Promise<string[]> => {
  const envelope = envelopeOf(...at.map((time) => openDtuReading(SERIAL, time)));
  return (await ingest.intake.push(userId, 'opendtu', envelope, NOW)).map((result) => result.status);
};

/** Samples by where they lie. */
async function places(): Promise<Record<string, number>> {
  return db.owner(async (client) => {
    const { rows } = await client.query<{ place: string; n: number }>(
      `SELECT tableoid::regclass::text AS place, count(*)::int AS n FROM store.ac_sample GROUP BY 1
       UNION ALL SELECT 'packed', sum(samples)::int FROM store.ac_packed HAVING count(*) > 0`,
    );
    return Object.fromEntries(rows.map((row) => [row.place.replace('store.ac_sample_', ''), row.n]));
  });
}

describe('the packing job', () => {
  it('packs whole weeks that are old enough, oldest first, and leaves the others', async () => {
    await push(days(-28), days(-21), days(-20), days(-8), days(-1));
    await packSamples.run(context());
    expect(await places()).toEqual({ packed: 3, p20260608: 1, p20260615: 1 });
  });

  it('is followed by no new partitions for what is packed', async () => {
    await makePartitions.run(context());
    const { rows } = await db.owner((c) =>
      c.query(`SELECT relname FROM pg_class WHERE relname ~ '^ac_sample_p2026(05|060[1-7])' AND relkind = 'r'`),
    );
    expect(rows).toEqual([]);
  });

  it('lets a slow reader finish and comes back later', async () => {
    await db.owner(async (reader) => {
      await reader.query('BEGIN');
      await reader.query('SELECT count(*) FROM store.ac_sample');
      await packSamples.run({ ...context(), now: days(8) });
      await reader.query('COMMIT');
    });
    expect(await places()).toEqual({ packed: 3, p20260608: 1, p20260615: 1 });
  });
});

describe('a late sample', () => {
  it('that is packed already is a duplicate', async () => {
    expect(await push(days(-28), days(-20))).toEqual(['duplicate', 'duplicate']);
    expect(await places()).toMatchObject({ packed: 3 });
  });

  it('that is new is stored, shown at once, and joined with its day by the job', async () => {
    const late = new Date(days(-20).getTime() + 60_000);
    expect(await push(days(-20), late)).toEqual(['duplicate', 'ok']);
    expect(await places()).toMatchObject({ packed: 3, default: 1 });
    expect(await push(late)).toEqual(['duplicate']);
    const seen = () =>
      asTenant(db.pools.app, userId, (tx) => readPower(tx, userId, inverterId, 0, days(-20.5), days(-19.5), null, 9));
    const before = await seen();
    expect(before.map((row) => row.time)).toEqual([days(-20), late]);
    await packSamples.run(context());
    expect(await places()).toEqual({ packed: 4, p20260608: 1, p20260615: 1 });
    expect(await seen()).toEqual(before);
    expect(await push(late)).toEqual(['duplicate']);
    const { rows } = await db.owner((c) =>
      c.query(`SELECT samples FROM store.dc_packed WHERE day = ($1 AT TIME ZONE 'UTC')::date`, [days(-20)]),
    );
    expect(rows).toEqual([{ samples: 2 }]);
  });

  it('of a day without any samples becomes a day of its own', async () => {
    expect(await push(days(-300))).toEqual(['ok']);
    await packSamples.run(context());
    expect(await places()).toMatchObject({ packed: 5 });
    expect(await push(days(-300))).toEqual(['duplicate']);
  });
});

/** Runs a store function as the application would and answers how often each packed or hot table's rows were read. */
async function explained(work: (tx: Tx) => Promise<unknown>): Promise<{ packedRows: number; unpackings: number }> {
  return asTenant(db.pools.app, userId, async (tx) => {
    let asked: { text: string; values: unknown[] } | undefined;
    const query = async (config: { text: string; values: unknown[] }) => {
      asked = config;
      return { rows: [] };
    };
    await work({ query } as unknown as Tx);
    const { rows } = await tx.query<{ 'QUERY PLAN': unknown[] }>(
      `EXPLAIN (ANALYZE, FORMAT JSON) ${asked?.text}`,
      asked?.values,
    );
    const found = { packedRows: 0, unpackings: 0 };
    const visit = (node: Record<string, unknown>): void => {
      const loops = node['Actual Loops'] as number;
      if (node['Relation Name'] === 'ac_packed') {
        found.packedRows +=
          ((node['Actual Rows'] as number) + ((node['Rows Removed by Filter'] as number) ?? 0)) * loops;
      }
      if (node['Node Type'] === 'WindowAgg') found.unpackings += loops;
      for (const child of (node['Plans'] as Record<string, unknown>[] | undefined) ?? []) visit(child);
    };
    const [plan] = rows[0]?.['QUERY PLAN'] ?? [];
    visit((plan as { Plan: Record<string, unknown> }).Plan);
    return found;
  });
}

describe('reading', () => {
  it('24 hours of one inverter unpacks the two UTC days they touch and no other', async () => {
    await push(days(-27), days(-26), days(-25));
    await packSamples.run(context());
    expect(await explained((tx) => readPower(tx, userId, inverterId, 0, days(-27), days(-26), null, 9))).toEqual({
      packedRows: 2,
      unpackings: 2,
    });
    const noon = new Date('2026-05-25T00:00:00Z');
    expect(await explained((tx) => readPower(tx, userId, inverterId, 0, noon, days(-26.5), 300, 9))).toEqual({
      packedRows: 1,
      unpackings: 1,
    });
  });

  it('the newest values of an inverter whose newest sample is hot unpacks nothing', async () => {
    expect(await explained((tx) => readInverters(tx, userId, [inverterId], NOW))).toEqual({
      packedRows: 0,
      unpackings: 0,
    });
  });
});

describe('what is packed', () => {
  it('becomes samples again when the schema goes back, and is packed again when it comes forward', async () => {
    const all = (client: pg.Client) =>
      client.query('SELECT count(*)::int AS n, sum(power_dw) AS sum, min(ts) AS first FROM store.ac_sample');
    const before = await places();
    const settings = { adminUrl: db.adminUrl, roles: db.roles, spacePartitions: 1 };
    await migrateDown(settings, '0007_late_samples');
    const { rows } = await db.owner(all);
    expect(rows).toEqual([{ n: 10, sum: 10 * 3000, first: days(-300) }]);
    await migrateUp(settings);
    await packSamples.run(context());
    expect(await places()).toEqual(before);
  });

  it('is removed day by day after its retention', async () => {
    await dropOldSamples.run(context({ retentionDays: 27 }));
    expect(await places()).toMatchObject({ packed: 6 });
    await dropOldSamples.run(context({ retentionDays: 9 }));
    expect(await places()).toEqual({ p20260608: 1, p20260615: 1 });
    await dropOldSamples.run(context({ retentionDays: 3 }));
    expect(await places()).toEqual({ p20260615: 1 });
  });

  it('goes with its inverter', async () => {
    await push(days(-60));
    await packSamples.run(context());
    expect(await places()).toEqual({ packed: 1, p20260615: 1 });
    const service = createInverterService(db.pools.app, { isOnlyAccount: async () => false });
    await service.remove(userId, inverterId, NOW);
    await purgeInverters.run(context());
    expect(await places()).toEqual({});
  });
});
