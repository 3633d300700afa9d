import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { assembleIngest, type IngestParts } from '../../src/ingest/assemble.ts';
import { createInverterService } from '../../src/services/inverters.ts';
import { createStatisticsService } from '../../src/services/statistics.ts';
import { invertersWithLateSamples } from '../../src/store/refold.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { bookLateSamples } from '../../src/worker/replay.ts';
import { envelopeOf, openDtuReading } from '../support/make-reading.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** The server's clock jumps, and with it the clock of the devices that learn the time from it. */
const MINUTE_MS = 60_000;
const NOON = Date.parse('2026-06-21T10:00:00Z');
/** Neighbours of the jump never fall on the very second of another sample. */
const OFF_BEAT_MS = 7_000;

let db: TestDatabase;
let ingest: IngestParts;
let userId: number;
let now = new Date(NOON);
const inverters = () => createInverterService(db.pools.app, { isOnlyAccount: async () => true });

beforeAll(async () => {
  db = await createTestDatabase();
  ingest = assembleIngest(
    db.pools,
    { storeDcChannelData: true, defaultTimeZone: 'Europe/Berlin', retentionDays: 730 },
    createLogger('fatal'),
    () => now,
  );
  userId = await db.owner(async (c) => {
    const { rows } = await c.query<{ id: number }>(
      `SELECT api.insert_account('alice@example.org', 'x', 'A', 'B', false, true, 'Europe/Berlin') AS id`,
    );
    return rows[0]?.id ?? 0;
  });
});
afterAll(async () => {
  await ingest.drain();
  await db.drop();
});

async function add(serial: string): Promise<number> {
  const user = { id: userId, email: 'alice@example.org', firstName: '', lastName: '', locale: null };
  const { id } = await inverters().add(
    { ...user, isAdmin: false, isVerified: true },
    { name: serial, serial, kind: 'opendtu' },
    now,
  );
  ingest.resolver.invalidate();
  return id;
}

/** A device at 120 W, whose counter has risen by 2 Wh in each minute since noon; the server's clock is off by `errorMs`. */
async function sample(serial: string, minute: number, errorMs = 0): Promise<void> {
  now = new Date(NOON + minute * MINUTE_MS + errorMs);
  const reading = openDtuReading(serial, now, { powerW: 120, energyTotalWh: 100_000 + 2 * minute });
  const [result] = await ingest.intake.push(userId, 'opendtu', envelopeOf(reading), now);
  expect(result?.status).toBe('ok');
}

async function bookLate(): Promise<void> {
  for (let keys = await lateOnes(); keys.length > 0; keys = await lateOnes()) {
    for (const key of keys) await bookLateSamples({ owner: db.owner } as unknown as Database, key);
  }
}
const lateOnes = () => db.owner((c) => invertersWithLateSamples(c, 100));

const everySample = async (id: number): Promise<number> => {
  const range = { from: new Date(NOON - 10 * 86_400_000), to: new Date(NOON + 86_400_000), bucket: 'raw' as const };
  return (await createStatisticsService(db.pools.app).power(userId, id, range)).points.length;
};

describe('the server’s clock', () => {
  it('ran three hours ahead for ten minutes: the latest value is the true one again at once, nothing is lost or counted twice', async () => {
    const id = await add('ahead');
    for (let m = 0; m <= 30; m++) await sample('ahead', m);
    for (let m = 31; m <= 40; m++) await sample('ahead', m, 180 * MINUTE_MS + OFF_BEAT_MS);
    for (let m = 41; m <= 60; m++) await sample('ahead', m);
    const soon = await inverters().current(userId, id, now);
    expect(soon.sampledAt).toEqual(now);
    expect(soon.ageS).toBe(0);

    for (let m = 61; m <= 300; m++) await sample('ahead', m);
    await bookLate();
    expect(await everySample(id)).toBe(301);
    const then = await inverters().current(userId, id, now);
    expect(then.counterTotalWh).toBe(100_600);
    expect(then.energyTotalWh).toBe(100_600);
  });

  it('stood at three days ago after a start and was then set right', async () => {
    const id = await add('behind');
    for (let m = 0; m <= 30; m++) await sample('behind', m, -3 * 1440 * MINUTE_MS);
    for (let m = 31; m <= 60; m++) await sample('behind', m);
    await bookLate();
    expect(await everySample(id)).toBe(61);
    const current = await inverters().current(userId, id, now);
    expect(current.sampledAt).toEqual(now);
    expect(current.energyTotalWh).toBe(100_120);
  });
});
