import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import type { Reading } from '../../src/domain/reading.ts';
import { assembleIngest, type IngestParts } from '../../src/ingest/assemble.ts';
import { createInverterService } from '../../src/services/inverters.ts';
import type { SessionUser } from '../../src/services/services.ts';
import { invertersWithLateSamples } from '../../src/store/refold.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { bookLateSamples } from '../../src/worker/replay.ts';
import { envelopeOf, openDtuReading } from './make-reading.ts';
import type { TestDatabase } from './test-database.ts';

/** What a case does with the samples of one inverter: sends them otherwise than in order. */
type Delivery = (all: Reading[]) => readonly (readonly Reading[])[];

let db: TestDatabase;
let ingest: IngestParts;
let alice: SessionUser;
const NOW = new Date('2026-06-21T20:00:00Z');

export interface LateSampleCases {
  /** Also over several days, and while something else goes on at the same time; takes a while. */
  thorough: boolean;
  /** What the engine does between two deliveries. */
  meanwhile?: (db: TestDatabase) => Promise<void>;
}
let options: LateSampleCases = { thorough: true };

async function start(create: () => Promise<TestDatabase>): Promise<void> {
  db = await create();
  ingest = assembleIngest(
    db.pools,
    { storeDcChannelData: true, defaultTimeZone: 'Europe/Berlin', retentionDays: 730 },
    createLogger('fatal'),
    () => NOW,
  );
  const id = await db.owner(async (c) => {
    const { rows } = await c.query<{ id: number }>(
      `SELECT api.insert_account('alice@example.org', 'x', 'A', 'B', false, true, 'Europe/Berlin') AS id`,
    );
    return rows[0]?.id ?? 0;
  });
  alice = {
    id,
    email: 'alice@example.org',
    firstName: 'A',
    lastName: 'B',
    locale: null,
    isAdmin: false,
    isVerified: true,
  };
}

async function stop(): Promise<void> {
  await ingest?.drain();
  await db?.drop();
}

const database = () => ({ owner: db.owner }) as unknown as Database;

/** A day or three of one-minute samples whose counter follows the power, with its steps where a device has them. */
function curve(serial: string, from: Date, minutes: number, stepWh: number): Reading[] {
  const readings: Reading[] = [];
  let wh = 100_000;
  for (let m = 0; m < minutes; m++) {
    const powerW = Math.max(0, Math.round(8000 * Math.sin((m / 600) * Math.PI)) / 10);
    wh += powerW / 60;
    const energyTotalWh = Math.floor(wh / stepWh) * stepWh;
    readings.push(openDtuReading(serial, new Date(from.getTime() + m * 60_000), { powerW, energyTotalWh }));
  }
  return readings;
}

async function send(readings: readonly Reading[]): Promise<void> {
  for (let i = 0; i < readings.length; i += 30) {
    await ingest.intake.push(alice.id, 'opendtu', envelopeOf(...readings.slice(i, i + 30)), NOW);
  }
}

async function add(serial: string): Promise<number> {
  const service = createInverterService(db.pools.app, { isOnlyAccount: async () => true });
  const { id } = await service.add(alice, { name: serial, serial, kind: 'opendtu' }, NOW);
  ingest.resolver.invalidate();
  return id;
}

async function bookAll(): Promise<void> {
  for (;;) {
    const keys = await db.owner((c) => invertersWithLateSamples(c, 100));
    if (keys.length === 0) return;
    for (const key of keys) await bookLateSamples(database(), key);
  }
}

/** Everything that is shown of an inverter's energy, without its id. */
async function books(id: number) {
  return db.owner(async (c) => ({
    energy: (
      await c.query(
        `SELECT ts, energy_wh, estimated_wh, power_sum_dw, power_count, power_max_dw FROM store.energy_15m
         WHERE inverter_id = $1 AND (energy_wh <> '{0,0}' OR power_count <> '{0,0}') ORDER BY ts`,
        [id],
      )
    ).rows,
    counter: (
      await c.query('SELECT first_good_wh, booked_wh, counter_wh FROM store.counter WHERE inverter_id = $1', [id])
    ).rows,
  }));
}

let next = 116_200_000_000;
async function sameAsInOrder(
  delivery: Delivery,
  stepWh = 1,
  from = new Date('2026-06-21T05:00:00Z'),
  minutes = 600,
): Promise<void> {
  const [a, b] = [String(next++), String(next++)];
  const [inOrder, mixed] = [await add(a), await add(b)];
  await send(curve(a, from, minutes, stepWh));
  for (const part of delivery(curve(b, from, minutes, stepWh))) {
    await send(part);
    await options.meanwhile?.(db);
  }
  await bookAll();
  expect(await books(mixed)).toEqual(await books(inOrder));
  const { rows } = await db.owner((c) =>
    c.query<{ sum: number; booked: number }>(
      `SELECT (SELECT sum(energy_wh[1]) FROM store.energy_15m WHERE inverter_id = $1) AS sum, booked_wh[1] AS booked
       FROM store.counter WHERE inverter_id = $1`,
      [mixed],
    ),
  );
  expect(rows[0]?.sum).toBe(rows[0]?.booked);
  expect(rows[0]?.booked).toBeGreaterThan(0);
}

/** Late samples are booked as if they had come in time, on any engine: registers the cases for the database that `create` makes. */
export function lateSampleCases(create: () => Promise<TestDatabase>, given: LateSampleCases): void {
  beforeAll(async () => {
    options = given;
    await start(create);
  });
  afterAll(stop);

  it('from an outage of some hours are booked as if they had come in time', () =>
    sameAsInOrder((all) => [all.slice(0, 150), all.slice(390), all.slice(150, 390)]));

  it('before anything else was known, too', () => sameAsInOrder((all) => [all.slice(200), all.slice(0, 200)]));

  it('leave nothing waiting, and a second booking changes nothing', async () => {
    const serial = String(next++);
    const id = await add(serial);
    const all = curve(serial, new Date('2026-06-21T05:00:00Z'), 120, 1);
    await send(all.slice(60));
    await send(all.slice(0, 60));
    await bookAll();
    const once = await books(id);
    await bookLateSamples(database(), { userId: alice.id, inverterId: id });
    expect(await books(id)).toEqual(once);
    const { rows } = await db.owner((c) =>
      c.query('SELECT kind, detail FROM api.quality_event WHERE inverter_id = $1', [id]),
    );
    expect(rows.map((r) => r.kind)).toEqual(['late', 'late']);
  });

  if (!given.thorough) return;

  it('with coarse counter steps, too', () =>
    sameAsInOrder((all) => [all.slice(0, 150), all.slice(390), all.slice(150, 390)], 100));

  it('one by one and out of order, too', () =>
    sameAsInOrder((all) => [all.filter((_, i) => i % 7 !== 3), all.filter((_, i) => i % 7 === 3).reverse()]));

  it(
    'over midnight and several days, too',
    () =>
      sameAsInOrder(
        (all) => [all.slice(0, 400), all.slice(2_200), all.slice(400, 1_300), all.slice(1_300, 2_200)],
        100,
        new Date('2026-06-19T05:00:00Z'),
        2_300,
      ),
    60_000,
  );

  it('that arrive while others are being booked, too', async () => {
    const [a, b] = [String(next++), String(next++)];
    const [inOrder, mixed] = [await add(a), await add(b)];
    const from = new Date('2026-06-19T05:00:00Z');
    await send(curve(a, from, 2_300, 1));
    const all = curve(b, from, 2_300, 1);
    await send(all.slice(2_200));
    await send(all.slice(0, 600));
    // The rest comes in while the first part is being folded.
    const key = { userId: alice.id, inverterId: mixed };
    await Promise.all([bookLateSamples(database(), key), send(all.slice(600, 2_200))]);
    await bookAll();
    expect(await books(mixed)).toEqual(await books(inOrder));
  });

  it('are booked once, although two processes take them up at the same moment', async () => {
    const [a, b] = [String(next++), String(next++)];
    const [inOrder, mixed] = [await add(a), await add(b)];
    const from = new Date('2026-06-21T05:00:00Z');
    await send(curve(a, from, 600, 1));
    const all = curve(b, from, 600, 1);
    await send([...all.slice(0, 150), ...all.slice(390)]);
    await send(all.slice(150, 390));
    const key = { userId: alice.id, inverterId: mixed };
    const booked = await Promise.all([bookLateSamples(database(), key), bookLateSamples(database(), key)]);
    expect(booked.sort((x, y) => x - y)).toEqual([0, 240]);
    expect(await books(mixed)).toEqual(await books(inOrder));
  });
}
