import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { assembleIngest, type IngestParts } from '../../src/ingest/assemble.ts';
import { decodeAcknowledgement } from '../../src/protocols/solarman/acknowledgement.ts';
import { CODE } from '../../src/protocols/solarman/codes.ts';
import { encodeFrame, type Frame } from '../../src/protocols/solarman/frame.ts';
import { solarman } from '../../src/protocols/solarman/index.ts';
import { Splitter } from '../../src/protocols/solarman/splitter.ts';
import { DeyeMicro } from '../../src/simulate/deye-micro.ts';
import { VirtualInverter } from '../../src/simulate/inverter.ts';
import { LoggerClock } from '../../src/simulate/logger-clock.ts';
import { planFleet } from '../../src/simulate/plan.ts';
import { SampleStore } from '../../src/simulate/sample-store.ts';
import { Sky } from '../../src/simulate/sky.ts';
import { addActiveInverter } from '../../src/store/owner-accounts.ts';
import { invertersWithLateSamples } from '../../src/store/refold.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { bookLateSamples } from '../../src/worker/replay.ts';
import { present } from '../support/present.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** A day of the simulated sun, told by loggers of which one is always heard and the others are cut off for nine hours of it. */
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const MIDSUMMER = Date.UTC(2026, 5, 21);
const [BOOT, END] = [MIDSUMMER + 4 * HOUR, MIDSUMMER + 19 * HOUR];
const UPLOAD_MS = 10 * MINUTE;
const [plan] = planFleet(7, 1, 0, 'Europe/Berlin').loggers;

let db: TestDatabase;
let ingest: IngestParts;
let account: number;
let nowMs = BOOT;

beforeAll(async () => {
  db = await createTestDatabase();
  const settings = { storeDcChannelData: true, defaultTimeZone: 'Europe/Berlin', retentionDays: 730 };
  ingest = assembleIngest(db.pools, settings, createLogger('fatal'), () => new Date(nowMs));
  account = await db.owner(async (c) => {
    const text = `SELECT api.insert_account('alice@example.org', 'x', 'A', 'B', false, true, 'Europe/Berlin') AS id`;
    return (await c.query<{ id: number }>(text)).rows[0]?.id ?? 0;
  });
});
afterAll(async () => {
  await ingest?.drain();
  await db?.drop();
});

interface Day {
  /** When the collector cannot be reached. */
  cut: { from: number; to: number } | null;
  /** What is sent first when it can be again. */
  first: 'stored' | 'live';
}

/** One logger's day: handshakes, samples every ten minutes, what is not acknowledged kept and sent again as stored frames. */
class Logger {
  readonly #day: Day;
  readonly #serial: number;
  readonly #micro: DeyeMicro;
  readonly #clock = new LoggerClock(5_000_000);
  readonly #kept = new SampleStore();
  #session = solarman.open();
  #isConnected = false;
  #b = 0;

  constructor(serial: number, day: Day) {
    const { identity, inverter } = present(plan);
    const sky = new Sky({ seed: 3, place: { latitude: 51.3, longitude: 9.5 }, alwaysDaySinceMs: null });
    this.#serial = serial;
    this.#day = day;
    this.#micro = new DeyeMicro(identity, new VirtualInverter({ ...inverter, sky, startMs: MIDSUMMER }));
    this.#clock.boot(BOOT);
  }

  /** Twenty seconds before a sample: it dials where it has no connection and may have one. */
  async dial(sampleMs: number): Promise<void> {
    if (this.#isCut(sampleMs)) this.#isConnected = false;
    else if (!this.#isConnected) {
      this.#session = solarman.open();
      await this.#send(CODE.handshake, this.#micro.handshake(this.#clock.time(nowMs), 300));
      this.#isConnected = true;
    }
  }

  async sample(): Promise<void> {
    const sample = this.#micro.sample(nowMs, this.#clock.time(nowMs), this.#clock.utcOffsetMin);
    const isCut = this.#isCut(nowMs);
    if (this.#day.first === 'live' && !isCut && this.#kept.size > 0) await this.#send(CODE.data, sample.payload);
    else this.#kept.keep(sample, false);
    while (!isCut) {
      const next = this.#kept.next();
      if (next === null) break;
      await this.#send(CODE.data, next.payload);
      this.#kept.drop(next.sample);
    }
  }

  #isCut(ms: number): boolean {
    const { cut } = this.#day;
    return cut !== null && ms > cut.from && ms <= cut.to;
  }

  async #send(code: number, payload: Buffer): Promise<void> {
    this.#b = (this.#b + 1) & 0xff;
    const frame = encodeFrame({ code, sequence: [0, this.#b], serial: this.#serial, payload });
    const now = new Date(nowMs);
    for (const message of this.#session.receive(frame, now).messages) {
      const { utcOffsetMin } = await ingest.intake.accept(message, { address: '203.0.113.7' });
      if (message.acknowledgement === null) continue;
      const answer = frameOf(solarman.acknowledge(message.acknowledgement, now, utcOffsetMin));
      this.#clock.learn(nowMs, present(decodeAcknowledgement(answer)).serverTime.getTime(), utcOffsetMin);
    }
  }
}

/** The same day for each of them, side by side. @returns their inverters */
async function live(days: readonly Day[]): Promise<number[]> {
  const ids: number[] = [];
  const loggers: Logger[] = [];
  for (const [i, day] of days.entries()) {
    const serial = present(plan).identity.serial + i;
    const device = { kind: 'solarman', serial: String(serial), name: 'Micro' } as const;
    const added = { ...device, ratedPowerW: null, timeZone: null };
    ids.push(present(await db.owner((c) => addActiveInverter(c, account, added))));
    loggers.push(new Logger(serial, day));
  }
  for (let sampleMs = BOOT + UPLOAD_MS; sampleMs <= END; sampleMs += UPLOAD_MS) {
    nowMs = sampleMs - 20_000;
    await Promise.all(loggers.map((logger) => logger.dial(sampleMs)));
    nowMs = sampleMs;
    await Promise.all(loggers.map((logger) => logger.sample()));
  }
  await ingest.held.settled();
  await bookAll();
  return ids;
}

function frameOf(bytes: Buffer): Frame {
  const frames: Frame[] = [];
  new Splitter(0).feed(bytes, (frame) => frames.push(frame) > 0);
  return present(frames[0]);
}

async function bookAll(): Promise<void> {
  const database = { owner: db.owner } as unknown as Database;
  for (;;) {
    const keys = await db.owner((c) => invertersWithLateSamples(c, 100));
    if (keys.length === 0) return;
    for (const key of keys) await bookLateSamples(database, key);
  }
}

/** Everything that is shown of an inverter's day, but for when it was received. */
async function books(id: number) {
  const rowsOf = (sql: string) => db.owner(async (c) => (await c.query(sql, [id])).rows);
  const curve = await rowsOf('SELECT * FROM store.ac_sample WHERE inverter_id = $1 ORDER BY ts');
  const inputs = await rowsOf('SELECT * FROM store.dc_sample WHERE inverter_id = $1 ORDER BY ts, channel');
  return {
    curve: curve.map(({ inverter_id: _, status: __, ...row }) => row),
    inputs: inputs.map(({ inverter_id: _, ...row }) => row),
    quarters: await rowsOf(
      `SELECT ts, energy_wh, estimated_wh, power_sum_dw, power_count, power_max_dw FROM store.energy_15m
       WHERE inverter_id = $1 AND (energy_wh <> '{0}' OR power_count <> '{0}') ORDER BY ts`,
    ),
    counter: await rowsOf(
      'SELECT first_good_wh, booked_wh, counter_wh, last_live_ts FROM store.counter WHERE inverter_id = $1',
    ),
    kept: await rowsOf('SELECT reason FROM store.raw_frame WHERE inverter_id = $1'),
  };
}

const CUT = { from: MIDSUMMER + 7 * HOUR, to: MIDSUMMER + 16 * HOUR };
const FROM_BOOT = { from: BOOT, to: BOOT + 9 * HOUR };

const WHOLE: Day = { cut: null, first: 'stored' };
const DAYS: readonly [string, Day][] = [
  ['the past first', { cut: CUT, first: 'stored' }],
  ['the present first', { cut: CUT, first: 'live' }],
  ['the past first, from a logger that did not know the time', { cut: FROM_BOOT, first: 'stored' }],
  ['the present first, from a logger that did not know the time', { cut: FROM_BOOT, first: 'live' }],
];

describe('nine hours without a collector, and then everything at once', () => {
  let all: Awaited<ReturnType<typeof books>>[];
  beforeAll(async () => {
    const ids = await live([WHOLE, ...DAYS.map(([, day]) => day)]);
    all = await Promise.all(ids.map(books));
  }, 60_000);

  it('begins with a day in which something happened', () => {
    const { curve, quarters, counter, kept } = present(all[0]);
    expect(curve.length).toBe(90);
    expect(quarters.length).toBeGreaterThan(50);
    const booked: number = counter[0]?.booked_wh[0];
    expect(booked).toBeGreaterThan(1000);
    expect(quarters.reduce((sum, { energy_wh }) => sum + energy_wh[0], 0)).toBe(booked);
    expect(kept).toEqual([]);
  });

  it.each(DAYS.map(([name], i) => [name, i + 1] as const))(
    'gives the same curve and energy as a day without it: %s',
    (_, i) => {
      expect(all[i]).toEqual(all[0]);
    },
  );
});
