/** Batches, keys and the inbox over HTTP, on two processes of the role web that share a database. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiKeyHint, hashApiKey, newApiKey } from '../../src/crypto/api-key.ts';
import type { DeviceKind } from '../../src/domain/inverter.ts';
import type { KeyScope } from '../../src/store/api-keys.ts';
import { addActiveInverter, insertAccount, insertApiKeyFor } from '../../src/store/owner-accounts.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { tidyUp } from '../../src/worker/jobs/tidy-up.ts';
import { present } from '../support/present.ts';
import { readmePush } from '../support/readme-push.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { startWebProcess, type WebProcess } from '../support/web-process.ts';

let db: TestDatabase;
let web: WebProcess;
let other: WebProcess;

beforeAll(async () => {
  db = await createTestDatabase();
  web = await startWebProcess(db);
  other = await startWebProcess(db);
});
afterAll(async () => {
  await Promise.all([web.stop(), other.stop()]);
  await db.drop();
});

interface Member {
  id: number;
  keys: Record<KeyScope, string>;
}

let people = 0;
async function member(): Promise<Member> {
  return db.owner(async (owner) => {
    const names = { passwordHash: 'x', firstName: '', lastName: '', timeZone: 'Europe/Berlin' };
    const email = `member${++people}@example.org`;
    const id = await insertAccount(owner, { ...names, email, isAdmin: false, isVerified: true });
    const keys = { ingest: newApiKey(), read: newApiKey(), full: newApiKey() };
    for (const scope of ['ingest', 'read', 'full'] as const) {
      const key = keys[scope];
      const facts = { name: scope, scope, hash: hashApiKey(key), hint: apiKeyHint(key) };
      await insertApiKeyFor(owner, id, { ...facts, createdAt: new Date(), expiresAt: null });
    }
    return { id, keys };
  });
}

async function add({ id }: Member, kind: DeviceKind, serial: string): Promise<number> {
  const inverter = { kind, serial, name: serial, ratedPowerW: null, timeZone: null };
  return present(await db.owner((owner) => addActiveInverter(owner, id, inverter)));
}

interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server says, held against what it must say
  body: any;
}

async function ask(
  method: string,
  path: string,
  key: string | null,
  payload?: unknown,
  origin = web.url,
): Promise<Answer> {
  const response = await fetch(origin + path, {
    method,
    headers: {
      ...(key === null ? {} : { 'x-api-key': key }),
      ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(payload === undefined ? {} : { body: JSON.stringify(payload) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? null : JSON.parse(text) };
}

async function until<T>(what: string, look: () => Promise<T | null>): Promise<T> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const START = Math.floor(Date.now() / 60_000) * 60_000;
const ago = (seconds: number): string => new Date(START - seconds * 1000).toISOString();
const current = async (of: Member, id: number) =>
  (await ask('GET', `/api/v1/inverters/${id}/current`, of.keys.read)).body;
const post = (of: Member, readings: unknown) => ask('POST', '/api/v1/readings', of.keys.ingest, { readings });

describe('POST /api/v1/readings', () => {
  it('stores each, answers for each, and booked is what the counters gained', async () => {
    const anna = await member();
    const id = await add(anna, 'other', 'zaehler-1');
    const channels = [
      { channel: 1, name: 'Süd', power_w: 310.5, voltage_v: 31.2, energy_total_wh: 900, irradiation_pct: 71.25 },
    ];
    const answer = await post(anna, [
      { serial: ' ZAEHLER-1', sampled_at: ago(120), power_w: 300.25, energy_total_wh: 1000 },
      {
        serial: 'zaehler-1',
        sampled_at: ago(60),
        power_w: 301.5,
        energy_total_wh: 1006,
        temperature_c: 41.5,
        channels,
      },
      { serial: 'zaehler-1', sampled_at: ago(60).replace('Z', ''), power_w: 1 },
      { serial: 'zaehler-1', sampled_at: ago(30), power_w: '12,5' },
      { serial: 'zaehler-1', sampled_at: ago(30) },
      { serial: 'zaehler-1', sampled_at: new Date(START + 3600_000).toISOString(), power_w: 1 },
      { serial: 'zaehler-1', sampled_at: '2001-01-01T00:00:00Z', power_w: 1 },
      { serial: 'zaehler-1', sampled_at: ago(20), channels: [{ channel: 9, power_w: 1 }] },
      { sampled_at: ago(20), power_w: 1 },
      'nonsense',
    ]);
    expect(answer).toMatchObject({ status: 200, body: { accepted: 2 } });
    expect(answer.body.results.map((r: { status: string; error: string | null }) => r.error ?? r.status)).toEqual([
      'ok',
      'ok',
      'sampled_at: needs an offset, e.g. +02:00 or Z',
      'power_w: cannot be believed',
      'reading: holds no value',
      'sampled_at: is outside the accepted time',
      'sampled_at: is outside the accepted time',
      'channels[0].channel: cannot be believed',
      'serial: required',
      'reading: must be an object',
    ]);
    expect(answer.body.results[1]).toEqual({ index: 1, serial: 'zaehler-1', status: 'ok', error: null });
    expect(await current(anna, id)).toMatchObject({
      power_w: 301.5,
      temperature_c: 41.5,
      energy_total_wh: 1006,
      energy_today_wh: expect.any(Number),
      channels: [{ channel: 1, power_w: 310.5, voltage_v: 31.2, irradiation_pct: 71.25 }],
    });
    // What a device says about itself is noted beside the answer.
    const named = await until('the name of the input', async () => {
      const { channels: now } = await current(anna, id);
      return now[0].name === null ? null : now;
    });
    expect(named).toMatchObject([{ channel: 1, name: 'Süd' }]);
  });

  it('sent again is a duplicate and changes nothing; the order does not matter', async () => {
    const anna = await member();
    const id = await add(anna, 'opendtu', '116100000001');
    const readings = [180, 120, 60].map((s, i) => ({
      serial: '116100000001',
      kind: 'opendtu',
      sampled_at: ago(s),
      power_w: 600,
      energy_total_wh: 5000 + 10 * i,
    }));
    const first = await post(anna, [...readings].reverse());
    expect(first.body).toMatchObject({ accepted: 3, results: [{ status: 'ok' }, { status: 'ok' }, { status: 'ok' }] });
    const again = await post(anna, readings);
    expect(again.body.results.map((r: { status: string }) => r.status)).toEqual([
      'duplicate',
      'duplicate',
      'duplicate',
    ]);
    expect(again.body.accepted).toBe(3);
    expect(await current(anna, id)).toMatchObject({ energy_total_wh: 5020, sampled_at: ago(60) });
  });

  it('takes a thousand at once and no more', async () => {
    const anna = await member();
    await add(anna, 'other', 'z');
    const many = (n: number) =>
      Array.from({ length: n }, (_, i) => ({
        serial: 'z',
        sampled_at: ago(300 * (n - i)),
        power_w: i,
        energy_total_wh: 10 * i,
      }));
    const answer = await post(anna, many(1000));
    expect(answer.body.accepted).toBe(1000);
    expect(await post(anna, many(1001))).toMatchObject({
      status: 422,
      body: { details: { fields: { readings: 'at most 1000' } } },
    });
    expect(await post(anna, 'x')).toMatchObject({ status: 422 });
    expect(await post(anna, [])).toEqual({ status: 200, body: { accepted: 0, results: [] } });
  });

  it('a serial of two devices needs its kind: 409, and nothing is stored', async () => {
    const anna = await member();
    await add(anna, 'opendtu', '1234');
    const charger = await add(anna, 'victron', '1234');
    const reading = { serial: '1234', sampled_at: ago(60), power_w: 5 };
    await add(anna, 'other', 'known');
    const refused = await post(anna, [{ ...reading, serial: 'known' }, reading]);
    expect(refused).toMatchObject({
      status: 409,
      body: { error: 'conflict', details: { fields: { 'readings[1].kind': 'say which: opendtu, victron' } } },
    });
    expect(await post(anna, [{ ...reading, serial: 'known' }])).toMatchObject({
      body: { results: [{ status: 'ok' }] },
    });
    expect(await post(anna, [{ ...reading, kind: 'victron' }])).toMatchObject({
      body: { results: [{ status: 'ok' }] },
    });
    expect(await current(anna, charger)).toMatchObject({ power_w: 5 });
  });

  it('another account’s device is an unknown one', async () => {
    const [anna, bert] = [await member(), await member()];
    const id = await add(bert, 'other', 'berts');
    expect(await post(anna, [{ serial: 'berts', sampled_at: ago(60), power_w: 5 }])).toMatchObject({
      body: { accepted: 1, results: [{ status: 'pending' }] },
    });
    expect(await current(bert, id)).toMatchObject({ sampled_at: null });
  });

  it('is for keys that push', async () => {
    const anna = await member();
    const body = { readings: [] };
    for (const [key, status] of [
      [anna.keys.read, 403],
      [anna.keys.full, 200],
      [null, 401],
    ] as const) {
      expect((await ask('POST', '/api/v1/readings', key, body)).status).toBe(status);
    }
  });
});

describe('the inbox', () => {
  const pending = async (of: Member) => (await ask('GET', '/api/v1/devices/pending', of.keys.read)).body;
  const push = (of: Member, secondsAgo: number, serial: string, kWh = 0) => {
    const body = readmePush(new Date(START - secondsAgo * 1000), serial);
    present(body.inverters[0]?.dc_channels[0]).yield_total += kWh;
    return ask('POST', '/api/opendtu/measurements', of.keys.ingest, body);
  };

  it('shows what pushed, and adding it books what it sent', async () => {
    const anna = await member();
    for (const [s, kWh] of [
      [180, 0],
      [120, 0.003],
      [120, 0.003],
      [60, 0.007],
    ] as const) {
      expect((await push(anna, s, '116183771004', kWh)).status).toBe(404);
    }
    expect(await pending(anna)).toEqual({
      auto_add: false,
      next_cursor: null,
      items: [
        {
          kind: 'opendtu',
          serial: '116183771004',
          name: 'Inverter 1',
          model: 'HM-1000/1200/1500-4T',
          mppt_count: 4,
          rated_power_w: 1500,
          gateway_serial: '145680140006',
          first_seen_at: expect.any(String),
          last_seen_at: expect.any(String),
          readings: 3,
        },
      ],
    });
    const claim = (serial: string, key = anna.keys.full) =>
      ask('POST', `/api/v1/devices/opendtu/${serial}/claim`, key, { name: 'Windfang' });
    expect((await claim('116183771004', anna.keys.read)).status).toBe(403);
    expect((await claim('116183771004', (await member()).keys.full)).status).toBe(404);
    expect((await claim('nothing')).status).toBe(404);
    const added = await claim('116183771004');
    expect(added).toMatchObject({ status: 201, body: { name: 'Windfang', serial: '116183771004', kind: 'opendtu' } });
    expect(await current(anna, added.body.id)).toMatchObject({
      sampled_at: new Date(START - 60_000).toISOString(),
      energy_total_wh: 444_678,
      power_w: 16.1,
    });
    // What a device says about itself is noted beside the answer.
    const inputs = await until('the number of inputs', async () => (await current(anna, added.body.id)).mppt_count);
    expect(inputs).toBe(4);
    expect((await pending(anna)).items).toEqual([]);
    expect((await push(anna, 30, '116183771004', 0.008)).status).toBe(201);
    expect((await claim('116183771004')).status).toBe(404);
  });

  it('what is added otherwise, in another process, is booked too', async () => {
    const anna = await member();
    await post(anna, [
      { serial: 'heating', sampled_at: ago(86_400 * 20), power_w: 40 },
      { serial: 'heating', sampled_at: ago(60), power_w: 50 },
    ]);
    expect((await pending(anna)).items).toMatchObject([{ kind: 'other', serial: 'heating', readings: 2, model: null }]);
    const made = await ask(
      'POST',
      '/api/v1/inverters',
      anna.keys.full,
      { name: 'H', serial: 'heating', kind: 'other' },
      other.url,
    );
    const shown = await until('what waited is booked', async () => {
      const body = await current(anna, made.body.id);
      return body.power_w === null ? null : body;
    });
    expect(shown).toMatchObject({ power_w: 50, sampled_at: ago(60) });
    const left = 'SELECT FROM api.pending_device WHERE user_id = $1';
    await until('the device has left the inbox', async () => {
      const { rowCount } = await db.owner((owner) => owner.query(left, [anna.id]));
      return rowCount === 0 ? true : null;
    });
  });

  it('adds by itself where that is wanted, but not what its owner has deleted', async () => {
    const anna = await member();
    expect((await ask('PATCH', '/api/v1/devices/pending', anna.keys.ingest, { auto_add: true })).status).toBe(403);
    expect((await ask('PATCH', '/api/v1/devices/pending', anna.keys.full, { auto_add: true })).body.auto_add).toBe(
      true,
    );
    const first = await push(anna, 120, '114182940773');
    expect(first).toMatchObject({
      status: 201,
      body: { results: [{ status: 'ok', inverter_id: expect.any(Number) }] },
    });
    const id = first.body.results[0].inverter_id;
    expect(await current(anna, id)).toMatchObject({ name: 'Inverter 1', power_w: 16.1, kind: 'opendtu' });
    const batch = await post(anna, [{ serial: 'mine', sampled_at: ago(60), power_w: 7 }]);
    expect(batch.body.results).toMatchObject([{ status: 'ok' }]);

    expect((await ask('DELETE', `/api/v1/inverters/${id}`, anna.keys.full)).status).toBe(204);
    // A push that the deletion overtakes is refused too; the next one waits in the inbox.
    const waiting = await until('it is unknown again, and waits', async () => {
      const { status } = await push(anna, 60, '114182940773');
      const { items } = await pending(anna);
      return status === 404 && items.length > 0 ? items : null;
    });
    expect(waiting).toMatchObject([{ serial: '114182940773' }]);
  });

  it('warns of an inverter that two DTUs report', async () => {
    const anna = await member();
    const id = await add(anna, 'opendtu', '116183771004');
    for (const [i, dtu_serial] of ['199980140256', '199980140257', '199980140256', '199980140257'].entries()) {
      const body = { ...readmePush(new Date(START - (240 - 60 * i) * 1000), '116183771004'), dtu_serial };
      expect((await ask('POST', '/api/opendtu/measurements', anna.keys.ingest, body)).status).toBe(201);
    }
    const noted = `SELECT detail FROM api.quality_event WHERE inverter_id = $1 AND kind = 'two_gateways'`;
    const events = await until('it is noted', async () => {
      const { rows } = await db.owner((owner) => owner.query(noted, [id]));
      return rows.length === 0 ? null : rows;
    });
    expect(events).toEqual([{ detail: { gateways: ['199980140257', '199980140256'] } }]);
  });

  it('keeps what waits for two days', async () => {
    const anna = await member();
    await post(anna, [{ serial: 'forgotten', sampled_at: ago(60), power_w: 1 }]);
    const tidyAfter = (hours: number): Promise<void> =>
      tidyUp.run({
        database: web.database,
        settings: { retentionDays: 730, compressAfterDays: 7 },
        log: createLogger('fatal'),
        now: new Date(Date.now() + hours * 3600_000),
      });
    await tidyAfter(47);
    expect((await pending(anna)).items).toMatchObject([{ serial: 'forgotten', readings: 1 }]);
    await tidyAfter(49);
    expect((await pending(anna)).items).toMatchObject([{ serial: 'forgotten', readings: 0 }]);
  });

  it('keeps a bounded number, and says so', async () => {
    const anna = await member();
    const many = (from: number) =>
      Array.from({ length: 1000 }, (_, i) => ({ serial: 'much', sampled_at: ago(60 * (from + i)), power_w: 1 }));
    for (let from = 0; from < 6000; from += 1000) expect((await post(anna, many(from))).body.accepted).toBe(1000);
    const full = await post(anna, many(5500));
    expect(full.body.accepted).toBe(500);
    expect(full.body.results[999]).toMatchObject({
      status: 'error',
      error: expect.stringContaining('add the device first'),
    });
  });
});

describe('/api/v1/api-keys', () => {
  const path = '/api/v1/api-keys';

  it('makes, lists and revokes, and a revoked key is refused by every process', async () => {
    const anna = await member();
    const expires = new Date(START + 86_400_000).toISOString();
    const made = await ask('POST', path, anna.keys.full, {
      name: ' Gartenhaus ',
      scope: 'ingest',
      expires_at: expires,
    });
    expect(made).toEqual({
      status: 201,
      body: {
        id: expect.any(Number),
        key: expect.stringMatching(/^[A-Z2-9]{4}(-[A-Z2-9]{4}){3}$/),
        name: 'Gartenhaus',
        scope: 'ingest',
        expires_at: expires,
      },
    });
    const { id, key } = made.body;
    const push = (origin: string) => ask('POST', '/api/opendtu/measurements', key, { inverters: [] }, origin);
    expect([(await push(web.url)).status, (await push(other.url)).status]).toEqual([201, 201]);
    const own = () =>
      ask('GET', path, anna.keys.full).then(({ body }) => body.items.find((one: { id: number }) => one.id === id));
    const used = await until('its use is noted', async () => ((await own()).last_used_at === null ? null : own()));
    expect(used).toMatchObject({ name: 'Gartenhaus', scope: 'ingest', hint: `…${key.slice(-4)}`, expires_at: expires });
    expect(JSON.stringify(used)).not.toContain(key);

    expect((await ask('DELETE', `${path}/${id}`, (await member()).keys.full)).status).toBe(404);
    expect((await ask('DELETE', `${path}/${id}`, anna.keys.full)).status).toBe(204);
    expect((await push(web.url)).status).toBe(401);
    await until('the other process knows', async () => ((await push(other.url)).status === 401 ? true : null));
    expect(await own()).toBeUndefined();
    expect((await ask('DELETE', `${path}/${id}`, anna.keys.full)).status).toBe(404);
  });

  it('is for keys that may manage, and says what is wrong', async () => {
    const anna = await member();
    for (const scope of ['ingest', 'read'] as const) {
      expect((await ask('GET', path, anna.keys[scope])).status).toBe(403);
      expect((await ask('POST', path, anna.keys[scope], { name: 'x' })).status).toBe(403);
    }
    const wrong = async (body: object) =>
      Object.keys((await ask('POST', path, anna.keys.full, body)).body.details.fields);
    expect(await wrong({ name: '', scope: 'read' })).toEqual(['name']);
    expect(await wrong({ name: 'x', scope: 'everything' })).toEqual(['scope']);
    expect(await wrong({ name: 'x', expires_at: ago(60) })).toEqual(['expires_at']);
  });
});

describe('INGEST_HTTP_PORT', () => {
  it('is what devices push to, the health check, and nothing else', async () => {
    const anna = await member();
    await add(anna, 'opendtu', '116183771004');
    const body = readmePush(new Date(START - 60_000), '116183771004');
    const pushed = await ask('POST', '/api/opendtu/measurements', anna.keys.ingest, body, web.plainUrl);
    expect(pushed).toMatchObject({ status: 201, body: { success_count: 1 } });
    expect(
      (await ask('POST', '/api/victron/measurements/', anna.keys.ingest, { devices: [] }, web.plainUrl)).status,
    ).toBe(201);
    expect((await ask('GET', '/healthcheck', null, undefined, web.plainUrl)).body).toMatchObject({ FastAPI: 'OK' });
    for (const path of ['/', '/login', '/api/v1/inverters', '/api/v1/readings', '/auth/jwt/login']) {
      expect((await ask('POST', path, anna.keys.ingest, {}, web.plainUrl)).status, path).toBe(404);
    }
  });

  it('refuses a key that could do more than push: others can read it on the way', async () => {
    const anna = await member();
    const answer = await ask('POST', '/api/opendtu/measurements', anna.keys.full, { inverters: [] }, web.plainUrl);
    expect(answer).toMatchObject({ status: 403, body: { message: expect.stringContaining('needs ingest') } });
  });
});
