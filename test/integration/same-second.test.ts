import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { assembleIngest, type IngestParts } from '../../src/ingest/assemble.ts';
import type { StreamSession } from '../../src/protocols/protocol.ts';
import { solarman } from '../../src/protocols/solarman/index.ts';
import { addActiveInverter } from '../../src/store/owner-accounts.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { coolWeek } from '../support/cold-weeks.ts';
import { envelopeOf, openDtuReading } from '../support/make-reading.ts';
import { NOON, TestLogger } from '../support/solarman-logger.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** Two samples that a logger took at two moments are two, whatever its clock or ours makes of their times. */
const NOW = new Date('2025-07-15T12:00:00Z');
const seconds = (s: number) => new Date(NOW.getTime() + s * 1000);
const SETTINGS = { storeDcChannelData: true, defaultTimeZone: 'Europe/Berlin', retentionDays: 730, rawFrameDays: 30 };
/** A counter that has gone on by so many steps of 0.1 kWh. */
const on = (steps: number) => ({ ...NOON, energyTotalWh: 177_500 + steps * 100, powerW: 598 - steps });

let db: TestDatabase;
let ingest: IngestParts;
let now: Date;
let account: number;
let nextSerial = 4_100_000_901;

beforeAll(async () => {
  db = await createTestDatabase();
  account = await db.owner(async (c) => {
    const text = `SELECT api.insert_account('alice@example.org', 'x', 'A', 'B', false, true, 'Europe/Berlin') AS id`;
    return (await c.query<{ id: number }>(text)).rows[0]?.id ?? 0;
  });
});
beforeEach(() => {
  now = NOW;
  ingest = process();
});
afterAll(async () => {
  await db?.drop();
});

/** Another process, or the same after a restart. */
function process(): IngestParts {
  return assembleIngest(db.pools, SETTINGS, createLogger('fatal'), () => now);
}

async function addInverter(kind: 'solarman' | 'opendtu', serial: string): Promise<number> {
  const device = { kind, serial, name: 'Micro', ratedPowerW: null, timeZone: null } as const;
  return (await db.owner((c) => addActiveInverter(c, account, device))) ?? 0;
}

async function connected(): Promise<{ logger: TestLogger; inverterId: number; session: StreamSession }> {
  const logger = new TestLogger(nextSerial++, seconds(-7200));
  return { logger, inverterId: await addInverter('solarman', String(logger.serial)), session: solarman.open() };
}

async function arrive(session: StreamSession, ...frames: Buffer[]): Promise<void> {
  const { messages } = session.receive(Buffer.concat(frames), now);
  // Side by side, as the collector does it: they share transactions.
  await Promise.all(messages.map((message) => ingest.intake.accept(message, { address: '203.0.113.7' })));
  await ingest.held.settled();
}

/** What is stored, as seconds from noon and counter steps. */
const stored = (inverterId: number) =>
  db.owner(async (c) => {
    const text = `SELECT ts, (yield_total_wh - 177500) / 100 AS steps FROM store.ac_all WHERE inverter_id = $1 ORDER BY ts`;
    const { rows } = await c.query<{ ts: Date; steps: string }>(text, [inverterId]);
    return rows.map(({ ts, steps }) => [(ts.getTime() - NOW.getTime()) / 1000, Number(steps)]);
  });

const bookedWh = (inverterId: number) =>
  db.owner(async (c) => {
    const text = 'SELECT booked_wh[1] AS wh FROM store.counter WHERE inverter_id = $1';
    return Number((await c.query<{ wh: string }>(text, [inverterId])).rows[0]?.wh);
  });

describe('two samples of one second', () => {
  it('are both there when the logger’s clock was set back between them, however often and wherever they come again', async () => {
    const { logger, inverterId, session } = await connected();
    logger.learnTime(NOW);
    const [first, second] = [logger.data(seconds(-60), on(0)), logger.data(seconds(-30), on(1))];
    // An answer that was long under way told it a time of half a minute ago.
    logger.learnTime(NOW, seconds(-30));
    const third = logger.data(seconds(0), on(2));
    await arrive(session, first);
    await arrive(session, second);
    await arrive(session, third);
    const all = [
      [-60, 0],
      [-30, 1],
      [-29, 2],
    ];
    expect(await stored(inverterId)).toEqual(all);
    await arrive(session, third, second);
    ingest = process();
    now = seconds(3600);
    await arrive(solarman.open(), third, first, second, third);
    expect(await stored(inverterId)).toEqual(all);
    expect(await bookedWh(inverterId)).toBe(200);
  });

  it('are both there when they come at once, and one that says the same is there once', async () => {
    const { logger, inverterId, session } = await connected();
    logger.learnTime(NOW);
    const first = logger.data(seconds(-30), on(0));
    logger.learnTime(NOW, seconds(-30));
    const [second, again] = [logger.data(NOW, on(1)), logger.data(NOW, on(1))];
    logger.learnTime(NOW, seconds(-60));
    const third = logger.data(seconds(30), on(2));
    await arrive(session, first, second, again, third);
    expect(await stored(inverterId)).toEqual([
      [-30, 0],
      [-29, 1],
      [-28, 2],
    ]);
    expect(await bookedWh(inverterId)).toBe(200);
  });

  it('are both there when one is dated by a handshake that was half a minute under way', async () => {
    const { logger, inverterId, session } = await connected();
    await ingest.held.tend(now);
    // Taken before it knew the time; its connection ends before it tells any, and it does not come again.
    await arrive(session, logger.handshake(seconds(-30)), logger.stored(seconds(-60), on(0)));
    now = seconds(599);
    await ingest.held.tend(now);
    expect(await stored(inverterId)).toEqual([]);
    now = seconds(600);
    await ingest.held.tend(now);
    logger.learnTime(NOW);
    await arrive(solarman.open(), logger.data(seconds(-30), on(1)));
    expect(await stored(inverterId)).toEqual([
      [-30, 0],
      [-29, 1],
    ]);
  });

  it('are both there when the logger does not know the time and both are of the moment they came', async () => {
    const { logger, inverterId, session } = await connected();
    await arrive(session, logger.data(seconds(-30), on(0)), logger.data(NOW, on(1)));
    expect(await stored(inverterId)).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });

  it('are told from repetitions in a week that has gone cold, too', async () => {
    const { logger, inverterId, session } = await connected();
    logger.learnTime(NOW);
    const first = logger.data(seconds(-30), on(0));
    logger.learnTime(NOW, seconds(-30));
    const second = logger.data(NOW, on(1));
    await arrive(session, first, second);
    await db.owner((c) => coolWeek(c, NOW));
    logger.learnTime(NOW, seconds(-60));
    const third = logger.data(seconds(30), on(2));
    await arrive(solarman.open(), second, third, first);
    expect(await stored(inverterId)).toEqual([
      [-30, 0],
      [-29, 1],
      [-28, 2],
    ]);
  });

  it('have their frames kept only where these tell the time they are stored under', async () => {
    const { logger, inverterId, session } = await connected();
    await arrive(session, logger.stored(seconds(-30), on(0)));
    logger.learnTime(NOW);
    await arrive(session, logger.wifi(NOW));
    logger.learnTime(NOW, seconds(-30));
    await arrive(session, logger.data(NOW, on(1)), logger.data(seconds(30), on(2)));
    expect(await stored(inverterId)).toEqual([
      [-30, 0],
      [-29, 1],
      [0, 2],
    ]);
    await ingest.decoded?.settled();
    const { rows } = await db.owner((c) =>
      c.query<{ sampled_at: Date }>('SELECT sampled_at FROM store.decoded_frame WHERE inverter_id = $1', [inverterId]),
    );
    expect(rows).toEqual([{ sampled_at: NOW }]);
  });

  it('of a push are one: whoever pushes says when, and may say it better', async () => {
    const inverterId = await addInverter('opendtu', '116100000901');
    const push = (powerW: number) =>
      ingest.intake.push(
        account,
        'opendtu',
        envelopeOf(openDtuReading('116100000901', NOW, { powerW, energyTotalWh: 177_500 })),
        NOW,
      );
    expect(await push(300)).toMatchObject([{ status: 'ok' }]);
    expect(await push(301)).toMatchObject([{ status: 'duplicate' }]);
    expect(await stored(inverterId)).toEqual([[0, 0]]);
  });
});

describe('a sample whose handshake was half a minute under way', () => {
  it('is there once, at its own time, when its connection broke and it comes again on the next', async () => {
    const { logger, inverterId, session } = await connected();
    const early = logger.stored(seconds(-60), on(0));
    await arrive(session, logger.handshake(seconds(-30)), early);
    now = seconds(60);
    logger.learnTime(now);
    await arrive(solarman.open(), early, logger.data(now, on(1)));
    expect(await stored(inverterId)).toEqual([
      [-60, 0],
      [60, 1],
    ]);
  });

  it('is there once when another connection tells the time, however long its own goes on without', async () => {
    const { logger, inverterId, session } = await connected();
    await arrive(session, logger.handshake(seconds(-30)), logger.stored(seconds(-60), on(0)));
    logger.learnTime(NOW);
    await arrive(solarman.open(), logger.wifi(NOW));
    for (const minute of [4, 8, 12]) {
      now = seconds(minute * 60);
      await arrive(session, logger.heartbeat());
      await ingest.held.tend(now);
    }
    expect(await stored(inverterId)).toEqual([[-60, 0]]);
  });

  it('is there once when two processes find its date at the same moment, and each another', async () => {
    const { logger, inverterId, session } = await connected();
    const other = process();
    await arrive(session, logger.data(NOW, on(1)), logger.handshake(seconds(-30)), logger.stored(seconds(-60), on(0)));
    await Promise.all([ingest.held.tend(now), other.held.tend(now)]);
    now = seconds(600);
    logger.learnTime(now);
    const told = solarman.open().receive(logger.wifi(now), now).messages;
    let settled: Promise<unknown> = Promise.resolve();
    await db.owner(async (c) => {
      await c.query('BEGIN');
      await c.query('SELECT FROM store.counter WHERE inverter_id = $1 FOR UPDATE', [inverterId]);
      settled = Promise.all([
        ingest.held.tend(now),
        ...told.map((message) => other.intake.accept(message, { address: '203.0.113.7' })),
      ]);
      const waiting = `SELECT count(DISTINCT pid)::int AS n FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                       WHERE NOT l.granted AND a.datname = current_database()`;
      await expect.poll(async () => (await c.query<{ n: number }>(waiting)).rows[0]?.n).toBe(2);
      await c.query('COMMIT');
    });
    await settled;
    await Promise.all([ingest.held.settled(), other.held.settled()]);
    const samples = await stored(inverterId);
    expect(samples.filter(([, steps]) => steps === 0).length).toBe(1);
    expect(samples.length).toBe(2);
  });
});
