import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { frames } from '../../src/cli/frames.ts';
import type { Database } from '../../src/db/database.ts';
import { assembleIngest, type IngestParts, type IngestSettings } from '../../src/ingest/assemble.ts';
import type { StreamSession } from '../../src/protocols/protocol.ts';
import { solarman } from '../../src/protocols/solarman/index.ts';
import { keepDecoded } from '../../src/store/decoded-frames.ts';
import { keepRaw } from '../../src/store/devices.ts';
import { addActiveInverter } from '../../src/store/owner-accounts.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { tidyUp } from '../../src/worker/jobs/tidy-up.ts';
import { coolWeek } from '../support/cold-weeks.ts';
import { NOON, TestLogger } from '../support/solarman-logger.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** Samples that a logger took before it knew the time: they wait in the database, whatever becomes of connection and process. */
const NOW = new Date('2025-07-15T12:00:00Z');
const BOOT = new Date('2025-07-15T09:50:00Z');
const at = (time: string) => new Date(`2025-07-15T${time}Z`);
const later = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);
const SETTINGS = { storeDcChannelData: true, defaultTimeZone: 'Europe/Berlin', retentionDays: 730 };

let db: TestDatabase;
let ingest: IngestParts;
let now: Date;
let account: number;
let nextSerial = 4_100_000_101;

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

/** What a process that has just started knows: nothing. The one before is not stopped: it was killed. */
function process(settings: Partial<IngestSettings> = {}): IngestParts {
  return assembleIngest(db.pools, { ...SETTINGS, ...settings }, createLogger('fatal'), () => now);
}

interface Connected {
  logger: TestLogger;
  inverterId: number;
  session: StreamSession;
}

async function connected(): Promise<Connected> {
  const logger = new TestLogger(nextSerial++, BOOT);
  const device = {
    kind: 'solarman',
    serial: String(logger.serial),
    name: 'Micro',
    ratedPowerW: null,
    timeZone: null,
  } as const;
  const inverterId = await db.owner((c) => addActiveInverter(c, account, device));
  return { logger, inverterId: inverterId ?? 0, session: solarman.open() };
}

/** Bytes that arrive; everything that comes of them is stored and settled. */
async function arrive(session: StreamSession, ...frames: Buffer[]): Promise<void> {
  for (const message of session.receive(Buffer.concat(frames), now).messages) {
    await ingest.intake.accept(message, { address: '203.0.113.7' });
  }
  await ingest.held.settled();
}

const stored = (inverterId: number) =>
  db.owner(async (c) => ({
    samples: (
      await c.query<{ ts: Date }>('SELECT ts FROM store.ac_sample WHERE inverter_id = $1 ORDER BY ts', [inverterId])
    ).rows.map(({ ts }) => ts),
    kept: (
      await c.query<{ reason: string }>('SELECT reason FROM store.raw_frame WHERE inverter_id = $1 ORDER BY id', [
        inverterId,
      ])
    ).rows.map(({ reason }) => reason),
  }));

const EARLY = [at('09:55:00'), at('10:00:00')];

describe('samples without a date', () => {
  it('are dated by the next frame of the same power-on, and leave nothing behind', async () => {
    const { logger, inverterId, session } = await connected();
    await arrive(session, ...EARLY.map((moment) => logger.stored(moment)));
    expect(await stored(inverterId)).toEqual({ samples: [], kept: ['undated', 'undated'] });
    logger.learnTime(NOW);
    await arrive(session, logger.data(NOW));
    expect(await stored(inverterId)).toEqual({ samples: [...EARLY, NOW], kept: [] });
  });

  it('are dated on another connection', async () => {
    const { logger, inverterId, session } = await connected();
    await arrive(session, ...EARLY.map((moment) => logger.stored(moment)));
    expect((await stored(inverterId)).samples).toEqual([]);
    logger.learnTime(NOW);
    await arrive(solarman.open(), logger.wifi(NOW));
    expect(await stored(inverterId)).toEqual({ samples: EARLY, kept: [] });
  });

  it('are dated by another process, though the one that took them was killed', async () => {
    const { logger, inverterId, session } = await connected();
    await arrive(session, ...EARLY.map((moment) => logger.stored(moment)));
    ingest = process();
    now = later(7);
    await ingest.held.tend(now);
    expect((await stored(inverterId)).samples).toEqual([]);
    logger.learnTime(NOW);
    await arrive(solarman.open(), logger.data(now));
    expect(await stored(inverterId)).toEqual({ samples: [...EARLY, now], kept: [] });
  });

  it('are dated by a handshake on another connection, the least delayed, when no frame tells the time for ten minutes', async () => {
    const { logger, inverterId, session } = await connected();
    await arrive(session, ...EARLY.map((moment) => logger.stored(moment)));
    await ingest.held.tend(now);
    now = later(1);
    await arrive(solarman.open(), logger.handshake(NOW), logger.handshake(now), logger.handshake(NOW));
    expect((await stored(inverterId)).samples).toEqual([]);
    now = later(10);
    await ingest.held.tend(now);
    expect(await stored(inverterId)).toEqual({ samples: EARLY, kept: [] });
  });

  it('are dated by the handshake before them, though the process that read it was killed and nothing came after', async () => {
    const { logger, inverterId, session } = await connected();
    await arrive(session, logger.handshake(NOW), ...EARLY.map((moment) => logger.stored(moment)));
    ingest = process();
    await ingest.held.tend(now);
    now = later(10);
    await ingest.held.tend(now);
    expect(await stored(inverterId)).toEqual({ samples: EARLY, kept: [] });
  });

  it('are never dated by another power-on, and after ten minutes by the inverter’s clock', async () => {
    const { logger, inverterId, session } = await connected();
    // Civil time in Berlin, two hours ahead.
    await arrive(session, logger.stored(at('09:55:00'), { ...NOON, inverterClock: '2025-07-15T11:55:00' }));
    const rebooted = new TestLogger(logger.serial, at('11:50:00'), logger.workedS + 50_000);
    rebooted.learnTime(NOW);
    await ingest.held.tend(now);
    await arrive(solarman.open(), rebooted.wifi(NOW));
    now = later(9.9);
    await ingest.held.tend(now);
    expect(await stored(inverterId)).toEqual({ samples: [], kept: ['undated'] });
    now = later(10);
    await ingest.held.tend(now);
    expect(await stored(inverterId)).toEqual({ samples: [at('09:55:00')], kept: [] });
  });

  it('get their ten minutes from a process that starts an hour later, too', async () => {
    const { logger, inverterId, session } = await connected();
    await arrive(session, logger.stored(at('09:55:00'), { ...NOON, inverterClock: '2025-07-15T10:00:00' }));
    ingest = process();
    now = later(60);
    await ingest.held.tend(now);
    expect((await stored(inverterId)).samples).toEqual([]);
    logger.learnTime(NOW);
    now = later(62);
    await arrive(solarman.open(), logger.wifi(now));
    expect(await stored(inverterId)).toEqual({ samples: [at('09:55:00')], kept: [] });
  });

  it('that nothing dates stay for their owner', async () => {
    const { logger, inverterId, session } = await connected();
    await arrive(session, logger.stored(at('09:55:00'), { ...NOON, inverterClock: null }));
    await ingest.held.tend(now);
    now = later(11);
    await ingest.held.tend(now);
    expect(await stored(inverterId)).toEqual({ samples: [], kept: ['undatable'] });
    await ingest.notes.settled();
    const events = await db.owner((c) =>
      c.query('SELECT kind FROM api.quality_event WHERE inverter_id = $1', [inverterId]),
    );
    expect(events.rows).toEqual([{ kind: 'clock_unset' }]);
  });

  it('never move "now", and are there once however often they come', async () => {
    const { logger, inverterId, session } = await connected();
    const early = EARLY.map((moment) => logger.stored(moment));
    await arrive(session, ...early, ...early);
    logger.learnTime(NOW);
    await arrive(session, logger.data(NOW));
    // The acknowledgement was lost: on the next connection all of them come again.
    await arrive(solarman.open(), ...early, logger.wifi(NOW));
    expect(await stored(inverterId)).toEqual({ samples: [...EARLY, NOW], kept: [] });
    const { rows } = await db.owner((c) =>
      c.query('SELECT last_live_ts FROM store.counter WHERE inverter_id = $1', [inverterId]),
    );
    expect(rows).toEqual([{ last_live_ts: NOW }]);
  });

  it('of a whole day are kept, beside the other frames', async () => {
    const { logger, inverterId, session } = await connected();
    const frames = Array.from({ length: 288 }, (_, i) => logger.stored(new Date(BOOT.getTime() + i * 20_000)));
    const foreign = Array.from({ length: 60 }, (_, i) => {
      const frame = logger.stored(new Date(NOW.getTime() + i * 1000));
      const payload = Buffer.from(frame.subarray(11, -2));
      payload.writeUInt16LE(0x5413, 1);
      return logger.frame(0x42, payload);
    });
    await arrive(session, ...frames.slice(0, 40), ...foreign, ...frames.slice(40));
    const { kept } = await stored(inverterId);
    expect(kept.filter((reason) => reason === 'undated').length).toBe(288);
    expect(kept.filter((reason) => reason === 'unknown_layout').length).toBe(50);
  });
});

async function replay(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said: { out: string[]; err: string[] } = { out: [], err: [] };
  const code = await frames(['replay', ...args, '--json'], {
    out: (text) => void said.out.push(text),
    err: (text) => void said.err.push(text),
    stdin: globalThis.process.stdin,
    openIngest: async () => ({
      owner: db.owner,
      ingest: process(),
      close: async () => undefined,
    }),
  });
  return { code, out: said.out.join(''), err: said.err.join('') };
}

const payloadOf = (frame: Buffer): Buffer => Buffer.from(frame.subarray(11, -2));

describe('frames replay', () => {
  /** As if they had come before their layout was known. */
  async function keepAsUnknown(inverterId: number, payloads: readonly Buffer[]): Promise<void> {
    for (const bytes of payloads) {
      await keepRaw(
        db.pools.ingest,
        { userId: account, inverterId },
        { layout: '0x5408', reason: 'unknown_layout', bytes },
        NOW,
      );
    }
  }

  it('books what is understood by now, each sample under its own time, and keeps the rest', async () => {
    const { logger, inverterId, session } = await connected();
    now = new Date(Math.floor(Date.now() / 1000) * 1000);
    const fresh = new TestLogger(logger.serial, new Date(now.getTime() - 7_200_000), logger.workedS);
    const minutesAgo = (minutes: number) => new Date(Math.floor(now.getTime() / 1000) * 1000 - minutes * 60_000);
    // Without an offset, but of the same power-on as the next.
    const undated = payloadOf(fresh.stored(minutesAgo(60)));
    fresh.learnTime(now);
    const own = payloadOf(fresh.data(minutesAgo(30)));
    const foreign = Buffer.from(own);
    foreign.writeUInt16LE(0x5413, 1);
    await keepAsUnknown(inverterId, [undated, own]);
    await arrive(session, fresh.frame(0x42, foreign));
    const item = {
      inverter_id: inverterId,
      serial: String(logger.serial),
      frames: 3,
      decoded: 0,
      changed: 0,
      waiting: false,
    };
    expect(JSON.parse((await replay('--serial', String(logger.serial))).out)).toEqual({
      items: [{ ...item, stored: 2, known: 0, left: 1 }],
    });
    expect(await stored(inverterId)).toEqual({ samples: [minutesAgo(60), minutesAgo(30)], kept: ['unknown_layout'] });

    await keepAsUnknown(inverterId, [own]);
    expect(JSON.parse((await replay('--inverter', String(inverterId))).out)).toEqual({
      items: [{ ...item, frames: 2, stored: 0, known: 1, left: 1 }],
    });
    expect((await stored(inverterId)).samples.length).toBe(2);
  });

  it('books one whose second another sample has, beside it', async () => {
    const { logger: model, inverterId, session } = await connected();
    now = new Date(Math.floor(Date.now() / 1000) * 1000);
    const secondsAgo = (seconds: number) => new Date(now.getTime() - seconds * 1000);
    const logger = new TestLogger(model.serial, secondsAgo(7200), model.workedS);
    logger.learnTime(now);
    await arrive(session, logger.data(secondsAgo(600)));
    const another = payloadOf(logger.data(secondsAgo(600), { ...NOON, powerW: 300 }));
    const item = { frames: 1, stored: 1, known: 0, left: 0 };
    await keepAsUnknown(inverterId, [another]);
    expect(JSON.parse((await replay('--inverter', String(inverterId))).out)).toMatchObject({ items: [item] });
    const samples = [secondsAgo(600), secondsAgo(599)];
    expect(await stored(inverterId)).toEqual({ samples, kept: [] });

    await keepAsUnknown(inverterId, [another]);
    const again = { ...item, stored: 0, known: 1 };
    expect(JSON.parse((await replay('--inverter', String(inverterId))).out)).toMatchObject({ items: [again] });
    expect(await stored(inverterId)).toEqual({ samples, kept: [] });
  });

  it('says what is wrong with its arguments', async () => {
    expect(await replay('--inverter', 'x')).toMatchObject({ code: 2 });
    expect(await replay('--inverter', '1', '--serial', '2')).toMatchObject({ code: 2 });
  });

  it('of a logger that waits for a proof does nothing', async () => {
    const { logger, inverterId } = await connected();
    await keepAsUnknown(inverterId, [payloadOf(logger.stored(NOW))]);
    await db.owner((c) => c.query('UPDATE api.inverter SET waiting = true WHERE id = $1', [inverterId]));
    expect(JSON.parse((await replay('--inverter', String(inverterId))).out)).toMatchObject({
      items: [{ waiting: true, stored: 0, left: 1 }],
    });
  });
});

describe('frames that were understood', () => {
  const kept = async (inverterId: number): Promise<Date[]> =>
    db.owner(async (c) => {
      const text = 'SELECT sampled_at FROM store.decoded_frame WHERE inverter_id = $1 ORDER BY 1';
      return (await c.query<{ sampled_at: Date }>(text, [inverterId])).rows.map((row) => row.sampled_at);
    });

  const tidy = (rawFrameDays: number): Promise<void> =>
    tidyUp.run({
      database: { owner: db.owner } as Database,
      settings: { compressAfterDays: 7, retentionDays: 730, rawFrameDays },
      log: createLogger('fatal'),
      now: NOW,
    });

  it('are kept for as many days as wanted, once each, and not among those nothing could be made of', async () => {
    const { logger: model, inverterId, session } = await connected();
    ingest = process({ rawFrameDays: 3 });
    const daysAgo = (days: number) => new Date(NOW.getTime() - days * 86_400_000);
    const logger = new TestLogger(model.serial, daysAgo(5));
    logger.learnTime(NOW);
    const twice = logger.data(NOW);
    const old = [daysAgo(4), daysAgo(2)].map((at) => ({ at, frame: logger.stored(at) }));
    await arrive(session, ...old.map(({ frame }) => frame), logger.data(later(-5)), twice, twice);
    await ingest.decoded?.settled();
    expect(await kept(inverterId)).toEqual([daysAgo(2), later(-5), NOW]);
    expect(await stored(inverterId)).toMatchObject({ kept: [] });
    expect(ingest.decoded?.counts).toEqual({ kept: 4, lost: 0 });
    await tidy(1);
    expect(await kept(inverterId)).toEqual([later(-5), NOW]);
    await tidy(0);
    expect(await kept(inverterId)).toEqual([]);
  });

  it('are not kept where nobody asked for it, nor those without a time of their own', async () => {
    const { logger, inverterId, session } = await connected();
    await arrive(session, logger.data(NOW));
    expect(process().decoded).toBeNull();
    ingest = process({ rawFrameDays: 3 });
    now = later(1);
    await arrive(session, logger.data(now));
    await ingest.decoded?.settled();
    expect((await stored(inverterId)).samples.length).toBe(2);
    expect(await kept(inverterId)).toEqual([]);
  });

  it('are bounded for each logger and day, and a deleted inverter keeps none', async () => {
    const { inverterId } = await connected();
    const of = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);
    const many = (from: number, count: number) =>
      Array.from({ length: count }, (_, i) => ({
        userId: account,
        inverterId,
        sampledAt: of(from + i),
        receivedAt: NOW,
        layout: '0x5408',
        bytes: Buffer.from([1]),
      }));
    await keepDecoded(db.pools.ingest, many(0, 1000));
    await keepDecoded(db.pools.ingest, many(1000, 1000));
    expect((await kept(inverterId)).length).toBe(1500);
    await keepDecoded(db.pools.ingest, many(86_400, 1));
    expect((await kept(inverterId)).length).toBe(1501);
    await db.owner((c) => c.query('SELECT store.delete_measurements($1, $2)', [account, inverterId]));
    expect(await kept(inverterId)).toEqual([]);
  });

  it.each([
    ['this morning', 0],
    ['weeks ago, in a week that has gone cold', 21],
  ])('say what a better decoder makes of them: %s', async (_when, days) => {
    const { logger: model, inverterId } = await connected();
    const noonMs = Math.floor(Date.now() / 86_400_000) * 86_400_000 - (days + 1) * 86_400_000 + 43_200_000;
    const minute = (n: number) => new Date(noonMs + n * 60_000);
    now = minute(60);
    ingest = process({ rawFrameDays: 30 });
    const logger = new TestLogger(model.serial, minute(-60));
    logger.learnTime(now);
    const values = (total: number, powerW: number) => ({ ...NOON, energyTotalWh: total, powerW });
    // As it was read then, and as it is read now.
    const [first, last] = [logger.data(minute(0), values(177_500, 598)), logger.data(minute(45), values(177_800, 598))];
    const read = [
      first,
      logger.data(minute(15), values(177_600, 59)),
      logger.data(minute(30), values(177_700, 598)),
      last,
    ];
    const meant = logger.data(minute(15), { ...values(177_700, 590), 'pv1.currentA': 8 });
    await arrive(solarman.open(), ...read);
    await ingest.decoded?.settled();
    const quarters = () =>
      db.owner(async (c) => {
        const text = 'SELECT energy_wh[1] AS wh FROM store.energy_15m WHERE inverter_id = $1 ORDER BY ts';
        return (await c.query<{ wh: number }>(text, [inverterId])).rows.map(({ wh }) => wh);
      });
    const figures = () =>
      db.owner(async (c) => {
        const text = `SELECT a.power_dw, a.yield_total_wh, d.current_ca FROM store.ac_all a
                      JOIN store.dc_all d USING (user_id, inverter_id, ts) WHERE a.inverter_id = $1 AND d.channel = 1 ORDER BY a.ts`;
        const { rows } = await c.query<{ power_dw: number; yield_total_wh: number; current_ca: number }>(text, [
          inverterId,
        ]);
        return rows.map((row) => [row.power_dw, row.yield_total_wh, row.current_ca]);
      });
    const before = await quarters();
    await db.owner(async (c) => {
      const text = 'UPDATE store.decoded_frame SET bytes = $3 WHERE inverter_id = $1 AND sampled_at = $2';
      await c.query(text, [inverterId, minute(15), payloadOf(meant)]);
      if (days > 0) await coolWeek(c, minute(0));
    });
    const item = { inverter_id: inverterId, serial: String(model.serial), frames: 0, decoded: 4, stored: 0, known: 0 };
    const said = await replay('--inverter', String(inverterId));
    expect(said, said.err).toMatchObject({ code: 0 });
    expect(JSON.parse(said.out)).toEqual({ items: [{ ...item, changed: 1, left: 0, waiting: false }] });
    expect(await figures()).toEqual([
      [5980, 177_500, 910],
      [5900, 177_700, 800],
      [5980, 177_700, 910],
      [5980, 177_800, 910],
    ]);
    const after = await quarters();
    expect(after).not.toEqual(before);
    expect(after.reduce((a, b) => a + b)).toBe(before.reduce((a, b) => a + b));
    const again = JSON.parse((await replay('--inverter', String(inverterId))).out);
    expect(again).toEqual({ items: [{ ...item, changed: 0, left: 0, waiting: false }] });
    expect(await quarters()).toEqual(after);
    expect((await kept(inverterId)).length).toBe(4);
  });
});
