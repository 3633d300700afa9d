import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { apiKeyHint, hashApiKey, newApiKey } from '../../src/crypto/api-key.ts';
import { argon2id } from '../../src/crypto/passwords.ts';
import { startProcess } from '../../src/roles/process.ts';
import { addActiveInverter, insertAccount, insertApiKeyFor } from '../../src/store/owner-accounts.ts';
import { readmePush } from '../support/readme-push.ts';
import { freePort } from '../support/server-process.ts';
import { TestLogger } from '../support/solarman-logger.ts';
import { TcpClient } from '../support/tcp-client.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** A whole process with DEBUG and a collector of traces: what it tells of a push, a frame and a page, and what it keeps to itself. */
interface SentSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  attributes: { key: string; value: Record<string, unknown> }[];
}

const SERIAL = '116166771004';
const LOGGER_SERIAL = 4_151_234_567;
const EMAIL = 'anna@example.org';
const PASSWORD = 'Sonne-und-Wind-7';
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const apiKey = newApiKey();
const lines: Record<string, unknown>[] = [];
let db: TestDatabase;
let collector: Server;
let bodies: string[];
let spans: SentSpan[];

const tagOf = ({ attributes }: SentSpan, key: string): unknown =>
  Object.values(attributes.find((attribute) => attribute.key === key)?.value ?? {})[0];
const partsOf = (parent: SentSpan | undefined): SentSpan[] =>
  spans.filter(({ parentSpanId }) => parent !== undefined && parentSpanId === parent.spanId);

beforeAll(async () => {
  db = await createTestDatabase();
  bodies = [];
  collector = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    bodies.push(Buffer.concat(chunks).toString());
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const [httpPort, collectorPort] = [await freePort(), await freePort()];
  const config = loadConfig(
    {
      DATABASE_URL: db.adminUrl,
      ROLE_PREFIX: db.roles.owner.replace(/_owner$/, ''),
      AUTH_SECRET: db.authSecret,
      ENCRYPTION_KEY: `${randomBytes(32).toString('base64url')}=`,
      ROLES: 'web,collector',
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: String(httpPort),
      COLLECTOR_HOST: '127.0.0.1',
      COLLECTOR_PORT: String(collectorPort),
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
      DEBUG: 'True',
    },
    '/nonexistent',
  );
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const running = await startProcess(config, log);
  try {
    await db.owner(async (owner) => {
      const passwordHash = await argon2id.hash(PASSWORD);
      const account = { email: EMAIL, passwordHash, firstName: '', lastName: '', timeZone: 'Europe/Berlin' };
      const userId = await insertAccount(owner, { ...account, isAdmin: false, isVerified: true });
      const key = { name: 'k', scope: 'full' as const, hash: hashApiKey(apiKey), hint: apiKeyHint(apiKey) };
      await insertApiKeyFor(owner, userId, { ...key, createdAt: new Date(), expiresAt: null });
      for (const [kind, serial] of [
        ['opendtu', SERIAL],
        ['solarman', String(LOGGER_SERIAL)],
      ] as const)
        await addActiveInverter(owner, userId, { kind, serial, name: serial, timeZone: null, ratedPowerW: null });
    });
    const pushed = await fetch(`http://127.0.0.1:${httpPort}/api/opendtu/measurements`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-api-key': apiKey,
        traceparent: `00-${TRACE}-00f067aa0ba902b7-01`,
      },
      body: JSON.stringify(readmePush(new Date(Date.now() - 60_000), SERIAL)),
    });
    expect(pushed.status).toBe(201);
    for (const password of ['not it', PASSWORD]) {
      const body = new URLSearchParams({ username: EMAIL, password });
      await fetch(`http://127.0.0.1:${httpPort}/auth/jwt/login`, { method: 'POST', body });
    }
    for (const key of [newApiKey(), apiKey])
      await fetch(`http://127.0.0.1:${httpPort}/api/v1/inverters`, { headers: { 'x-api-key': key } });
    const at = new Date(Math.floor(Date.now() / 1000) * 1000);
    const logger = new TestLogger(LOGGER_SERIAL, new Date(at.getTime() - 3_600_000));
    logger.learnTime(at);
    const client = await TcpClient.open(collectorPort);
    client.write(logger.data(at));
    await client.take(23);
    client.close();
  } finally {
    await running.stop();
  }
  spans = bodies.flatMap((body) => {
    const { resourceSpans } = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: SentSpan[] }[] }[] };
    return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  });
});
afterAll(async () => {
  collector.close();
  await db.drop();
});

describe('traces', () => {
  it('a request is a part of its caller’s trace, and its statements are parts of it', () => {
    const request = spans.find(({ name }) => name === 'POST /api/opendtu/measurements');
    expect(request).toMatchObject({ traceId: TRACE, parentSpanId: '00f067aa0ba902b7' });
    expect(tagOf(request as SentSpan, 'http.response.status_code')).toBe('201');
    const statements = partsOf(request).map((span) => String(tagOf(span, 'db.query.text')));
    expect(statements.join('\n')).toMatch(/api\.\w+\(\$1/);
  });

  it('a frame has one, and the flush that stored its sample has another with every statement of the transaction', () => {
    const frame = spans.find(({ name }) => name === 'frame data');
    expect(frame?.parentSpanId).toBeUndefined();
    expect(tagOf(frame as SentSpan, 'deye_hard.readings')).toBe('1');
    const flushes = spans.filter(({ name }) => name === 'flush');
    expect(flushes.length).toBeGreaterThanOrEqual(2);
    for (const flush of flushes) {
      expect(flush.traceId).not.toBe(TRACE);
      const statements = partsOf(flush).map((span) => String(tagOf(span, 'db.query.text')));
      expect([statements[0], statements.at(-1)]).toEqual(['BEGIN', 'COMMIT']);
      expect(statements.join('\n')).toContain('api.append_samples(');
    }
  });
});

describe('DEBUG', () => {
  it('logs statements with their time', () => {
    const sql = lines.filter(({ event }) => event === 'sql');
    expect(sql.map((line) => String(line['sql'])).join('\n')).toContain('api.append_samples(');
    for (const line of sql) expect(line['ms']).toEqual(expect.any(Number));
  });
});

describe('the log', () => {
  it.each([
    ['that accounts are kept apart', { event: 'isolation_proven' }],
    ['who signed in', { event: 'signed_in', userId: expect.any(Number), address: '127.0.0.1' }],
    ['that a sign-in was refused', { event: 'sign_in_refused', reason: 'wrong', address: '127.0.0.1' }],
    ['who asked with a key', { msg: 'request', path: '/api/v1/inverters', status: 200, keyId: expect.any(Number) }],
    [
      'that a key was not believed',
      { msg: 'request', path: '/api/v1/inverters', status: 401, refused: expect.any(String) },
    ],
  ])('says %s', (_, line) => {
    expect(lines).toContainEqual(expect.objectContaining(line));
  });
});

it('neither tells what was in a statement, nor a key or a password', () => {
  const told = [...bodies, ...lines.map((line) => JSON.stringify(line))].join('\n');
  for (const secret of [
    apiKey,
    db.authSecret,
    EMAIL,
    PASSWORD,
    'not it',
    hashApiKey(apiKey).toString('hex'),
    '445.671',
    'SCRAM-SHA',
  ])
    expect(told).not.toContain(secret);
  expect(told).not.toMatch(/PASSWORD '[^…]/);
});
