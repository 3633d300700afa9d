import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { takeoutRoutes } from '../../src/api/v1/takeout.ts';
import { asTenant } from '../../src/db/as-tenant.ts';
import type { Reading } from '../../src/domain/reading.ts';
import { assembleIngest, type IngestParts } from '../../src/ingest/assemble.ts';
import { createApiKeys } from '../../src/services/api-keys.ts';
import { createExportService } from '../../src/services/exports.ts';
import { createInverterService } from '../../src/services/inverters.ts';
import { createStatisticsService } from '../../src/services/statistics.ts';
import { createTakeouts } from '../../src/services/takeout/takeouts.ts';
import { AC_VALUES, DC_VALUES, PHASE_VALUES } from '../../src/store/sample-rows.ts';
import * as contents from '../../src/store/takeout-contents.ts';
import { beginTakeout } from '../../src/store/takeouts.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { makeTakeouts } from '../../src/worker/jobs/make-takeouts.ts';
import { tidyUp } from '../../src/worker/jobs/tidy-up.ts';
import { envelopeOf, openDtuReading } from '../support/make-reading.ts';
import { present } from '../support/present.ts';
import { KEYS, memberOf, type TestApp, testApp } from '../support/test-app.ts';
import { createTestDatabase, databaseOf, type TestDatabase } from '../support/test-database.ts';
import { unzip } from '../support/unzip.ts';

/** An account takes everything along: the whole way from the wish to the file, on real PostgreSQL, beside another account. */

const ZONE = 'Europe/Berlin';
const DAY_MS = 24 * 3_600_000;
const NOW = new Date('2026-07-02T10:00:00Z');
const PATH = '/api/v1/account/takeout';

let db: TestDatabase;
let ingest: IngestParts;
let http: TestApp;
let clock = NOW;
let own: { userId: number; inverterId: number };
let foreign: { userId: number; inverterId: number };

beforeAll(async () => {
  db = await createTestDatabase();
  const settings = { storeDcChannelData: true, defaultTimeZone: ZONE, retentionDays: 730 };
  ingest = assembleIngest(db.pools, settings, createLogger('fatal'), () => NOW);
  http = await testApp([takeoutRoutes({ takeouts: createTakeouts(db.pools.app), now: () => clock })]);
  own = await account('erika@example.org', '=Süd: 1/2.', '116100000001', 1000);
  foreign = await account('nachbar@example.org', 'Nachbars Dach', '116100000002', 7000);
  // Gateways and the names of inputs are noted beside the answer.
  await ingest.notes.settled();
});
afterEach(async () => {
  clock = NOW;
  await db.owner((c) => c.query('DELETE FROM api.takeout'));
});
afterAll(async () => {
  await http.app.close();
  await ingest.drain();
  await db.drop();
});

const inverters = () => createInverterService(db.pools.app, { isOnlyAccount: async () => true });
function sources(): Parameters<typeof makeTakeouts>[0] {
  const services = { inverters: inverters(), statistics: createStatisticsService(db.pools.app) };
  return { pool: db.pools.app, inverters: services.inverters, exports: createExportService(db.pools.app, services) };
}

/** An account with one of everything, and a measurement every hour over the end of a month. */
async function account(email: string, name: string, serial: string, watts: number): Promise<typeof own> {
  const userId = await db.owner(async (c) => {
    const { rows } = await c.query<{ id: number }>(
      `SELECT api.insert_account($1, 'the-hash', 'Erika', $2, false, true, $3) AS id`,
      [email, email, ZONE],
    );
    const { id } = present(rows[0]);
    await c.query(
      `INSERT INTO api.session (id, user_id, created_at, last_used_at, expires_at, address, user_agent)
       SELECT gen_random_uuid(), $1::int, $2, $2, $2, '192.0.2.7', 'Firefox of ' || $3::text FROM generate_series(1, 1200)`,
      [id, NOW, email],
    );
    await c.query(
      `INSERT INTO store.mail (user_id, kind, message, created_at, run_after, sent_at) VALUES ($1, 'verify', NULL, $2, $2, $2)`,
      [id, NOW],
    );
    await c.query(
      `INSERT INTO api.audit_log (actor_id, user_id, action, detail, address) VALUES
         ($1::int, $1, 'password.change', '{}', '192.0.2.77'), ($1 + 500, $1, 'account.disable', '{"why":"secret of an admin"}', '192.0.2.99')`,
      [id],
    );
    await c.query(
      `INSERT INTO api.pending_device (user_id, kind, serial, first_seen_at, last_seen_at) VALUES ($1, 'opendtu', $2, $3, $3)`,
      [id, `pending of ${email}`, NOW],
    );
    await c.query(
      `INSERT INTO api.pending_reading (user_id, kind, serial, sampled_at, received_at, reading)
       VALUES ($1, 'opendtu', $2, $3, $3, '{"powerW": 5}')`,
      [id, `pending of ${email}`, NOW],
    );
    return id;
  });
  const keys = createApiKeys({ pools: db.pools, onError: () => undefined });
  await keys.create(userId, { name: `key of ${email}`, scope: 'read', expiresAt: null }, NOW);
  const inverterId = (await inverters().add(memberOf(userId), { name, serial, kind: 'opendtu' }, NOW)).id;
  ingest.resolver.invalidate();
  const sent = readings(serial, watts);
  for (let i = 0; i < sent.length; i += 50) {
    await ingest.intake.push(userId, 'opendtu', envelopeOf(...sent.slice(i, i + 50)), NOW);
  }
  await db.owner((c) =>
    c.query(`INSERT INTO api.quality_event (user_id, inverter_id, at, kind, detail) VALUES ($1, $2, $3, 'gap', $4)`, [
      userId,
      inverterId,
      NOW,
      { of: email },
    ]),
  );
  await db.owner(async (c) => {
    await c.query(`INSERT INTO api.visit VALUES ($1::int, '198.51.100.' || $1::int, $2)`, [userId, NOW]);
    await c.query(`INSERT INTO api.claim (user_id, inverter_id, proof, proven_at) VALUES ($1, $2, 'power_cycle', $3)`, [
      userId,
      inverterId,
      NOW,
    ]);
    await c.query(
      `INSERT INTO store.account_token (token_hash, user_id, purpose, new_email, created_at, expires_at)
       VALUES (sha256($2::text::bytea), $1, 'email', 'new-' || $2::text, $3, $3)`,
      [userId, email, NOW],
    );
    await c.query(`INSERT INTO store.decoded_frame VALUES ($1, $2, $3, $3, 'a layout', $4)`, [
      userId,
      inverterId,
      NOW,
      Buffer.from(email),
    ]);
    await c.query('UPDATE store.ac_sample SET voltage_l2_dv = 2311, power_l3_dw = 777 WHERE inverter_id = $1', [
      inverterId,
    ]);
  });
  return { userId, inverterId };
}

/** More than a page, and fewer. */
const LENGTHS = [1001, 2] as const;

/** Two more inverters with lists so long, and what an account has besides. */
async function twoWithLists(c: pg.Client, userId: number): Promise<number[]> {
  const { rows } = await c.query<{ id: number }>(
    `INSERT INTO api.inverter (user_id, site_id, kind, serial, name)
     SELECT $1, s.id, 'solarman', 'listed ' || n, 'Anbau' FROM api.site s, generate_series(1, 2) n WHERE s.user_id = $1 ORDER BY n RETURNING id`,
    [userId],
  );
  const ids = rows.map(({ id }) => id);
  const many = `unnest($2::int[], $4::int[]) AS i (id, length), generate_series(1, i.length) AS n`;
  const of = `i.id || ' ' || n`;
  for (const text of [
    `INSERT INTO store.raw_frame (user_id, inverter_id, received_at, layout, reason, bytes)
     SELECT $1, i.id, $3::timestamptz, 'none', 'unknown', convert_to(${of}, 'UTF8') FROM ${many} ORDER BY n`,
    `INSERT INTO store.decoded_frame (user_id, inverter_id, sampled_at, received_at, layout, bytes)
     SELECT $1, i.id, $3::timestamptz + n * interval '1 millisecond', $3, 'a layout', convert_to(${of}, 'UTF8') FROM ${many}`,
    `INSERT INTO api.quality_event (user_id, inverter_id, at, kind, detail)
     SELECT $1, i.id, $3::timestamptz, 'late', jsonb_build_object('of', ${of}) FROM ${many} ORDER BY n`,
  ]) {
    await c.query(text, [userId, ids, NOW, LENGTHS]);
  }
  await c.query(
    `INSERT INTO api.channel (user_id, inverter_id, channel, device_name)
     SELECT $1, id, 2 + n, 'input ' || 2 + n FROM unnest($2::int[]) WITH ORDINALITY AS i (id, n)`,
    [userId, ids],
  );
  await c.query(
    `INSERT INTO api.gateway (user_id, kind, serial, facts, first_seen_at, last_seen_at)
     VALUES ($1, 'solarman', 'of both', '{"firmware": "v1"}', $2, $2)`,
    [userId, NOW],
  );
  await c.query(
    `INSERT INTO api.pending_device (user_id, kind, serial, first_seen_at, last_seen_at) VALUES ($1, 'opendtu', 'listed', $2, $2)`,
    [userId, NOW],
  );
  const listed = [userId, NOW, LENGTHS[0]];
  for (const text of [
    `INSERT INTO api.pending_reading (user_id, kind, serial, sampled_at, received_at, reading)
     SELECT $1, 'opendtu', 'listed', $2::timestamptz + n * interval '1 millisecond', $2, jsonb_build_object('n', n) FROM generate_series(1, $3) n`,
    `INSERT INTO store.mail (user_id, kind, message, created_at, run_after, sent_at)
     SELECT $1, 'changed', NULL, $2, $2::timestamptz, $2 FROM generate_series(1, $3) n`,
    `INSERT INTO api.audit_log (actor_id, user_id, at, action, detail)
     SELECT $1, $1, $2::timestamptz, 'listed', jsonb_build_object('n', n) FROM generate_series(1, $3) n ORDER BY n`,
  ]) {
    await c.query(text, listed);
  }
  return ids;
}

async function forgetLists(c: pg.Client, userId: number, inverterIds: readonly number[]): Promise<void> {
  for (const table of ['store.raw_frame', 'store.decoded_frame', 'api.inverter']) {
    const column = table === 'api.inverter' ? 'id' : 'inverter_id';
    await c.query(`DELETE FROM ${table} WHERE user_id = $1 AND ${column} = ANY ($2::int[])`, [userId, inverterIds]);
  }
  await c.query(`DELETE FROM api.gateway WHERE user_id = $1 AND serial = 'of both'`, [userId]);
  await c.query(`DELETE FROM api.pending_device WHERE user_id = $1 AND serial = 'listed'`, [userId]);
  await c.query(`DELETE FROM store.mail WHERE user_id = $1 AND kind = 'changed'`, [userId]);
  await c.query(`DELETE FROM api.audit_log WHERE user_id = $1 AND action = 'listed'`, [userId]);
}

function readings(serial: string, watts: number): Reading[] {
  const from = NOW.getTime() - 3 * DAY_MS;
  return Array.from({ length: 72 }, (_, hour) => {
    const energyTotalWh = 100_000 + hour * watts;
    return openDtuReading(serial, new Date(from + hour * 3_600_000), { powerW: watts + hour / 10, energyTotalWh });
  });
}

const ask = (method: 'GET' | 'POST' | 'DELETE', path = PATH, userId = own.userId) =>
  http.inject({ method, url: path, headers: { authorization: `Bearer token-of-${userId}`, 'accept-language': 'de' } });
const stateOf = async (userId = own.userId) => (await ask('GET', PATH, userId)).json() as Record<string, unknown>;

async function work(made = sources(), signal?: AbortSignal): Promise<void> {
  const log = createLogger('fatal');
  const context = { database: databaseOf(db), settings: {} as never, log, now: clock };
  // It is ready when its making ends, which no job is told.
  vi.useFakeTimers({ toFake: ['Date'], now: clock });
  try {
    await makeTakeouts(made).run(signal === undefined ? context : { ...context, signal });
  } finally {
    vi.useRealTimers();
  }
}

async function archive(userId = own.userId): Promise<Map<string, string>> {
  const { statusCode, rawPayload, headers } = await ask('GET', `${PATH}/file`, userId);
  expect([statusCode, headers['content-type']]).toEqual([200, 'application/zip']);
  expect(Number(headers['content-length'])).toBe(rawPayload.length);
  return unzip(rawPayload);
}

describe('a takeout', () => {
  it('is everything of the account, in its language, and nothing of another’s', async () => {
    expect(await stateOf()).toMatchObject({ state: 'none', bytes: null });
    const asked = await ask('POST');
    expect([asked.statusCode, asked.json()]).toEqual([202, expect.objectContaining({ state: 'waiting' })]);
    expect((await ask('GET', `${PATH}/file`)).statusCode).toBe(404);
    await work();
    const { state, expires_at: until, ready_at: at } = await stateOf();
    expect(state).toBe('ready');
    expect(Date.parse(String(until)) - Date.parse(String(at))).toBe(7 * DAY_MS);

    const files = await archive();
    const folder = present([...files.keys()][0]).split('/')[0];
    const inverter = `inverters/${own.inverterId} =Süd_ 1_2`;
    expect([...files.keys()].map((name) => name.replace(`${folder}/`, ''))).toEqual([
      'LIESMICH.txt',
      ...['account', 'devices', 'sessions', 'mails', 'log', 'pending-readings'].map((name) => `${name}.json`),
      ...[
        'events.json',
        'frames.json',
        'decoded-frames.json',
        'energy-15m.csv',
        'samples-2026-06.csv',
        'samples-2026-07.csv',
      ].map((name) => `${inverter}/${name}`),
    ]);
    const file = (name: string): string => present(files.get(`${folder}/${name}`));
    expect(file('LIESMICH.txt')).toContain('Alles, was dieser Server am');
    expect(JSON.parse(file('account.json'))).toMatchObject({
      email: 'erika@example.org',
      has_second_factor: false,
      sites: [{ name: 'Zuhause', time_zone: ZONE }],
      api_keys: [{ name: 'key of erika@example.org', scope: 'read' }],
    });
    expect(JSON.parse(file('devices.json'))).toMatchObject({
      inverters: [{ serial: '116100000001', channels: expect.arrayContaining([expect.anything()]) }],
      pending: [{ serial: 'pending of erika@example.org' }],
    });
    // More than a page of them.
    const sessions = JSON.parse(file('sessions.json')) as Record<string, unknown>[];
    expect(sessions).toHaveLength(1200);
    expect(Object.keys(present(sessions[0]))).toEqual([
      'created_at',
      'last_used_at',
      'expires_at',
      'ended_at',
      'address',
      'user_agent',
    ]);
    expect(JSON.parse(file('mails.json'))).toEqual([expect.objectContaining({ kind: 'verify' })]);
    const log = JSON.parse(file('log.json')) as { action: string; by_another: boolean }[];
    expect(log.find(({ action }) => action === 'account.disable')).toMatchObject({ by_another: true, address: null });
    expect(log.find(({ action }) => action === 'password.change')).toMatchObject({ address: '192.0.2.77' });
    expect(JSON.parse(file(`${inverter}/events.json`))).toContainEqual(
      expect.objectContaining({ kind: 'gap', detail: { of: 'erika@example.org' } }),
    );
    expect(JSON.parse(file('pending-readings.json'))).toEqual([expect.objectContaining({ reading: { powerW: 5 } })]);
    expect(JSON.parse(file('account.json'))).toMatchObject({
      links: [{ purpose: 'email', new_email: 'new-erika@example.org' }],
      visits: [{ address: `198.51.100.${own.userId}` }],
      takeouts: [{ state: 'running' }],
    });
    expect(JSON.parse(file('devices.json'))).toMatchObject({
      inverters: [{ counter: { booked_wh: expect.arrayContaining([expect.any(Number)]) } }],
      claims: [{ inverter_id: own.inverterId, proof: 'power_cycle' }],
    });
    expect(JSON.parse(file(`${inverter}/decoded-frames.json`))).toMatchObject([
      { layout: 'a layout', payload_hex: Buffer.from('erika@example.org').toString('hex') },
    ]);
    const [head = '', firstRow = ''] = file(`${inverter}/samples-2026-06.csv`).replace('\ufeff', '').split('\r\n');
    const cellOf = (name: string): string | undefined => firstRow.split(',')[head.split(',').indexOf(name)];
    expect([cellOf('voltage_l2_v'), cellOf('power_l3_w'), cellOf('voltage_l3_v')]).toEqual(['231.1', '77.7', '']);
    // Every measurement, each in the month it has on the wall.
    const rowsOf = (name: string): string[] => file(`${inverter}/${name}`).trimEnd().split('\r\n').slice(1);
    const [june, july] = [rowsOf('samples-2026-06.csv'), rowsOf('samples-2026-07.csv')];
    expect(june.length + july.length).toBe(72);
    expect(june.every((row) => row.startsWith('2026-06-'))).toBe(true);
    expect(july[0]).toMatch(/^2026-07-01T00:00:00\+02:00,/);
    expect(rowsOf('energy-15m.csv').length).toBeGreaterThanOrEqual(72);

    const everything = [...files].flat().join('\n');
    expect(everything).not.toMatch(/nachbar|116100000002|Nachbars|192\.0\.2\.99|secret of an admin/i);
    expect(everything).not.toContain(Buffer.from('nachbar@example.org').toString('hex'));
    expect(everything).not.toMatch(/the-hash|password_hash|key_hash/);
    expect(everything).not.toContain(`,${7000},`);
  });

  it('has a place for every table that holds something of an account, or a reason against it', async () => {
    const { rows } = await db.owner((c) =>
      c.query<{ name: string }>(
        `SELECT format('%s.%s', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname IN ('api', 'store') AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND (
           c.oid = 'api.user_account'::regclass
           OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname IN ('user_id', 'actor_id', 'inverter_id', 'email'))
           OR EXISTS (SELECT FROM pg_constraint k WHERE k.contype = 'f' AND k.conrelid = c.oid AND k.confrelid = 'api.user_account'::regclass))`,
      ),
    );
    const places = { ...contents.TAKEN_FROM, ...contents.NOT_TAKEN };
    // TimescaleDB keeps its own columnstore in the place of packed days.
    const engines = ['store.ac_packed', 'store.dc_packed'];
    const tables = rows.map(({ name }) => name).filter((name) => !engines.includes(name));
    expect(tables.length).toBeGreaterThan(20);
    expect(tables.sort()).toEqual(
      Object.keys(places)
        .filter((name) => !engines.includes(name))
        .sort(),
    );
    await ask('POST');
    await work();
    const files = [...(await archive()).keys()];
    for (const place of new Set(Object.values(contents.TAKEN_FROM))) {
      const [start = '', end = ''] = place.split('*');
      expect(
        files.some((name) => name.includes(`/${start}`) && name.endsWith(end)),
        place,
      ).toBe(true);
    }
  });

  it('has every row of a long list once, and each inverter’s with it', async () => {
    const { userId } = own;
    const inverterIds = await db.owner((c) => twoWithLists(c, userId));
    onTestFinished(() => db.owner((c) => forgetLists(c, userId, inverterIds)));
    const all = async (read: contents.ReadPage): Promise<contents.Row[]> => {
      const rows: contents.Row[] = [];
      for (let after: unknown = null; ; ) {
        const page = await asTenant(db.pools.app, userId, (tx) => read(tx, after));
        rows.push(...page.rows);
        if (page.next === null) return rows;
        after = page.next;
      }
    };
    const payloadOf = (row: contents.Row): string => Buffer.from(String(row['payload_hex']), 'hex').toString();
    for (const [index, inverterId] of inverterIds.entries()) {
      const told = Array.from({ length: present(LENGTHS[index]) }, (_, n) => `${inverterId} ${n + 1}`);
      expect((await all(contents.eventPages(userId, inverterId))).map((row) => row['detail'])).toEqual(
        told.map((of) => ({ of })),
      );
      expect((await all(contents.framePages(userId, inverterId))).map(payloadOf)).toEqual(told);
      expect((await all(contents.decodedFramePages(userId, inverterId))).map(payloadOf)).toEqual(told);
    }
    const readings = await all(contents.pendingReadingPages(userId));
    const listed = readings.filter(({ serial }) => serial === 'listed').map(({ reading }) => reading);
    expect(new Set(listed.map((reading) => (reading as { n: number }).n)).size).toBe(LENGTHS[0]);
    expect(listed).toHaveLength(LENGTHS[0]);
    expect((await all(contents.mailPages())).filter(({ kind }) => kind === 'changed')).toHaveLength(LENGTHS[0]);
    const log = (await all(contents.logPages())).filter(({ action }) => action === 'listed');
    expect(log.map(({ detail }) => (detail as { n: number }).n)).toEqual(log.map((_, n) => n + 1));
    expect(log).toHaveLength(LENGTHS[0]);

    const devices = await asTenant(db.pools.app, userId, (tx) => contents.deviceFacts(tx, userId));
    expect(devices).toMatchObject({
      gateways: [{ kind: 'opendtu' }, { serial: 'of both', facts: { firmware: 'v1' } }],
      inverters: [
        { id: own.inverterId },
        { id: inverterIds[0], channels: [{ channel: 3, device_name: 'input 3' }] },
        { id: inverterIds[1], channels: [{ channel: 4, device_name: 'input 4' }] },
      ],
    });
  });

  it('has every column of a measurement', async () => {
    const { rows } = await db.owner((c) =>
      c.query<{ kind: string; name: string }>(
        `SELECT left(c.relname, 2) AS kind, a.attname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
         WHERE c.oid IN ('store.ac_sample'::regclass, 'store.dc_sample'::regclass) AND NOT a.attisdropped
           AND a.attname NOT IN ('user_id', 'inverter_id', 'channel', 'ts', 'day')`,
      ),
    );
    const columnsOf = (kind: string): string[] => rows.filter((row) => row.kind === kind).map(({ name }) => name);
    const columnOf = (sql: string): string => present(/^\w+/.exec(sql))[0];
    expect(
      Object.values({ ...AC_VALUES, ...PHASE_VALUES })
        .map(columnOf)
        .sort(),
    ).toEqual(columnsOf('ac').sort());
    expect(Object.values(DC_VALUES).map(columnOf).sort()).toEqual(columnsOf('dc').sort());
  });

  it('is its owner’s alone, and no key’s', async () => {
    await ask('POST');
    await work();
    expect((await ask('GET', `${PATH}/file`, foreign.userId)).statusCode).toBe(404);
    expect((await ask('DELETE', PATH, foreign.userId)).statusCode).toBe(404);
    expect(await stateOf(foreign.userId)).toMatchObject({ state: 'none' });
    for (const url of [PATH, `${PATH}/file`]) {
      expect((await http.inject({ url, headers: { 'x-api-key': KEYS.full } })).statusCode).toBe(401);
      expect((await http.inject({ url })).statusCode).toBe(401);
    }
    expect(await stateOf()).toMatchObject({ state: 'ready' });
  });

  it('is made one at a time and three times a day; what was done is in the log', async () => {
    const atOnce = await Promise.all(Array.from({ length: 6 }, () => ask('POST')));
    expect(atOnce.map(({ statusCode }) => statusCode).sort()).toEqual([202, 409, 409, 409, 409, 409]);
    expect((await ask('POST')).statusCode).toBe(409);
    await work();
    expect((await ask('GET', `${PATH}/file`)).statusCode).toBe(200);
    for (let n = 0; n < 2; n++) {
      expect((await ask('POST')).statusCode).toBe(202);
      expect((await ask('DELETE')).statusCode).toBe(204);
    }
    const refused = await ask('POST');
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([429, String(DAY_MS / 1000)]);
    clock = new Date(NOW.getTime() + DAY_MS);
    expect((await ask('POST')).statusCode).toBe(202);
    const { rows } = await db.owner((c) =>
      c.query<{ action: string; n: number }>(
        `SELECT action, count(*)::int AS n FROM api.audit_log WHERE action LIKE 'takeout.%' AND user_id = $1
           AND address = '127.0.0.1' AND id > (SELECT max(id) - 7 FROM api.audit_log) GROUP BY 1 ORDER BY 1`,
        [own.userId],
      ),
    );
    expect(rows).toEqual([
      { action: 'takeout.download', n: 1 },
      { action: 'takeout.remove', n: 2 },
      { action: 'takeout.request', n: 4 },
    ]);
  });

  it('is over after its time, and then removed', async () => {
    await ask('POST');
    await work();
    clock = new Date(NOW.getTime() + 8 * DAY_MS);
    expect(await stateOf()).toMatchObject({ state: 'gone' });
    expect((await ask('GET', `${PATH}/file`)).statusCode).toBe(404);
    const settings = { compressAfterDays: 7, retentionDays: 730 };
    await tidyUp.run({ database: databaseOf(db), settings, log: createLogger('fatal'), now: clock });
    expect(await stateOf()).toMatchObject({ state: 'none' });
    const { rowCount } = await db.owner((c) => c.query('SELECT FROM api.takeout_piece'));
    expect(rowCount).toBe(0);
  });

  it('gives the older one up, and goes with its account', async () => {
    await ask('POST');
    await work();
    await ask('POST');
    const kept = () => db.owner((c) => c.query('SELECT FROM api.takeout_piece WHERE user_id = $1', [own.userId]));
    expect((await kept()).rowCount).toBe(0);
    expect((await ask('GET', `${PATH}/file`)).statusCode).toBe(404);
  });
});

describe('the making of a takeout', () => {
  /** Sources whose measurements come one by one, and stop at the gate. */
  function gated(): { sources: ReturnType<typeof sources>; reached: Promise<void>; open: () => void } {
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    let reach = (): void => undefined;
    const reached = new Promise<void>((resolve) => {
      reach = resolve;
    });
    const real = sources();
    const exports: typeof real.exports = {
      async open(...args) {
        const table = await real.exports.open(...args);
        async function* rows(): typeof table.rows {
          for await (const row of table.rows) {
            yield row;
            reach();
            await gate;
          }
        }
        return { ...table, rows: rows() };
      },
    };
    return { sources: { ...real, exports }, reached, open };
  }

  it('ends where it is no longer wanted', async () => {
    await ask('POST');
    const slow = gated();
    const working = work(slow.sources);
    await slow.reached;
    expect(await stateOf()).toMatchObject({ state: 'running' });
    expect((await ask('DELETE')).statusCode).toBe(204);
    slow.open();
    await working;
    expect(await stateOf()).toMatchObject({ state: 'gone', bytes: null });
    expect((await db.owner((c) => c.query('SELECT FROM api.takeout_piece'))).rowCount).toBe(0);
  });

  it('is begun anew after a stop or a crash, which cost no try', async () => {
    await ask('POST');
    const slow = gated();
    const stop = new AbortController();
    const working = work(slow.sources, stop.signal);
    await slow.reached;
    stop.abort();
    slow.open();
    await working;
    expect(await stateOf()).toMatchObject({ state: 'waiting' });
    // Begun by a process that then died, with some of it written.
    const lost = present(await db.owner((c) => beginTakeout(c, clock)));
    expect(lost.attempt).toBe(1);
    await db.owner((c) =>
      c.query(`INSERT INTO api.takeout_piece VALUES ($1, $2, 0, 'half of it')`, [lost.userId, lost.id]),
    );
    await work();
    expect(await stateOf()).toMatchObject({ state: 'ready', progress_pct: 100 });
    expect((await archive()).size).toBe(13);
  });

  it('is tried three times, later each time, and then said to have failed', async () => {
    await ask('POST');
    const broken = sources();
    broken.exports = {
      open: async () => {
        throw new Error('no way');
      },
    };
    for (const state of ['waiting', 'waiting', 'failed']) {
      await work(broken);
      expect(await stateOf()).toMatchObject({ state });
      if (state === 'waiting') {
        await work();
        expect(await stateOf(), 'not at once').toMatchObject({ state });
      }
      clock = new Date(clock.getTime() + 3_600_000);
    }
    expect((await ask('POST')).statusCode).toBe(202);
  });
});
