import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportRoutes } from '../../src/api/v1/export.ts';
import { dayBounds } from '../../src/domain/period.ts';
import type { Reading } from '../../src/domain/reading.ts';
import { SESSION_COOKIE } from '../../src/http/authentication.ts';
import { assembleIngest, type IngestParts } from '../../src/ingest/assemble.ts';
import { createExportService } from '../../src/services/exports.ts';
import { createInverterService } from '../../src/services/inverters.ts';
import { createStatisticsService } from '../../src/services/statistics.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { envelopeOf, openDtuReading } from '../support/make-reading.ts';
import { present } from '../support/present.ts';
import { memberOf, type TestApp, testApp } from '../support/test-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** What is exported is what was sent and what the API says: on real PostgreSQL, over the night the clocks go back. */

const ZONE = 'Europe/Berlin';
const FROM = dayBounds('2026-10-24', ZONE).from;
const NOW = dayBounds('2026-10-26', ZONE).to;
const STEP_MS = 13 * 60_000;

let db: TestDatabase;
let ingest: IngestParts;
let http: TestApp;
let userId: number;
let inverterId: number;
let sent: Reading[];

const inverters = () => createInverterService(db.pools.app, { isOnlyAccount: async () => true });
const statistics = () => createStatisticsService(db.pools.app);
const exports = () => createExportService(db.pools.app, { inverters: inverters(), statistics: statistics() });

beforeAll(async () => {
  db = await createTestDatabase();
  const settings = { storeDcChannelData: true, defaultTimeZone: ZONE, retentionDays: 730 };
  ingest = assembleIngest(db.pools, settings, createLogger('fatal'), () => NOW);
  http = await testApp([exportRoutes({ exports: exports(), now: () => NOW })]);
  const { rows } = await db.owner((c) =>
    c.query<{ id: number }>(`SELECT api.insert_account('a@example.org', 'x', 'A', 'B', false, true, $1) AS id`, [ZONE]),
  );
  userId = present(rows[0]).id;
  const serial = '116100000001';
  inverterId = (await inverters().add(memberOf(userId), { name: 'Süd', serial, kind: 'opendtu' }, NOW)).id;
  ingest.resolver.invalidate();
  sent = readings(serial);
  for (let i = 0; i < sent.length; i += 50) {
    await ingest.intake.push(userId, 'opendtu', envelopeOf(...sent.slice(i, i + 50)), NOW);
  }
  // Which inputs there are is noted beside the answer.
  await ingest.notes.settled();
});
afterAll(async () => {
  await http.app.close();
  await ingest.drain();
  await db.drop();
});

/** Never at rest, so that the hour that comes twice has energy too; now and then a voltage is not told. */
function readings(serial: string): Reading[] {
  let energyTotalWh = 120_000;
  const all: Reading[] = [];
  for (let ms = FROM.getTime(); ms < NOW.getTime(); ms += STEP_MS) {
    const powerW = 180.5 + (all.length % 97);
    energyTotalWh += Math.round((powerW * 13) / 60);
    const voltageV = all.length % 5 === 0 ? null : 229.8;
    all.push(openDtuReading(serial, new Date(ms), { powerW, energyTotalWh, voltageV }));
  }
  return all;
}

async function file(
  query: string,
  as = userId,
): Promise<{ status: number; body: string; headers: Record<string, unknown> }> {
  const url = `/api/v1/inverters/${inverterId}/export?${query}`;
  const { statusCode, body, headers } = await http.inject({ url, cookies: { [SESSION_COOKIE]: `token-of-${as}` } });
  return { status: statusCode, body, headers };
}

async function rowsOf(query: string): Promise<Record<string, string>[]> {
  const { body } = await file(`${query}&bom=false`);
  const [head = '', ...lines] = body.trimEnd().split('\r\n');
  const names = head.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, i) => [names[i], cell])));
}

/** What serving connections are at. Only a superuser sees what others are at. */
function inUse(): Promise<number> {
  return db.owner(async (c) => {
    await c.query('SET ROLE NONE');
    const { rows } = await c.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_stat_activity
       WHERE datname = current_database() AND usename = $1 AND state <> 'idle'`,
      [db.roles.app],
    );
    return present(rows[0]).n;
  });
}

describe('an export', () => {
  it('of every measurement is what was sent, over all its pieces', async () => {
    const rows = await rowsOf('resolution=raw&channels=true');
    expect(rows).toHaveLength(sent.length);
    expect(rows.map((row) => new Date(present(row['sampled_at'])))).toEqual(sent.map(({ sampledAt }) => sampledAt));
    expect(rows.map((row) => Number(row['power_w']))).toEqual(sent.map(({ powerW }) => powerW));
    expect(rows[0]).toMatchObject({ voltage_v: '', channel_1_voltage_v: '30.4', channel_1_irradiation_pct: '1.55' });
    expect(rows.map((row) => Number(row['energy_total_wh']))).toEqual(sent.map(({ energyTotalWh }) => energyTotalWh));
  });

  it('has each input in columns of its own, empty where it told nothing', async () => {
    const serial = '116100000007';
    const { id } = await inverters().add(memberOf(userId), { name: 'Zwei', serial, kind: 'opendtu' }, NOW);
    ingest.resolver.invalidate();
    const told = [[1, 2], [2]].map((numbers, n) => {
      const reading = openDtuReading(serial, new Date(NOW.getTime() - (2 - n) * 3_600_000));
      const input = present(reading.channels[0]);
      return { ...reading, channels: numbers.map((channel) => ({ ...input, channel, powerW: 10 * channel })) };
    });
    await ingest.intake.push(userId, 'opendtu', envelopeOf(...told), NOW);
    await ingest.notes.settled();
    const ask = { from: null, to: null, resolution: 'raw', channels: true } as const;
    const { names, rows } = await exports().open(userId, id, ask, NOW);
    const all: string[][] = [];
    for await (const piece of rows) all.push(...piece.map(({ cells }) => cells.split(',')));
    const powers = ['channel_1_power_w', 'channel_2_power_w'].map((name) => names.indexOf(name));
    expect(all.map((cells) => powers.map((column) => cells[column]))).toEqual([
      ['10', '20'],
      ['', '20'],
    ]);
  });

  it('of hours and days has the API’s figures, and the 25 hours of that day', async () => {
    const hours = await rowsOf('resolution=hour&from=2026-10-25&through=2026-10-25');
    expect(hours).toHaveLength(25);
    expect(hours.filter((row) => row['start']?.includes('T02:00:00')).map((row) => row['start']?.slice(-6))).toEqual([
      '+02:00',
      '+01:00',
    ]);
    const energy = await statistics().energy(userId, inverterId, {
      from: '2026-10-25',
      to: '2026-10-26',
      bucket: 'day',
    });
    const sum = hours.reduce((wh, row) => wh + Number(row['energy_wh']), 0);
    expect(sum).toBe(energy.totalWh);
    const days = await rowsOf('resolution=day');
    expect(days.map((row) => row['start']?.slice(0, 10))).toEqual(['2026-10-24', '2026-10-25', '2026-10-26']);
    expect(days[1]?.['energy_wh']).toBe(String(energy.totalWh));
  });

  it('as JSON says the same', async () => {
    const { body, headers } = await file('format=json&resolution=day&channels=true');
    const { items } = JSON.parse(body) as { items: Record<string, unknown>[] };
    const days = await rowsOf('resolution=day&channels=true');
    expect(items.map((item) => String(item['channel_1_energy_wh']))).toEqual(
      days.map((row) => row['channel_1_energy_wh']),
    );
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
  });

  it('is a file with a name, and for German spreadsheets with commas', async () => {
    const { body, headers } = await file('format=german&resolution=hour');
    expect(headers['content-disposition']).toContain(`filename*=UTF-8''S%C3%BCd%20hour.csv`);
    expect(body).toMatch(/^\ufeffstart;power_w;/);
    expect(body).toMatch(/;\d+,\d;/);
  });

  it('is nobody else’s, and says what is wrong before it begins', async () => {
    expect((await file('resolution=raw', userId + 1)).status).toBe(404);
    expect((await file('from=2026-10-26&to=2026-10-25')).status).toBe(422);
    expect((await file('from=2026-13-26')).status).toBe(422);
    expect((await file('format=xlsx')).status).toBe(422);
  });

  it('holds no connection while nobody reads on: one piece ahead, and nothing more for who has gone', async () => {
    const ask = { from: null, to: null, resolution: 'raw', channels: true } as const;
    const { rows } = await exports().open(userId, inverterId, ask, NOW);
    const { app } = db.pools;
    let begun = 0;
    const onAcquire = (): number => begun++;
    app.on('acquire', onAcquire);
    await rows.next();
    expect([begun, app.idleCount]).toEqual([1, app.totalCount]);
    await rows.next();
    await expect.poll(() => [begun, app.idleCount]).toEqual([3, app.totalCount]);
    await rows.return(undefined);
    expect((await rows.next()).done).toBe(true);
    app.off('acquire', onAcquire);
    expect([begun, app.idleCount]).toEqual([3, app.totalCount]);
  });

  it('that is left while the next piece is read ends that statement too', async () => {
    const ask = { from: null, to: null, resolution: 'raw', channels: true } as const;
    const { rows } = await exports().open(userId, inverterId, ask, NOW);
    await rows.next();
    await db.owner(async (c) => {
      await rows.next();
      await expect.poll(inUse).toBe(0);
      await c.query('BEGIN; LOCK TABLE store.ac_sample IN ACCESS EXCLUSIVE MODE');
      // The third is there already, so this begins the fourth, which has to wait.
      await rows.next();
      await expect.poll(inUse).toBe(1);
      await rows.return(undefined);
      expect(await inUse()).toBe(0);
      await c.query('COMMIT');
    });
    expect(db.pools.app.idleCount).toBe(db.pools.app.totalCount);
  });

  it.each(['raw', '15m'] as const)('of %s lets the statement under way be cancelled', async (resolution) => {
    const gone = new AbortController();
    const ask = { from: null, to: null, resolution, channels: true };
    const { rows } = await exports().open(userId, inverterId, ask, NOW, gone.signal);
    await db.owner(async (c) => {
      await c.query('BEGIN; LOCK TABLE store.ac_sample, store.energy_15m IN ACCESS EXCLUSIVE MODE');
      const first = rows.next();
      const failed = expect(first).rejects.toThrow('nobody wants it');
      await expect.poll(inUse).toBe(1);
      gone.abort(new Error('nobody wants it'));
      // The lock is still held, and the time limit of a statement is far.
      await expect.poll(inUse).toBe(0);
      await failed;
      await c.query('COMMIT');
    });
    expect(db.pools.app.idleCount).toBe(db.pools.app.totalCount);
  });

  it('that nobody wants any more when its turn comes leaves the connection as it was', async () => {
    const { app } = db.pools;
    const gone = new AbortController();
    const ask = { from: null, to: null, resolution: 'raw', channels: true } as const;
    const { rows } = await exports().open(userId, inverterId, ask, NOW, gone.signal);
    const lent = await Promise.all(Array.from({ length: app.options.max }, () => app.connect()));
    const failed = expect(rows.next()).rejects.toThrow('nobody wants it');
    await expect.poll(() => app.waitingCount).toBe(1);
    gone.abort(new Error('nobody wants it'));
    for (const client of lent) client.release();
    await failed;
    expect([app.idleCount, app.totalCount]).toEqual([lent.length, lent.length]);
  });

  it('stops at the database at once when the one who asked hangs up', async () => {
    // Known for two years: as many pieces as days.
    const old = (await inverters().add(memberOf(userId), { name: 'Alt', serial: '116100000009', kind: 'opendtu' }, NOW))
      .id;
    await db.owner(async (c) => {
      await c.query(
        `INSERT INTO store.energy_15m (user_id, inverter_id, ts, energy_wh, estimated_wh, power_sum_dw, power_count, power_max_dw)
         VALUES ($1, $2, $3::timestamptz - interval '700 days', '{1}', '{0}', '{1}', '{1}', '{1}')`,
        [userId, old, NOW],
      );
      await c.query('INSERT INTO store.counter (user_id, inverter_id) VALUES ($1, $2)', [userId, old]);
    });
    let begun = 0;
    db.pools.app.on('acquire', () => begun++);
    const origin = await http.app.listen({ host: '127.0.0.1', port: 0 });
    const path = `/api/v1/inverters/${old}/export?resolution=raw&channels=true`;
    const asked = request(`${origin}${path}`, {
      headers: { authorization: `Bearer token-of-${userId}` },
      agent: false,
    });
    asked.on('error', () => undefined);
    await db.owner(async (c) => {
      // The first piece has to wait, so that somebody can hang up in the middle of a query.
      await c.query('BEGIN; LOCK TABLE store.ac_sample IN ACCESS EXCLUSIVE MODE');
      asked.end();
      await expect.poll(inUse).toBe(1);
      asked.destroy();
      // What would have waited for the lock for another half minute is over, while the lock is still held.
      await expect.poll(inUse).toBe(0);
      await c.query('COMMIT');
    });
    const soFar = begun;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect([await inUse(), begun - soFar], 'no further piece is asked for').toEqual([0, 0]);
    expect(db.pools.app.idleCount).toBe(db.pools.app.totalCount);
  });

  it('voltage of an input by quarter hours, as the comparison of inputs shows it', async () => {
    const range = { from: FROM, to: NOW, bucket: '15m', channel: 1 } as const;
    const volts = await statistics().input(userId, inverterId, { ...range, measure: 'voltage' });
    expect(new Set(volts.map(({ value }) => Math.round(value * 10) / 10))).toEqual(new Set([30.4]));
    expect(volts.length).toBeGreaterThan(200);
    const amperes = await statistics().input(userId, inverterId, { ...range, measure: 'current' });
    expect(amperes[0]).toMatchObject({ value: 0.11, max: 0.11 });
    await expect(statistics().input(userId + 1, inverterId, { ...range, measure: 'voltage' })).rejects.toThrow(
      'no inverter',
    );
    const year = { ...range, from: new Date('2026-01-01T00:00:00Z'), measure: 'voltage' } as const;
    await expect(statistics().input(userId, inverterId, year)).rejects.toThrow('5000 points');
  });
});
