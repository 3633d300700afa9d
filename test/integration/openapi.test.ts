import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiDocument, DOCUMENT_FILE } from '../../scripts/openapi.ts';
import { hashApiKey, newApiKey } from '../../src/crypto/api-key.ts';
import { SessionTokens } from '../../src/crypto/jwt.ts';
import { argon2id } from '../../src/crypto/passwords.ts';
import { insertApiKey, type KeyScope } from '../../src/store/api-keys.ts';
import { insertAccount } from '../../src/store/owner-accounts.ts';
import { insertSession } from '../../src/store/sessions.ts';
import { present } from '../support/present.ts';
import { readmePush } from '../support/readme-push.ts';
import { buildTestApp, type ServedApp } from '../support/served-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** The document says what the server does: it is valid, complete, and every answer of a walk through all of it is as it says. */

const PASSWORD = 'Sonnenaufgang 6';
const HOUR_MS = 3_600_000;

interface Media {
  schema?: object;
  example?: unknown;
}
interface DocumentedAnswer {
  $ref?: string;
  content?: Record<string, Media>;
}
interface DocumentedOperation {
  security: Record<string, string[]>[];
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, DocumentedAnswer>;
}
type Document = Record<string, unknown> & {
  paths: Record<string, Record<string, DocumentedOperation>>;
  components: { responses: Record<string, DocumentedAnswer> };
};

let db: TestDatabase;
let served: ServedApp;
let origin: string;
let text: string;
let document: Document;
let ajv: Ajv2020;
let user: { id: number; email: string };

beforeAll(async () => {
  db = await createTestDatabase();
  served = await buildTestApp(db);
  origin = present(served.routes.find(({ url }) => url === '/openapi.json')).origin;
  text = await (await fetch(`${origin}/openapi.json`)).text();
  document = JSON.parse(text) as Document;
  ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema(document, 'document');
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

async function session(): Promise<Record<string, string>> {
  const [id, now] = [randomUUID(), new Date()];
  const expiresAt = new Date(now.getTime() + HOUR_MS);
  await insertSession(db.pools.app, { id, userId: user.id, createdAt: now, expiresAt, address: '', userAgent: null });
  const { token } = await new SessionTokens(db.authSecret).sign(user.id, id, now);
  return { authorization: `Bearer ${token}`, 'x-session': id };
}

const operations = (): [key: string, operation: DocumentedOperation][] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): [string, DocumentedOperation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );

/** Where a thing of the document stands, as a schema that ajv can follow. */
function at(...segments: string[]): object {
  const pointer = segments.map((one) => encodeURIComponent(one.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
  return { $ref: `document#/${pointer}` };
}

function problemsOf(schema: object, value: unknown): string[] {
  const check = ajv.compile(schema);
  if (check(value) === true) return [];
  return (check.errors ?? []).map(({ instancePath, message }) => `${instancePath || 'it'} ${message}`);
}

interface Walked {
  status: number;
  problems: string[];
  body: Record<string, never> & { [name: string]: unknown };
}
/** Statuses by operation, for the print. */
const walked = new Map<string, number[]>();

/** Asks, and compares the answer with what the document says of it. */
async function walk(
  key: string,
  headers: Record<string, string>,
  given: { path?: Record<string, string | number>; query?: string; body?: unknown; form?: URLSearchParams } = {},
): Promise<Walked> {
  const [method = '', template = ''] = key.split(' ');
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(given.path?.[name])));
  const sent = given.form ?? (given.body === undefined ? null : JSON.stringify(given.body));
  const stop = new AbortController();
  const response = await fetch(`${origin}${path}${given.query ?? ''}`, {
    method,
    headers: { ...headers, ...(given.body === undefined ? {} : { 'content-type': 'application/json' }) },
    signal: stop.signal,
    body: sent,
  });
  const { status } = response;
  walked.set(key, [...(walked.get(key) ?? []), status]);
  const type = (response.headers.get('content-type') ?? '').replace(/;.*/, '');
  const isStream = type === 'text/event-stream';
  const body = isStream ? '' : await response.text();
  stop.abort();

  const operation = present(document.paths[template]?.[method.toLowerCase()]);
  const documented = operation.responses[String(status)];
  if (documented === undefined) return { status, problems: [`${key}: ${status} is not documented: ${body}`], body: {} };
  const name = documented.$ref?.split('/').at(-1);
  const answer = name === undefined ? documented : present(document.components.responses[name]);
  const where =
    name === undefined
      ? ['paths', template, method.toLowerCase(), 'responses', String(status)]
      : ['components', 'responses', name];
  if (answer.content === undefined) {
    return { status, problems: body === '' ? [] : [`${key}: ${status} has a body`], body: {} };
  }
  if (answer.content[type] === undefined) return { status, problems: [`${key}: ${status} comes as ${type}`], body: {} };
  if (type !== 'application/json') return { status, problems: [], body: {} };
  const value = JSON.parse(body) as Walked['body'];
  const problems = problemsOf(at(...where, 'content', type, 'schema'), value);
  return { status, problems: problems.map((problem) => `${key}: ${status}: ${problem}`), body: value };
}

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
    expect(document['openapi']).toMatch(/^3\.1\./);
  });

  it('has every route there is, and no other', () => {
    const isApi = /^\/(api|auth)\/|^\/(healthcheck|inverter_metadata)/;
    const routes = served.routes
      .filter(({ method, url }) => method !== 'HEAD' && isApi.test(url) && !url.endsWith('/'))
      .map(({ method, url }) => `${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
    expect(
      operations()
        .map(([key]) => key)
        .sort(),
    ).toEqual([...new Set(routes)].sort());
  });

  it('has examples, and they are what it says', () => {
    const problems: string[] = [];
    const check = (key: string, media: Record<string, Media> | undefined, ...where: string[]): void => {
      for (const [type, { example }] of Object.entries(media ?? {})) {
        if (example === undefined) problems.push(`${key}: ${where.at(-2)} has no example`);
        else problems.push(...problemsOf(at(...where, type, 'schema'), example).map((one) => `${key}: ${one}`));
      }
    };
    for (const [key, { requestBody, responses }] of operations()) {
      const [method = '', path = ''] = key.split(' ');
      const where = ['paths', path, method.toLowerCase()];
      check(key, requestBody?.content, ...where, 'requestBody', 'content');
      const success = present(Object.keys(responses).find((status) => status.startsWith('2')));
      check(key, responses[success]?.content, ...where, 'responses', success, 'content');
    }
    expect(problems).toEqual([]);
  });
});

describe('every answer is as the document says', () => {
  const expectWalk = async (status: number, ...asked: Parameters<typeof walk>): Promise<Walked['body']> => {
    const answer = await walk(...asked);
    expect([asked[0], answer.status, answer.problems]).toEqual([asked[0], status, []]);
    return answer.body;
  };

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
    const path = { id: Number(made['id']), n: 1 };
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
    await expectWalk(201, 'POST /api/victron/measurements', ingest, { body: victron });
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

    const missed = operations().filter(([one]) => !walked.get(one)?.some((status) => status < 300));
    expect(missed.map(([one]) => one)).toEqual([]);
  });

  it('to those that are refused: nobody, the wrong key, what is not there, wrong fields, no JSON', async () => {
    const problems: string[] = [];
    const [full, read, ingest] = [await keyOf('full'), await keyOf('read'), await keyOf('ingest')];
    const nothing = { id: 2_000_000_000, n: 1, kind: 'opendtu', serial: 'nothing' };
    const expected = async (statuses: number[], ...asked: Parameters<typeof walk>): Promise<void> => {
      const { status, problems: found } = await walk(...asked);
      problems.push(...found);
      if (!statuses.includes(status)) problems.push(`${asked[0]}: ${status}, not ${statuses.join(' or ')}`);
    };
    for (const [key, { security, parameters = [], requestBody }] of operations()) {
      const scopes = security.flatMap((one) => one['apiKey'] ?? []);
      const body = requestBody === undefined ? {} : { body: present(Object.values(requestBody.content)[0]).example };
      const allowed = scopes.includes('full') ? full : await session();
      if (security.length > 0) {
        await expected([401], key, {}, { path: nothing, ...body });
        const wrong = scopes.includes('read') ? ingest : read;
        await expected(scopes.length === 0 ? [401] : [403], key, wrong, { path: nothing, ...body });
      }
      const named = parameters.filter((one) => one.in === 'path');
      if (named.length > 0) await expected([404], key, allowed, { path: nothing, ...body });
      if (named.some(({ name }) => name === 'id') && !key.includes('sessions'))
        await expected([422], key, allowed, { path: { id: 'x', n: 'x' }, ...body });
      if (parameters.some(({ name }) => name === 'limit'))
        await expected([422], key, allowed, { path: nothing, query: '?limit=0' });
      if (requestBody === undefined) continue;
      const target = { path: { ...nothing, id: 1 } };
      const malformed = await fetch(`${origin}${key.split(' ')[1]?.replaceAll(/\{(\w+)\}/g, '1')}`, {
        method: key.split(' ')[0] ?? '',
        headers: { ...allowed, 'content-type': 'application/json' },
        body: '{',
      });
      const found = problemsOf(
        at('components', 'responses', 'Error400', 'content', 'application/json', 'schema'),
        await malformed.json(),
      );
      problems.push(...found.map((one) => `${key}: 400: ${one}`));
      if (malformed.status !== 400) problems.push(`${key}: ${malformed.status} to what is no JSON`);
      await expected([422], key, allowed, { ...target, body: { readings: 1, limit: 'x' } });
    }
    expect(problems).toEqual([]);
    console.log(`Conformance of ${operations().length} operations:\n${printed()}`);
  });
});

function printed(): string {
  return operations()
    .map(([key]) => {
      const counts = new Map<number, number>();
      for (const status of walked.get(key) ?? []) counts.set(status, (counts.get(status) ?? 0) + 1);
      const all = [...counts].sort(([a], [b]) => a - b).map(([status, n]) => (n === 1 ? status : `${status}×${n}`));
      return `  ${key.padEnd(52)} ${all.join(' ')}`;
    })
    .join('\n');
}
