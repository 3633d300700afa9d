import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiDocument, DOCUMENT_FILE } from '../../scripts/openapi.ts';
import { hashApiKey, newApiKey } from '../../src/crypto/api-key.ts';
import { SessionTokens } from '../../src/crypto/jwt.ts';
import { argon2id } from '../../src/crypto/passwords.ts';
import { openPools } from '../../src/db/pools.ts';
import { createExportService } from '../../src/services/exports.ts';
import { createInverterService } from '../../src/services/inverters.ts';
import { createStatisticsService } from '../../src/services/statistics.ts';
import { insertApiKey, type KeyScope } from '../../src/store/api-keys.ts';
import { insertAccount } from '../../src/store/owner-accounts.ts';
import { insertSession } from '../../src/store/sessions.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { makeTakeouts } from '../../src/worker/jobs/make-takeouts.ts';
import { type ApiDocument, Conformance, type NamedOperation, type Sent, type Walked } from '../support/conformance.ts';
import { fuzz } from '../support/fuzz-run.ts';
import { present } from '../support/present.ts';
import { readmePush } from '../support/readme-push.ts';
import { buildTestApp, type ServedApp } from '../support/served-app.ts';
import { createTestDatabase, databaseOf, type TestDatabase } from '../support/test-database.ts';

/** The document says what the server does: it is valid, complete, and every answer of a walk through all of it is as it says. */

const PASSWORD = 'Sonnenaufgang 6';
const HOUR_MS = 3_600_000;
/** More than any route takes. */
const TOO_MUCH = 5_000_000;
const REFUSALS = [304, 400, 401, 403, 404, 409, 413, 414, 415, 422, 429, 500, 503];

let db: TestDatabase;
let served: ServedApp;
let origin: string;
let text: string;
let api: Conformance;
let user: { id: number; email: string };
/** One with everything. */
let inverterId: number;

beforeAll(async () => {
  db = await createTestDatabase();
  served = await buildTestApp(db);
  origin = present(served.routes.find(({ url }) => url === '/openapi.json')).origin;
  text = await (await fetch(`${origin}/openapi.json`)).text();
  api = new Conformance(JSON.parse(text) as ApiDocument);
  user = await account('walker@example.org');
  // A logger of somebody who is not alone on the server has to wait for a proof.
  await account('neighbour@example.org');
});
afterAll(async () => {
  await served.stop();
  await db.drop();
});

async function account(email: string): Promise<{ id: number; email: string }> {
  const passwordHash = await argon2id.hash(PASSWORD);
  const names = { firstName: 'A', lastName: 'B', timeZone: 'Europe/Berlin' };
  const fields = { email, passwordHash, ...names, isAdmin: false, isVerified: true };
  return { id: await db.owner((owner) => insertAccount(owner, fields)), email };
}

async function keyOf(scope: KeyScope): Promise<Record<string, string>> {
  const key = newApiKey();
  const fields = { name: scope, scope, hash: hashApiKey(key), hint: '…', createdAt: new Date(), expiresAt: null };
  await insertApiKey(db.pools.app, user.id, fields);
  return { 'x-api-key': key };
}

/** The worker's turn, and how it then is with the archive. */
async function makeArchive(): Promise<{ state: string }> {
  const pool = db.pools.app;
  const inverters = createInverterService(pool, { isOnlyAccount: async () => false });
  const exports = createExportService(pool, { inverters, statistics: createStatisticsService(pool) });
  const context = { settings: {} as never, log: createLogger('fatal'), now: new Date() };
  await makeTakeouts({ pool, inverters, exports }).run({ ...context, database: databaseOf(db) });
  const answer = await fetch(`${origin}/api/v1/account/takeout`, { headers: await session() });
  return (await answer.json()) as { state: string };
}

async function session(): Promise<Record<string, string>> {
  const [id, now] = [randomUUID(), new Date()];
  const expiresAt = new Date(now.getTime() + HOUR_MS);
  await insertSession(db.pools.app, { id, userId: user.id, createdAt: now, expiresAt, address: '', userAgent: null });
  const { token } = await new SessionTokens(db.authSecret).sign(user.id, id, now);
  return { authorization: `Bearer ${token}`, 'x-session': id };
}

type Asked = [key: string, headers: Record<string, string>, sent?: Sent];

describe('the document', () => {
  it('is the one in docs/', async () => {
    const file = readFileSync(DOCUMENT_FILE, 'utf8');
    expect(await apiDocument(), 'run "npm run openapi"').toBe(file);
    expect(JSON.parse(text)).toEqual(JSON.parse(file));
  });

  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(JSON.parse(text) as Record<string, unknown>);
    expect([valid, errors]).toEqual([true, undefined]);
    expect(api.document['openapi']).toMatch(/^3\.1\./);
  });

  it('has every route there is, and no other', () => {
    const isApi = /^\/(api|auth)\/|^\/(healthcheck|inverter_metadata)/;
    const routes = served.routes
      .filter(({ method, url }) => method !== 'HEAD' && isApi.test(url) && !url.endsWith('/'))
      .map(({ method, url }) => `${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
    expect(api.operations.map(({ key }) => key).sort()).toEqual([...new Set(routes)].sort());
  });

  it('has examples, and they are what it says', () => {
    const problems: string[] = [];
    const check = (key: string, media: Record<string, { example?: unknown }> | undefined, ...where: string[]): void => {
      for (const [type, { example }] of Object.entries(media ?? {})) {
        if (example === undefined) problems.push(`${key}: ${where.at(-2)} has no example`);
        else problems.push(...api.problemsAt([...where, type, 'schema'], example).map((one) => `${key}: ${one}`));
      }
    };
    for (const { key, path, method, requestBody, responses } of api.operations) {
      const where = ['paths', path, method.toLowerCase()];
      check(key, requestBody?.content, ...where, 'requestBody', 'content');
      const success = present(Object.keys(responses).find((status) => status.startsWith('2')));
      check(key, responses[success]?.content, ...where, 'responses', success, 'content');
    }
    expect(problems).toEqual([]);
  });
});

describe('every answer is as the document says', () => {
  const expectWalk = async (status: number, ...[key, headers, sent]: Asked): Promise<Walked['body']> => {
    const answer = await api.walk(origin, key, headers, sent);
    expect([key, answer.status, answer.problems]).toEqual([key, status, []]);
    return answer.body;
  };
  /** What is wrong with it, in place of the end of the test: there are hundreds. */
  const problemsOf = async (statuses: number[], ...[key, headers, sent]: Asked): Promise<string[]> => {
    const { status, problems } = await api.walk(origin, key, headers, sent);
    return statuses.includes(status) ? problems : [...problems, `${key}: ${status}, not ${statuses.join(' or ')}`];
  };
  const exampleOf = ({ requestBody }: NamedOperation): Sent =>
    requestBody === undefined ? {} : { body: present(Object.values(requestBody.content)[0]).example };
  const NOTHING = { id: 2_000_000_000, n: 1, kind: 'opendtu', serial: 'nothing' };

  it('to requests that succeed, of every operation', async () => {
    const [full, read, ingest] = [await keyOf('full'), await keyOf('read'), await keyOf('ingest')];
    await expectWalk(200, 'GET /healthcheck', {});
    const login = new URLSearchParams({ username: user.email, password: PASSWORD });
    const { access_token: token } = await expectWalk(200, 'POST /auth/jwt/login', {}, { form: login });
    await expectWalk(204, 'POST /auth/jwt/logout', { authorization: `Bearer ${String(token)}` });

    const serial = '116183771004';
    const made = await expectWalk(201, 'POST /api/v1/inverters', full, {
      body: { name: 'Dach', serial, kind: 'opendtu' },
    });
    inverterId = Number(made['id']);
    const path = { id: inverterId, n: 1 };
    const now = Date.now();
    const push = (secondsAgo: number, of: string) => readmePush(new Date(now - secondsAgo * 1000), of);
    const opendtu = 'POST /api/opendtu/measurements';
    await expectWalk(201, opendtu, ingest, { body: push(120, serial) });
    const two = push(60, serial);
    two.inverters.push(...push(60, '116183771005').inverters);
    await expectWalk(207, opendtu, ingest, { body: two });
    await expectWalk(404, opendtu, ingest, { body: push(60, '116183771005') });
    const charger = {
      serial: 'HQ2203ABCDE',
      reachable: true,
      producing: true,
      yield_power_w: 348.1,
      yield_total_kwh: 6515.4,
    };
    const victron = { timestamp: new Date(now).toISOString(), cerbo_serial: 'c0619ab3f1d2', devices: [charger] };
    await expectWalk(201, 'POST /api/v1/inverters', full, {
      body: { name: 'V', serial: charger.serial, kind: 'victron' },
    });
    const victronPush = 'POST /api/victron/measurements';
    await expectWalk(201, victronPush, ingest, { body: victron });
    const stranger = { ...charger, serial: 'HQ0000ABCDE' };
    await expectWalk(207, victronPush, ingest, { body: { ...victron, devices: [charger, stranger] } });
    await expectWalk(404, victronPush, ingest, { body: { ...victron, devices: [stranger] } });
    await expectWalk(200, 'POST /api/v1/readings', ingest, {
      body: { readings: [{ serial, sampled_at: new Date(now - 30_000).toISOString(), power_w: 20 }, { serial: 'x' }] },
    });

    await expectWalk(200, 'PATCH /api/v1/devices/pending', full, { body: { auto_add: false } });
    await expectWalk(200, 'GET /api/v1/devices/pending', read);
    const device = { kind: 'opendtu', serial: '116183771005' };
    await expectWalk(201, 'POST /api/v1/devices/{kind}/{serial}/claim', full, { path: device, body: { name: 'Zaun' } });
    await expectWalk(200, 'POST /inverter_metadata/{serial}', full, {
      path: { serial },
      body: { rated_power: 1500, number_of_mppts: 4 },
    });

    const sites = await expectWalk(200, 'GET /api/v1/sites', read);
    const [site] = sites['items'] as unknown as { id: number }[];
    const siteId = present(site).id;
    await expectWalk(200, 'PATCH /api/v1/sites/{id}', full, { path: { id: siteId }, body: { name: 'Hof' } });
    await expectWalk(200, 'PATCH /api/v1/inverters/{id}', full, { path, body: { name: 'First', site_id: siteId } });
    await db.owner((owner) =>
      owner.query(`INSERT INTO api.channel (user_id, inverter_id, channel) VALUES ($1, $2, 1) ON CONFLICT DO NOTHING`, [
        user.id,
        path.id,
      ]),
    );
    await expectWalk(200, 'PATCH /api/v1/inverters/{id}/channels/{n}', full, { path, body: { peak_power_w: 430 } });
    await db.owner((owner) =>
      owner.query(
        `INSERT INTO api.quality_event (user_id, inverter_id, channel, at, kind, detail)
         SELECT $1, $2, 0, now(), kind, '{"a":1}' FROM unnest(ARRAY['gap', 'late']) kind`,
        [user.id, path.id],
      ),
    );
    await expectWalk(200, 'GET /api/v1/inverters/{id}/events', read, { path, query: '?limit=1' });
    await expectWalk(200, 'GET /api/v1/inverters', read);
    await expectWalk(200, 'GET /api/v1/inverters/{id}/current', read, { path });
    for (const bucket of ['raw', '5m', '15m']) {
      await expectWalk(200, 'GET /api/v1/inverters/{id}/power', read, { path, query: `?bucket=${bucket}` });
    }
    await expectWalk(200, 'GET /api/v1/inverters/{id}/channels/{n}/power', read, { path });
    for (const key of ['GET /api/v1/inverters/{id}/energy', 'GET /api/v1/inverters/{id}/channels/{n}/energy'])
      await expectWalk(200, key, read, { path });
    for (const what of ['current', 'power', 'energy']) await expectWalk(200, `GET /api/v1/summary/${what}`, read);
    for (const format of ['csv', 'json']) {
      await expectWalk(200, 'GET /api/v1/inverters/{id}/export', read, { path, query: `?format=${format}` });
    }
    await expectWalk(200, 'GET /api/v1/live', read);

    const waiting = { name: 'Logger', serial: '2712345678', kind: 'solarman' };
    const logger = { id: Number((await expectWalk(201, 'POST /api/v1/inverters', full, { body: waiting }))['id']) };
    await expectWalk(200, 'GET /api/v1/inverters/{id}/logger', read, { path: logger });
    await expectWalk(200, 'POST /api/v1/inverters/{id}/restart', full, { path: logger });
    await expectWalk(200, 'GET /api/v1/inverters/{id}/frames', read, { path: logger });
    await expectWalk(204, 'POST /api/v1/inverters/{id}/release', full, { path: logger });
    await expectWalk(204, 'DELETE /api/v1/inverters/{id}', full, { path: logger });

    await expectWalk(200, 'GET /api/v1/account', read);
    const key = await expectWalk(201, 'POST /api/v1/api-keys', full, { body: { name: 'k', scope: 'read' } });
    await expectWalk(200, 'GET /api/v1/api-keys', full);
    await expectWalk(204, 'DELETE /api/v1/api-keys/{id}', full, { path: { id: Number(key['id']) } });
    await expectWalk(200, 'GET /api/v1/sessions', await session());
    const ended = await session();
    await expectWalk(204, 'DELETE /api/v1/sessions/{id}', await session(), {
      path: { id: present(ended['x-session']) },
    });
    await expectWalk(204, 'DELETE /api/v1/sessions', await session());

    expect((await makeArchive()).state).toBe('none');
    await expectWalk(202, 'POST /api/v1/account/takeout', await session());
    await makeArchive();
    await expectWalk(200, 'GET /api/v1/account/takeout', await session());
    await expectWalk(200, 'GET /api/v1/account/takeout/file', await session());
    await expectWalk(204, 'DELETE /api/v1/account/takeout', await session());

    expect(api.unseen(REFUSALS)).toEqual([]);
  });

  it('to those that are refused: nobody, the wrong key, what is not there, wrong fields, no JSON', async () => {
    const problems: string[] = [];
    const [full, read, ingest] = [await keyOf('full'), await keyOf('read'), await keyOf('ingest')];
    const expected = async (...asked: Parameters<typeof problemsOf>): Promise<void> => {
      problems.push(...(await problemsOf(...asked)));
    };
    for (const operation of api.operations) {
      const { key, security, scopes, parameters = [], requestBody } = operation;
      const body = exampleOf(operation);
      const allowed = scopes.includes('full') ? full : await session();
      if (security.length > 0) {
        await expected([401], key, {}, { path: NOTHING, ...body });
        const wrong = scopes.includes('read') ? ingest : read;
        await expected(scopes.length === 0 ? [401] : [403], key, wrong, { path: NOTHING, ...body });
      }
      const named = parameters.filter((one) => one.in === 'path');
      const isArchive = key.includes('takeout') && operation.responses[404] !== undefined;
      if (named.length > 0 || isArchive) await expected([404], key, allowed, { path: NOTHING, ...body });
      if (named.some(({ name }) => name === 'id') && !key.includes('sessions/{'))
        await expected([422], key, allowed, { path: { id: 'x', n: 'x' }, ...body });
      else if (named.some(({ name }) => name === 'kind') || key.includes('sessions/{'))
        await expected([422], key, allowed, {
          path: { id: 'x'.repeat(90), serial: 'x'.repeat(90), kind: 'x' },
          ...body,
        });
      if (named.length > 0) {
        const [id, word] = ['1'.repeat(101), 'x'.repeat(101)];
        await expected([414], key, allowed, { path: { id, n: 1, serial: word, kind: 'other' }, ...body });
      }
      if (parameters.some(({ name }) => name === 'limit'))
        await expected([422], key, allowed, { path: NOTHING, query: '?limit=0' });
      else if (parameters.some((one) => one.in === 'query'))
        await expected([422], key, allowed, { path: NOTHING, query: '?from=x&to=y&bucket=z' });
      if (requestBody === undefined) continue;
      const target = { ...NOTHING, id: 1 };
      await expected([400], key, allowed, { path: target, raw: '{' });
      await expected([422], key, allowed, { path: target, body: { readings: 1, limit: 'x' } });
      await expected([413], key, allowed, { path: target, raw: JSON.stringify({ x: 'x'.repeat(TOO_MUCH) }) });
      // A push is JSON whatever it is called; only packed it is not read.
      const type = key.includes('measurements') ? { 'content-encoding': 'gzip' } : { 'content-type': 'text/xml' };
      await expected([415], key, { ...allowed, ...type }, { path: target, raw: '<x/>' });
    }
    const push = { dtu_serial: 'x', inverters: [{ serial: null }] };
    await expected([422], 'POST /api/opendtu/measurements', ingest, { body: push });
    expect(problems).toEqual([]);
  });

  it('to a browser whose form token is missing', async () => {
    const { authorization } = await session();
    const cookie = `fastapiusersauth=${present(authorization).replace('Bearer ', '')}`;
    const problems: string[] = [];
    for (const operation of api.operations) {
      if (operation.method === 'GET' || operation.responses[403] === undefined) continue;
      if (!operation.security.some((one) => one['session'] !== undefined)) continue;
      problems.push(
        ...(await problemsOf([403], operation.key, { cookie }, { path: NOTHING, ...exampleOf(operation) })),
      );
    }
    expect(problems).toEqual([]);
  });

  it('to what is known already, and to what is in the way of something', async () => {
    const full = await keyOf('full');
    for (const { key } of api.operations.filter(({ responses }) => responses[304] !== undefined)) {
      const sent = { path: { id: inverterId, n: 1 }, query: '?from=2026-06-20T00:00:00Z&to=2026-06-21T00:00:00Z' };
      const pair = async () => {
        const first = await api.walk(origin, key, full, sent);
        expect([key, first.status, first.problems]).toEqual([key, 200, []]);
        const known = { ...full, 'if-none-match': present(first.headers.get('etag') ?? undefined) };
        const { status, problems } = await api.walk(origin, key, known, sent);
        return { tellsAge: /"age_s":\d/.test(JSON.stringify(first.body)), answer: [key, status, problems] };
      };
      const { tellsAge, answer } = await pair();
      // An age counts seconds: two questions in two of them have two answers, and the next pair has to agree.
      if (tellsAge) await expect.poll(async () => (await pair()).answer, { interval: 1 }).toEqual([key, 304, []]);
      else expect(answer).toEqual([key, 304, []]);
    }
    const serial = '116183771004';
    await expectWalk(409, 'POST /api/v1/inverters', full, { body: { name: 'x', serial, kind: 'opendtu' } });
    // Two who claim it in the same moment: one of them finds it registered.
    const body = readmePush(new Date(), '116183771007');
    await expectWalk(404, 'POST /api/opendtu/measurements', full, { body });
    await db.owner((c) =>
      c.query(
        `CREATE FUNCTION store.too_late() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN RAISE unique_violation; END $$;
         CREATE TRIGGER too_late BEFORE INSERT ON api.inverter FOR EACH ROW EXECUTE FUNCTION store.too_late()`,
      ),
    );
    const claim = 'POST /api/v1/devices/{kind}/{serial}/claim';
    await expectWalk(409, claim, full, { path: { kind: 'opendtu', serial: '116183771007' }, body: { name: 'x' } });
    await db.owner((c) => c.query('DROP TRIGGER too_late ON api.inverter; DROP FUNCTION store.too_late()'));
    await expectWalk(201, 'POST /api/v1/inverters', full, { body: { name: 'x', serial, kind: 'other' } });
    const what = { rated_power: 600, number_of_mppts: 2 };
    await expectWalk(409, 'POST /inverter_metadata/{serial}', full, { path: { serial }, body: what });
    const readings = [{ serial, sampled_at: new Date().toISOString(), power_w: 1 }];
    await expectWalk(409, 'POST /api/v1/readings', full, { body: { readings } });
    for (const status of [202, 409]) await expectWalk(status, 'POST /api/v1/account/takeout', await session());
    await db.owner((c) =>
      c.query(
        `INSERT INTO api.api_key (user_id, name, scope, key_hash, hint, created_at)
         SELECT $1, 'x', 'read', sha256(n::text::bytea), 'x', now() FROM generate_series(1, 100) n`,
        [user.id],
      ),
    );
    await expectWalk(409, 'POST /api/v1/api-keys', full, { body: { name: 'x', scope: 'read' } });
  });

  it('to whoever guesses, and while the database is not there', async () => {
    const problems: string[] = [];
    const walkAll = async (on: ServedApp, status: 429 | 503, headers: () => Record<string, string>): Promise<void> => {
      const at = present(on.routes.find(({ url }) => url === '/openapi.json')).origin;
      for (const operation of api.operations) {
        if (operation.responses[status] === undefined) continue;
        const answer = await api.walk(at, operation.key, headers(), { path: NOTHING, ...exampleOf(operation) });
        problems.push(...answer.problems);
        if (answer.status !== status) problems.push(`${operation.key}: ${answer.status}, not ${status}`);
      }
    };
    const strict = await buildTestApp(db, { env: { SIGN_IN_LIMIT: '1/minute' } });
    const strictOrigin = present(strict.routes.find(({ url }) => url === '/openapi.json')).origin;
    for (let n = 0; n < 20; n++)
      await fetch(`${strictOrigin}/api/v1/account`, { headers: { 'x-api-key': newApiKey() } });
    const wrong = exampleOf(present(api.operations.find(({ key }) => key === 'POST /auth/jwt/login')));
    await api.walk(strictOrigin, 'POST /auth/jwt/login', {}, wrong);
    await walkAll(strict, 429, () => ({ 'x-api-key': newApiKey() }));
    await strict.stop();

    const adminUrl = 'postgres://nobody@127.0.0.1:1/nothing';
    const { authSecret, roles } = db;
    const pools = openPools({ adminUrl, authSecret, roles, onError: () => undefined });
    const down = await buildTestApp({ ...db, adminUrl, pools });
    await walkAll(down, 503, () => ({ 'x-api-key': newApiKey() }));
    await down.stop();
    await pools.end();
    expect(problems).toEqual([]);
  });

  it('and no answer is documented that was not shown', () => {
    console.log(`Conformance of ${api.operations.length} operations:\n${api.printed()}`);
    // A fault of the server is the only one that cannot be asked for.
    expect(api.unseen([500])).toEqual([]);
  });
});

it('generated requests are answered as the document says too, and none by a fault', async () => {
  const guest = await account('guest@example.org');
  const report = await fuzz({ db, origin, userId: guest.id, seed: 20_260_621, requests: 5 });
  expect(report.problems).toEqual([]);
  expect(report.count).toBe(5 * api.operations.length);
}, 180_000);
