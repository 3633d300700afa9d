import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiPlugin, deviceEndpoints } from '../../src/api/index.ts';
import { loadConfig } from '../../src/config.ts';
import { argon2id } from '../../src/crypto/passwords.ts';
import { SESSION_COOKIE } from '../../src/http/authentication.ts';
import { limitSignIns, SignInLimit } from '../../src/http/sign-in-limit.ts';
import { assembleIngest, type IngestParts } from '../../src/ingest/assemble.ts';
import { Hub } from '../../src/live/hub.ts';
import { createAccounts } from '../../src/services/accounts/accounts.ts';
import { assembleAccounts } from '../../src/services/accounts/assemble.ts';
import { type ApiKeys, createApiKeys } from '../../src/services/api-keys.ts';
import { createExportService } from '../../src/services/exports.ts';
import { createInboxService } from '../../src/services/inbox.ts';
import { createInverterService } from '../../src/services/inverters.ts';
import { createLoggerService } from '../../src/services/loggers.ts';
import type { ApiKeyScope, HealthReport, HealthService } from '../../src/services/services.ts';
import { createSiteService } from '../../src/services/sites.ts';
import { createStatisticsService } from '../../src/services/statistics.ts';
import { createTakeouts } from '../../src/services/takeout/takeouts.ts';
import { disableAccount, insertAccount } from '../../src/store/owner-accounts.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { failLoudly } from '../support/fail-loudly.ts';
import { type TestApp, testApp } from '../support/test-app.ts';
import { createTestDatabase, databaseOf, type TestDatabase } from '../support/test-database.ts';

const NOW = new Date('2026-06-21T11:00:00Z');
const PASSWORD = 'Sonnenaufgang 6';
const INVERTERS = '/api/v1/inverters';

let database: TestDatabase;
let ingest: IngestParts;
let keys: ApiKeys;
let http: TestApp;
let hashed: string;
let report: HealthReport;
let now: Date;
const clock = (): Date => now;

beforeAll(async () => {
  database = await createTestDatabase();
  hashed = await argon2id.hash(PASSWORD);
  const settings = { storeDcChannelData: true, defaultTimeZone: 'Europe/Berlin', retentionDays: 730 };
  ingest = assembleIngest(database.pools, settings, createLogger('fatal'), clock);
  keys = createApiKeys({ ...database, onError: (error) => expect.fail(String(error)) });
  const accounts = limitSignIns(
    createAccounts({ ...database, onError: failLoudly, timeZone: 'Europe/Berlin' }),
    new SignInLimit(),
  );
  const health: HealthService = { report: async () => report };
  const inverters = createInverterService(database.pools.app, { isOnlyAccount: async () => false });
  const statistics = createStatisticsService(database.pools.app);
  const { profile, sessions, twoFactor } = assembleAccounts({
    pools: database.pools,
    secrets: databaseOf(database).secrets,
    config: loadConfig({}, '/nonexistent'),
    onError: failLoudly,
  });
  const services = {
    accounts,
    profile,
    sessions,
    apiKeys: keys,
    health,
    inverters,
    inbox: createInboxService(database.pools.app, { inverters, book: (key) => ingest.inbox.bookNow(key) }),
    loggers: createLoggerService(database.pools.app),
    statistics,
    exports: createExportService(database.pools.app, { inverters, statistics }),
    sites: createSiteService(database.pools.app),
    takeouts: createTakeouts(database.pools.app),
    twoFactor,
  };
  http = await testApp(
    [
      apiPlugin({ services, batches: ingest.batches, hub: new Hub(), now: clock }),
      deviceEndpoints({ ingest: ingest.intake, now: clock }),
    ],
    {
      accounts,
      apiKeys: keys,
      authSecret: database.authSecret,
      now: clock,
    },
  );
});
beforeEach(() => {
  now = NOW;
  report = { ok: true, components: { database: 'ok', collector: 'ok', worker: 'not running' } };
});
afterAll(async () => {
  await http.app.close();
  await keys.settled();
  await ingest.drain();
  await database.drop();
});

interface Member {
  id: number;
  email: string;
  /** Headers of a signed-in program. */
  bearer: { authorization: string };
  token: string;
}

let people = 0;
async function member(options: { isVerified?: boolean } = {}): Promise<Member> {
  const email = `member${++people}@example.org`;
  const { isVerified = true } = options;
  const account = {
    email,
    passwordHash: hashed,
    firstName: 'A',
    lastName: 'B',
    timeZone: 'Europe/Berlin',
    isAdmin: false,
  };
  const id = await database.owner((owner) => insertAccount(owner, { ...account, isVerified }));
  const { access_token: token } = (await login({ username: email, password: PASSWORD })).json() as {
    access_token: string;
  };
  return { id, email, token, bearer: { authorization: `Bearer ${token}` } };
}

function login(fields: Record<string, string>, remoteAddress = '192.0.2.1'): Promise<LightMyRequestResponse> {
  return http.inject({
    method: 'POST',
    url: '/auth/jwt/login',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams(fields).toString(),
    remoteAddress,
  });
}

async function keyOf(user: Member, scope: ApiKeyScope): Promise<Record<string, string>> {
  return { 'x-api-key': (await keys.create(user.id, { name: scope, scope, expiresAt: null }, now)).key };
}

function ask(
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  url: string,
  headers: InjectOptions['headers'],
  payload?: object,
) {
  return http.inject({ method, url, headers: headers ?? {}, ...(payload === undefined ? {} : { payload }) });
}

let serials = 0;
async function addInverter(user: Member, name = 'Balkon'): Promise<{ id: number; serial: string }> {
  const serial = `1161000${String(++serials).padStart(5, '0')}`;
  const answer = await ask('POST', INVERTERS, user.bearer, { name, serial, kind: 'opendtu' });
  expect(answer.statusCode).toBe(201);
  ingest.resolver.invalidate();
  return answer.json() as { id: number; serial: string };
}

const fieldsOf = (answer: LightMyRequestResponse): string[] =>
  Object.keys((answer.json() as { details: { fields?: object } }).details.fields ?? {});

describe('POST /auth/jwt/login', () => {
  it('gives a bearer token for a form, or for JSON', async () => {
    const { email } = await member();
    const form = await login({ username: email, password: PASSWORD, grant_type: 'password', scope: '' });
    const json = await ask('POST', '/auth/jwt/login', {}, { username: email, password: PASSWORD });
    for (const answer of [form, json]) {
      expect(answer.statusCode).toBe(200);
      expect(answer.json()).toEqual({ access_token: expect.stringMatching(/^ey/) as string, token_type: 'bearer' });
      expect(answer.headers).not.toHaveProperty('set-cookie');
      expect(answer.headers['cache-control']).toBe('no-store');
    }
  });

  it('says the same to a wrong password and to a stranger', async () => {
    const { email } = await member();
    const answers = await Promise.all([
      login({ username: email, password: 'wrong' }),
      login({ username: 'stranger@example.org', password: PASSWORD }),
    ]);
    for (const answer of answers) expect(answer.statusCode).toBe(400);
    expect(answers[0]?.json()).toMatchObject({ detail: 'LOGIN_BAD_CREDENTIALS', error: 'bad_credentials' });
    expect(answers[1]?.body).toBe(answers[0]?.body);
  });

  it('names missing fields', async () => {
    expect(fieldsOf(await login({ username: 'a@example.org' }))).toEqual(['password']);
    expect((await ask('POST', '/auth/jwt/login', {})).statusCode).toBe(422);
  });

  it('lets somebody wait who guesses, for that account only', async () => {
    const guessed = await member();
    const other = await member();
    const from = '198.51.100.7';
    for (let n = 0; n < 5; n++)
      expect((await login({ username: guessed.email, password: 'x' }, from)).statusCode).toBe(400);
    const refused = await login({ username: guessed.email, password: PASSWORD }, from);
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([429, '60']);
    expect((await login({ username: guessed.email, password: PASSWORD }, '198.51.100.8')).statusCode).toBe(200);
    expect((await login({ username: other.email, password: PASSWORD }, from)).statusCode).toBe(200);
  });

  it('leaves neither password nor address in the log', async () => {
    const { email, token } = await member();
    await login({ username: email, password: 'a wrong password' });
    const log = http.lines.join('');
    expect(log).toContain('/auth/jwt/login');
    for (const secret of [email, PASSWORD, 'a wrong password', token]) expect(log).not.toContain(secret);
  });
});

describe('POST /auth/jwt/logout', () => {
  it('ends the session at once', async () => {
    const user = await member();
    expect((await ask('GET', INVERTERS, user.bearer)).statusCode).toBe(200);
    expect((await ask('POST', '/auth/jwt/logout', user.bearer)).statusCode).toBe(204);
    expect((await ask('GET', INVERTERS, user.bearer)).statusCode).toBe(401);
    expect((await ask('POST', '/auth/jwt/logout', user.bearer)).statusCode).toBe(401);
  });

  it('needs a session', async () => {
    const user = await member();
    expect((await ask('POST', '/auth/jwt/logout', {})).statusCode).toBe(401);
    expect((await ask('POST', '/auth/jwt/logout', await keyOf(user, 'full'))).statusCode).toBe(401);
  });
});

describe('who may', () => {
  it('read: a token, a cookie, a key for reading', async () => {
    const user = await member();
    const cookie = { cookie: `${SESSION_COOKIE}=${user.token}` };
    const statuses: Record<string, number> = {};
    for (const [name, headers] of Object.entries({
      nobody: {},
      bearer: user.bearer,
      cookie,
      ingest: await keyOf(user, 'ingest'),
      read: await keyOf(user, 'read'),
      full: await keyOf(user, 'full'),
    })) {
      statuses[name] = (await ask('GET', INVERTERS, headers)).statusCode;
    }
    expect(statuses).toEqual({ nobody: 401, bearer: 200, cookie: 200, ingest: 403, read: 200, full: 200 });
  });

  it('change: a token, a key for everything, a cookie with a form’s token', async () => {
    const user = await member();
    const { id } = await addInverter(user);
    const rename = async (headers: Record<string, string>): Promise<number> =>
      (await ask('PATCH', `${INVERTERS}/${id}`, headers, { name: 'Neu' })).statusCode;
    expect(await rename({})).toBe(401);
    expect(await rename(user.bearer)).toBe(200);
    expect(await rename({ cookie: `${SESSION_COOKIE}=${user.token}` })).toBe(403);
    expect(await rename(await keyOf(user, 'ingest'))).toBe(403);
    expect(await rename(await keyOf(user, 'read'))).toBe(403);
    expect(await rename(await keyOf(user, 'full'))).toBe(200);
  });

  it('nothing, from the moment the account is disabled', async () => {
    const user = await member();
    const key = await keyOf(user, 'full');
    expect((await ask('GET', INVERTERS, key)).statusCode).toBe(200);
    await database.owner((owner) => disableAccount(owner, user.id, now));
    keys.invalidate(); // what the notice from the database does
    expect((await ask('GET', INVERTERS, user.bearer)).statusCode).toBe(401);
    expect((await ask('GET', INVERTERS, key)).statusCode).toBe(401);
  });
});

describe('inverters', () => {
  it('are added, listed, renamed and removed', async () => {
    const user = await member();
    const body = { name: ' Garage ', serial: ' 2821A1B2C3D4 ', kind: 'opendtu' };
    const added = await ask('POST', INVERTERS, user.bearer, body);
    expect(added.statusCode).toBe(201);
    const inverter = added.json() as { id: number };
    expect(inverter).toEqual({
      id: expect.any(Number) as number,
      name: 'Garage',
      serial: '2821a1b2c3d4',
      kind: 'opendtu',
      state: 'never_seen',
      site_id: expect.any(Number) as number,
      time_zone: 'Europe/Berlin',
      rated_power_w: null,
      mppt_count: null,
      last_seen_at: null,
      power_w: null,
      sampled_at: null,
      energy_today_wh: null,
    });
    expect(added.headers['location']).toBe(`${INVERTERS}/${inverter.id}/current`);
    expect((await ask('GET', INVERTERS, user.bearer)).json()).toEqual({ items: [inverter], next_cursor: null });

    const renamed = await ask('PATCH', `${INVERTERS}/${inverter.id}`, user.bearer, { name: 'Carport' });
    expect([renamed.statusCode, renamed.json()]).toEqual([200, { ...inverter, name: 'Carport' }]);

    const removed = await ask('DELETE', `${INVERTERS}/${inverter.id}`, user.bearer);
    expect([removed.statusCode, removed.body]).toEqual([204, '']);
    expect((await ask('GET', INVERTERS, user.bearer)).json()).toEqual({ items: [], next_cursor: null });
    expect((await ask('DELETE', `${INVERTERS}/${inverter.id}`, user.bearer)).statusCode).toBe(404);
  });

  it('come in pages', async () => {
    const user = await member();
    const ids: number[] = [];
    for (let n = 0; n < 3; n++) ids.push((await addInverter(user)).id);
    const seen: number[] = [];
    let cursor: number | null = 0;
    for (let page = 0; cursor !== null; page++) {
      const answer = await ask('GET', `${INVERTERS}?limit=2&cursor=${cursor}`, user.bearer);
      const { items, next_cursor: next } = answer.json() as { items: { id: number }[]; next_cursor: number | null };
      expect(items.length, `page ${page}`).toBe([2, 1][page]);
      seen.push(...items.map(({ id }) => id));
      cursor = next;
    }
    expect(seen).toEqual(ids);
    for (const query of ['limit=0', 'limit=1001', 'limit=x']) {
      expect(fieldsOf(await ask('GET', `${INVERTERS}?${query}`, user.bearer))).toEqual(['limit']);
    }
  });

  it.each<[string, object, string[]]>([
    ['nothing', {}, ['name', 'serial', 'kind']],
    ['an unknown kind', { name: 'x', serial: '1', kind: 'fronius' }, ['kind']],
    ['an empty name', { name: ' ', serial: '1', kind: 'opendtu' }, ['name']],
    ['a long name', { name: 'x'.repeat(101), serial: '1', kind: 'opendtu' }, ['name']],
    ['a name that no database keeps', { name: 'x\u0000', serial: '1', kind: 'opendtu' }, ['name']],
    ['an empty serial', { name: 'x', serial: ' ', kind: 'opendtu' }, ['serial']],
    ['a logger that is no number', { name: 'x', serial: '12a', kind: 'solarman' }, ['serial']],
    ['a field we do not know', { name: 'x', serial: '1', kind: 'opendtu', user_id: 1 }, ['body']],
  ])('are refused with %s', async (_, body, fields) => {
    const user = await member();
    const answer = await ask('POST', INVERTERS, user.bearer, body);
    expect([answer.statusCode, fieldsOf(answer)]).toEqual([422, fields]);
  });

  it('are taken once for each account, and not before it is verified', async () => {
    const user = await member();
    const { serial } = await addInverter(user);
    const again = await ask('POST', INVERTERS, user.bearer, { name: 'x', serial, kind: 'opendtu' });
    expect([again.statusCode, (again.json() as { error: string }).error]).toEqual([409, 'conflict']);
    const neighbour = await member();
    expect((await ask('POST', INVERTERS, neighbour.bearer, { name: 'x', serial, kind: 'opendtu' })).statusCode).toBe(
      201,
    );
    const newcomer = await member({ isVerified: false });
    expect(
      (await ask('POST', INVERTERS, newcomer.bearer, { name: 'x', serial: '1', kind: 'opendtu' })).statusCode,
    ).toBe(403);
  });
});

describe('what an inverter does', () => {
  const push = (user: Record<string, string>, serial: string, sentAt: Date, powerW: number, yieldKwh: number) =>
    ask('POST', '/api/opendtu/measurements', user, {
      timestamp: sentAt.toISOString(),
      dtu_serial: '199980140256',
      inverters: [
        {
          serial,
          reachable: true,
          last_update: sentAt.getTime() / 1000,
          measurements: {
            power_ac: powerW,
            voltage_ac: 229.8,
            current_ac: 1.31,
            frequency: 49.99,
            power_factor: 0.997,
          },
          dc_channels: [{ channel: 1, name: 'Hochbeet', power: powerW, voltage: 30.8, yield_total: yieldKwh }],
        },
      ],
    });

  it('is shown from the push to the JSON with its decimals, and null for what is unknown', async () => {
    const user = await member();
    const key = await keyOf(user, 'ingest');
    const { id, serial } = await addInverter(user);
    const ago = (seconds: number): Date => new Date(NOW.getTime() - seconds * 1000);
    expect((await push(key, serial, ago(120), 299.9, 444.671)).statusCode).toBe(201);
    expect((await push(key, serial, ago(60), 300.5, 444.676)).statusCode).toBe(201);
    await ingest.notes.settled(); // names of inputs are learnt beside the push

    const current = await ask('GET', `${INVERTERS}/${id}/current`, user.bearer);
    expect(current.statusCode).toBe(200);
    expect(current.json()).toEqual({
      id,
      name: 'Balkon',
      serial,
      kind: 'opendtu',
      state: 'producing',
      site_id: expect.any(Number) as number,
      time_zone: 'Europe/Berlin',
      rated_power_w: expect.toSatisfy((w) => w === null || typeof w === 'number') as number,
      mppt_count: expect.toSatisfy((n) => n === null || typeof n === 'number') as number,
      last_seen_at: '2026-06-21T11:00:00.000Z',
      power_w: 300.5,
      sampled_at: '2026-06-21T10:59:00.000Z',
      energy_today_wh: 5,
      received_at: '2026-06-21T11:00:00.000Z',
      age_s: 60,
      energy_total_wh: 444_676,
      counter_total_wh: 444_676,
      power_dc_w: null,
      voltage_v: 229.8,
      current_a: 1.31,
      frequency_hz: 49.99,
      power_factor: 0.997,
      temperature_c: null,
      inverter_serial: null,
      max_power_today_w: 300.5,
      avg_power_last_hour_w: expect.closeTo(300.2) as number,
      channels: [
        {
          channel: 1,
          name: 'Hochbeet',
          power_w: 300.5,
          voltage_v: 30.8,
          current_a: null,
          energy_today_wh: 5,
          energy_total_wh: 444_676,
          irradiation_pct: null,
        },
      ],
    });

    const raw = await ask('GET', `${INVERTERS}/${id}/power?bucket=raw`, user.bearer);
    expect(raw.json()).toEqual({
      bucket: 'raw',
      points: [
        { time: '2026-06-21T10:58:00.000Z', power_w: 299.9, power_max_w: 299.9 },
        { time: '2026-06-21T10:59:00.000Z', power_w: 300.5, power_max_w: 300.5 },
      ],
    });
    // `from` is inclusive, `to` exclusive; an offset whose plus was not escaped is understood.
    const points = async (query: string): Promise<number> =>
      ((await ask('GET', `${INVERTERS}/${id}/power?bucket=raw&${query}`, user.bearer)).json() as { points: [] }).points
        .length;
    expect(await points('from=2026-06-21T10:58:00Z&to=2026-06-21T10:59:00Z')).toBe(1);
    expect(await points('from=2026-06-21T12:58:00+02:00&to=2026-06-21T13:00:00%2B02:00')).toBe(2);
    expect(await points('from=2026-06-20T00:00:00Z&to=2026-06-21T00:00:00Z')).toBe(0);
  });

  it('does not take a foreign or a mixed-up range', async () => {
    const user = await member();
    const { id } = await addInverter(user);
    const wrong = async (query: string): Promise<[number, string[]]> => {
      const answer = await ask('GET', `${INVERTERS}/${id}/power?${query}`, user.bearer);
      return [answer.statusCode, fieldsOf(answer)];
    };
    expect(await wrong('from=2026-06-21T11:00:00Z&to=2026-06-21T11:00:00Z')).toEqual([422, ['from']]);
    expect(await wrong('from=2026-06-22T00:00:00Z')).toEqual([422, ['from']]);
    expect(await wrong('from=2026-06-21T11:00:00')).toEqual([422, ['from']]);
    expect(await wrong('from=yesterday&to=1')).toEqual([422, ['from', 'to']]);
    expect(await wrong('bucket=2m')).toEqual([422, ['bucket']]);
  });

  it.each(['current', 'power'])('%s of what is not there: 404, of what is no id: 422', async (what) => {
    const user = await member();
    expect((await ask('GET', `${INVERTERS}/2147483647/${what}`, user.bearer)).statusCode).toBe(404);
    for (const id of ['0', '-1', '1.5', 'x', '2147483648']) {
      expect((await ask('GET', `${INVERTERS}/${id}/${what}`, user.bearer)).statusCode, id).toBe(422);
    }
  });
});

describe('another account’s inverter', () => {
  it('is nowhere to be found, and stays as it is', async () => {
    const owner = await member();
    const stranger = await member();
    const { id, serial } = await addInverter(owner, 'Mein Dach');
    const url = `${INVERTERS}/${id}`;
    for (const headers of [stranger.bearer, await keyOf(stranger, 'full')]) {
      const answers = [
        await ask('GET', `${url}/current`, headers),
        await ask('GET', `${url}/power`, headers),
        await ask('PATCH', url, headers, { name: 'Deins' }),
        await ask('DELETE', url, headers),
      ];
      expect(answers.map((answer) => answer.statusCode)).toEqual([404, 404, 404, 404]);
      // The same words as for what never was.
      const never = await ask('GET', `${INVERTERS}/2147483647/current`, headers);
      expect(answers[0]?.body.replaceAll(String(id), '#')).toBe(never.body.replaceAll('2147483647', '#'));
      expect((await ask('GET', INVERTERS, headers)).json()).toEqual({ items: [], next_cursor: null });
    }
    const pushed = await ask('POST', '/api/opendtu/measurements', await keyOf(stranger, 'ingest'), {
      dtu_serial: '1',
      inverters: [{ serial, measurements: { power_ac: 5 } }],
    });
    expect(pushed.statusCode).toBe(404);
    const mine = (await ask('GET', `${url}/current`, owner.bearer)).json();
    expect(mine).toMatchObject({ name: 'Mein Dach', power_w: null, state: 'never_seen' });
  });
});

describe('GET /healthcheck', () => {
  it('says that all is well, in the predecessor’s words too', async () => {
    const answer = await ask('GET', '/healthcheck', { cookie: `${SESSION_COOKIE}=nonsense`, 'x-api-key': 'nonsense' });
    expect([answer.statusCode, answer.json()]).toEqual([
      200,
      { status: 'ok', FastAPI: 'OK', components: { database: 'ok', collector: 'ok', worker: 'not running' } },
    ]);
    expect(answer.headers).not.toHaveProperty('set-cookie');
  });

  it('says what is down', async () => {
    report = { ok: false, components: { database: 'down', collector: 'unknown', worker: 'unknown' } };
    const answer = await ask('GET', '/healthcheck', {});
    expect([answer.statusCode, answer.json()]).toMatchObject([
      503,
      { status: 'failing', components: { database: 'down' } },
    ]);
  });
});
