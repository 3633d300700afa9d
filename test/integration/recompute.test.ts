import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recompute as command } from '../../src/cli/recompute.ts';
import type { Database } from '../../src/db/database.ts';
import type { InverterId } from '../../src/domain/inverter.ts';
import type { Reading } from '../../src/domain/reading.ts';
import { assembleIngest, type IngestParts } from '../../src/ingest/assemble.ts';
import { createInverterService } from '../../src/services/inverters.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { dropOldSamples } from '../../src/worker/jobs/drop-old-samples.ts';
import { packSamples } from '../../src/worker/jobs/pack-samples.ts';
import { tidyUp } from '../../src/worker/jobs/tidy-up.ts';
import { type RecomputeOptions, recompute } from '../../src/worker/recompute.ts';
import { coolWeek, makeRoom, ON_TIMESCALE } from '../support/cold-weeks.ts';
import { envelopeOf, openDtuReading } from '../support/make-reading.ts';
import { present } from '../support/present.ts';
import { memberOf } from '../support/test-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const NOW = new Date('2026-06-21T20:00:00Z');
const FIRST_DAY = Date.UTC(2026, 4, 25);
const DAY_MS = 86_400_000;
/** From a Monday on; two weeks of them are packed. */
const DAYS = 27;

let db: TestDatabase;
let ingest: IngestParts;
let userId: number;

beforeAll(async () => {
  db = await createTestDatabase();
  const settings = { storeDcChannelData: true, defaultTimeZone: 'Europe/Berlin', retentionDays: 730 };
  ingest = assembleIngest(db.pools, settings, createLogger('fatal'), () => NOW);
  userId = await db.owner(async (client) => {
    await makeRoom(client, new Date(FIRST_DAY), NOW);
    const { rows } = await client.query<{ id: number }>(
      `SELECT api.insert_account('alice@example.org', 'x', 'A', 'B', false, true, 'Europe/Berlin') AS id`,
    );
    return present(rows[0]).id;
  });
});
afterAll(async () => {
  await ingest.drain();
  await db.drop();
});

let serials = 116_300_000_000;
async function add(): Promise<{ id: InverterId; serial: string }> {
  const serial = String(serials++);
  const service = createInverterService(db.pools.app, { isOnlyAccount: async () => true });
  const { id } = await service.add(memberOf(userId), { name: serial, serial, kind: 'opendtu' }, NOW);
  ingest.resolver.invalidate();
  return { id, serial };
}

/**
 * Days with two inputs, one of which breaks on the 8th day and wakes on the 24th; a rebooted gateway that says 0, a swapped inverter, an
 * outage of a day and a half, nights.
 */
function history(serial: string): Reading[] {
  const readings: Reading[] = [];
  const totals = [500_000, 300_000];
  for (let day = 0; day < DAYS; day++) {
    if (day === 15) totals[0] = 1_000;
    for (let minute = 5 * 60; minute <= 19 * 60; minute += 12) {
      if ((day === 10 && minute > 12 * 60) || day === 11) continue;
      const bright = Math.sin(((minute / 60 - 5) / 14) * Math.PI) * (300 + ((day * 37) % 100));
      const powers = [bright, day >= 8 && day < 24 ? 0 : bright / 2].map((w) => Math.max(0, Math.round(w * 10) / 10));
      powers.forEach((w, i) => {
        totals[i] = present(totals[i]) + (w * 12) / 60;
      });
      const isReboot = day % 5 === 2 && minute % 240 < 24;
      const channels = powers.map((powerW, i) => ({
        ...present(openDtuReading(serial, NOW).channels[0]),
        channel: i + 1,
        powerW,
        energyTotalWh: isReboot ? 0 : Math.floor(present(totals[i])),
      }));
      const at = new Date(FIRST_DAY + day * DAY_MS + minute * 60_000);
      const powerW = Math.round(present(powers[0]) * 10 + present(powers[1]) * 10) / 10;
      readings.push(openDtuReading(serial, at, { powerW, energyTotalWh: null, channels }));
    }
  }
  return readings;
}

async function send(readings: readonly Reading[]): Promise<void> {
  for (let i = 0; i < readings.length; i += 50) {
    await ingest.intake.push(userId, 'opendtu', envelopeOf(...readings.slice(i, i + 50)), NOW);
  }
}

/** Everything that is shown of an inverter's energy, and what ingest would go on with. */
async function books(id: InverterId) {
  return db.owner(async (c) => ({
    energy: (
      await c.query(
        `SELECT ts, energy_wh, estimated_wh, power_sum_dw, power_count, power_max_dw FROM store.energy_15m
         WHERE inverter_id = $1 AND (energy_wh <> '{0,0,0}' OR power_count <> '{0,0,0}') ORDER BY ts`,
        [id],
      )
    ).rows,
    counter: (
      await c.query(
        `SELECT first_good_wh, booked_wh, counter_wh, fold -> 'e' AS fold FROM store.counter WHERE inverter_id = $1`,
        [id],
      )
    ).rows[0],
  }));
}

async function spoil(id: InverterId, ...statements: string[]): Promise<void> {
  await db.owner(async (c) => {
    for (const text of statements) await c.query(text, [id]);
  });
}

async function sums(id: InverterId): Promise<{ parts: number; booked: number }> {
  const { rows } = await db.owner((c) =>
    c.query<{ parts: number; booked: number }>(
      `SELECT (SELECT sum(energy_wh[1]) FROM store.energy_15m WHERE inverter_id = $1) AS parts, booked_wh[1] AS booked
       FROM store.counter WHERE inverter_id = $1`,
      [id],
    ),
  );
  return present(rows[0]);
}

const all = { from: '2026-05-25', to: '2026-06-22' };
const rebuild = (id: InverterId, range: { from: string | Date; to: string | Date } = all, options?: RecomputeOptions) =>
  recompute(db, id, range, NOW, options);
const context = (settings = {}) => ({
  database: { owner: db.owner } as unknown as Database,
  settings: { compressAfterDays: 7, retentionDays: 730, ...settings } as never,
  log: createLogger('fatal'),
  now: NOW,
});

/** What TimescaleDB's own retention does. */
const dropChunksBefore = (time: string) =>
  db.owner((c) =>
    c.query(
      `SELECT drop_chunks(t::regclass, older_than => $1::timestamptz) FROM unnest('{store.ac_sample,store.dc_sample}'::text[]) t`,
      [time],
    ),
  );

/** A week of quarter hours gone, others wrong, some that never were; and what is shown of the counter is nonsense. */
const WRONG = [
  `DELETE FROM store.energy_15m WHERE inverter_id = $1 AND ts >= '2026-06-01' AND ts < '2026-06-03'`,
  `UPDATE store.energy_15m SET energy_wh = '{999,500,499}', power_max_dw = '{1,2,3}'
   WHERE inverter_id = $1 AND ts >= '2026-06-06T09:00Z' AND ts < '2026-06-06T11:00Z'`,
  `INSERT INTO store.energy_15m (user_id, inverter_id, ts, energy_wh)
   SELECT user_id, inverter_id, '2026-06-06T21:45Z', '{7}' FROM store.counter WHERE inverter_id = $1`,
  `UPDATE store.counter SET booked_wh = '{1,2,3}', first_good_wh = '{0,0,0}' WHERE inverter_id = $1`,
];

describe('recompute', () => {
  let id: InverterId;
  let right: Awaited<ReturnType<typeof books>>;
  beforeAll(async () => {
    const added = await add();
    id = added.id;
    await send(history(added.serial));
    if (ON_TIMESCALE) await db.owner((c) => coolWeek(c, new Date('2026-06-01T00:00:00Z')));
    else await packSamples.run(context());
    right = await books(id);
  });

  it('of what is right changes nothing, and leaves an audit entry', async () => {
    const done = await rebuild(id);
    expect(done).toMatchObject({ quartersChanged: 0, timeZone: 'Europe/Berlin' });
    expect(done.afterWh).toBe((await sums(id)).booked);
    expect(await books(id)).toEqual(right);
    const { rows } = await db.owner((c) =>
      c.query(
        `SELECT user_id, action, (detail ->> 'inverter_id')::int AS inverter_id FROM api.audit_log WHERE action LIKE 'energy%'`,
      ),
    );
    expect(rows).toEqual([{ user_id: userId, action: 'energy.recomputed', inverter_id: id }]);
    const { rowCount } = await db.owner((c) => c.query(`SELECT FROM api.quality_event WHERE kind = 'recomputed'`));
    expect(rowCount).toBe(0);
  });

  it('rebuilds quarter hours and counters as an uninterrupted run booked them, from packed and hot samples', async () => {
    await spoil(id, ...WRONG);
    const done = await rebuild(id, { from: '2026-06-01', to: '2026-06-07' });
    expect(await books(id)).toEqual(right);
    expect(done.quartersChanged).toBeGreaterThan(100);
    expect(done.lifetimeAfterWh - done.lifetimeBeforeWh).toBe(done.afterWh - done.beforeWh);
    const { rows } = await db.owner((c) =>
      c.query(`SELECT detail FROM api.quality_event WHERE kind = 'recomputed' AND inverter_id = $1`, [id]),
    );
    expect(rows).toEqual([
      {
        detail: {
          fromMs: Date.parse('2026-05-31T22:00Z'),
          toMs: Date.parse('2026-06-06T22:00Z'),
          beforeWh: done.beforeWh,
          afterWh: done.afterWh,
        },
      },
    ]);
  });

  it('touches nothing outside the range, and leaves parts and whole equal even so', async () => {
    await spoil(id, ...WRONG);
    await rebuild(id, { from: '2026-06-06', to: '2026-06-08' });
    const { parts, booked } = await sums(id);
    expect(booked).toBe(parts);
    const { rows } = await db.owner((c) =>
      c.query(`SELECT FROM store.energy_15m WHERE inverter_id = $1 AND ts >= '2026-06-01' AND ts < '2026-06-03'`, [id]),
    );
    expect(rows).toHaveLength(0);
    await rebuild(id);
    expect(await books(id)).toEqual(right);
  });

  it('in stretches of a few days is the same', async () => {
    const stretchDays = 4;
    await spoil(id, ...WRONG);
    await rebuild(id, all, { stretchDays });
    expect(await books(id)).toEqual(right);
    expect(await rebuild(id, all, { stretchDays })).toMatchObject({ quartersChanged: 0 });
    expect(await books(id)).toEqual(right);
  });

  it('rebuilds energy that came back over an outage and at the wake of an input, whatever the range is cut at', async () => {
    await spoil(id, `UPDATE store.energy_15m SET energy_wh = '{1}', estimated_wh = '{0}' WHERE inverter_id = $1`);
    for (const [from, to] of [
      ['2026-05-25', '2026-06-05'],
      ['2026-06-05', '2026-06-05T09:07:00Z'],
      ['2026-06-05T09:00:00Z', '2026-06-12'],
      ['2026-06-12', '2027-01-01'],
    ] as const) {
      const moment = (text: string) => (text.length > 10 ? new Date(text) : text);
      await rebuild(id, { from: moment(from), to: moment(to) });
    }
    expect(await books(id)).toEqual(right);
  });

  it('goes on behind the range where the kept states are wrong, up to the present', async () => {
    await spoil(
      id,
      `UPDATE store.fold_day SET fold = (SELECT fold FROM store.fold_day WHERE inverter_id = $1 ORDER BY day LIMIT 1)
       WHERE inverter_id = $1 AND day > '2026-06-10'`,
      `UPDATE store.counter SET fold = json_build_object('i', fold -> 'i', 's', fold -> 's', 'e',
         (SELECT fold FROM store.fold_day WHERE inverter_id = $1 ORDER BY day LIMIT 1)) WHERE inverter_id = $1`,
      `UPDATE store.energy_15m SET energy_wh = '{1}' WHERE inverter_id = $1 AND ts > '2026-06-15'`,
    );
    await rebuild(id, { from: '2026-06-09', to: '2026-06-11' });
    expect(await books(id)).toEqual(right);
  });

  it('refuses what it cannot rebuild, and says from when on it could', async () => {
    await expect(rebuild(2_147_483_647)).rejects.toThrow('There is no inverter 2147483647.');
    await expect(rebuild(id, { from: '2026-06-02', to: '2026-06-02' })).rejects.toMatchObject({
      code: 'invalid_input',
    });
    if (ON_TIMESCALE) await dropChunksBefore('2026-06-08T20:00:00Z');
    else await dropOldSamples.run(context({ retentionDays: 13 }));
    await tidyUp.run(context({ retentionDays: 13 }));
    const before = await books(id);
    await expect(rebuild(id)).rejects.toMatchObject({
      code: 'invalid_input',
      fields: { from: expect.stringContaining('samples before 2026-06-09T00:00:00.000Z are no longer kept') as string },
    });
    expect(await books(id)).toEqual(before);
    expect(await rebuild(id, { from: new Date('2026-06-09T00:00:00Z'), to: all.to })).toMatchObject({
      quartersChanged: 0,
    });
    expect(await books(id)).toEqual(right);
  });
});

describe('recompute beside ingest', () => {
  it('books late samples that wait, and loses nothing that comes meanwhile', async () => {
    const [inOrder, mixed] = [await add(), await add()];
    await send(history(inOrder.serial));
    const readings = history(mixed.serial);
    await send([...readings.slice(0, 400), ...readings.slice(700, 1_000)]);
    await send(readings.slice(400, 700));
    await spoil(mixed.id, ...WRONG);
    await Promise.all([rebuild(mixed.id, all, { stretchDays: 7 }), send(readings.slice(1_000))]);
    await rebuild(mixed.id, { from: '2026-06-01', to: '2026-06-02' });
    expect(await books(mixed.id)).toEqual(await books(inOrder.id));
    const { parts, booked } = await sums(mixed.id);
    expect(booked).toBe(parts);
  });
});

describe('deye-hard recompute', () => {
  async function run(...args: string[]): Promise<{ exit: number; out: string; err: string }> {
    const said = { out: '', err: '' };
    const exit = await command(args, {
      out: (text) => {
        said.out += text;
      },
      err: (text) => {
        said.err += text;
      },
      stdin: Readable.from([]),
      openDatabase: async () => ({ owner: db.owner, authSecret: '', timeZone: 'UTC', close: async () => undefined }),
    });
    return { exit, ...said };
  }

  it('says what changed', async () => {
    const { id, serial } = await add();
    await send(history(serial).slice(0, 200));
    const args = ['--inverter', String(id), '--from', '2026-05-25', '--to', '2026-05-27T00:00:00+02:00'];
    await spoil(id, `UPDATE store.energy_15m SET energy_wh = '{0}' WHERE inverter_id = $1`);
    const before = await sums(id);
    const json = await run(...args, '--json');
    expect(json).toMatchObject({ exit: 0, err: '' });
    expect(JSON.parse(json.out)).toMatchObject({
      inverter_id: id,
      from: '2026-05-24T22:00:00.000Z',
      to: '2026-05-26T22:00:00.000Z',
      before_wh: 0,
      after_wh: expect.toSatisfy((wh) => wh > 1_000 && wh < before.booked) as number,
      quarters_changed: expect.toSatisfy((n) => n > 50) as number,
    });
    const again = await run(...args);
    expect(again.out).toMatch(/^Nothing to change: \d+\.\d{3} kWh from 2026-05-24T22:00/);
  });

  it.each([
    [[], '--inverter is missing'],
    [['--inverter', 'x', '--from', '2026-05-25', '--to', '2026-05-26'], '--inverter is the number of one'],
    [['--inverter', '1', '--from', 'yesterday', '--to', '2026-05-26'], '--from is a date like'],
    [['--inverter', '1', '--from', '2026-05-25', '--to', '2026-05-26T00:00:00'], '--to is a date like'],
  ])('explains a wrong call: %j', async (args, words) => {
    const { exit, err } = await run(...args);
    expect(exit).toBe(2);
    expect(err).toContain(words);
  });
});
