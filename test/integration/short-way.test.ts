import { connect } from 'node:net';
import type { FastifyPluginAsync } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deviceEndpoints } from '../../src/api/index.ts';
import { Unavailable } from '../../src/domain/errors.ts';
import type { PushIngest } from '../../src/ingest/ingest.ts';
import { KEYS, type TestApp, testApp } from '../support/test-app.ts';

/** Devices' requests beside the framework: the same answers as on it, and who may come while too many are there. */
const PATH = '/api/opendtu/measurements';
const KEY = { 'x-api-key': KEYS.ingest };
const BODY = '{"dtu_serial":"1","timestamp":1760889283,"inverters":[]}';

let running: TestApp;
let url: string;
/** How many requests the framework saw. */
let long: number;
let failure: Error | null;
let started: number;
/** Set: a push waits for it. */
let gate: Promise<void> | null;

const ingest: PushIngest = {
  async push(_, __, envelope) {
    started++;
    await gate;
    if (failure !== null) throw failure;
    return envelope.items.map((item) => ({ status: 'unknown', sentSerial: item.sentSerial ?? '' }));
  },
};

const counted: FastifyPluginAsync = async (app) => {
  app.addHook('onRequest', async () => {
    long++;
  });
  app.register(deviceEndpoints({ ingest, now: () => new Date('2025-10-19T15:54:45Z') }));
};

beforeAll(async () => {
  running = await testApp([counted], { maxDevicesUnderWay: 2, deviceRestMs: 1 });
  await running.app.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(running.app.server.address() as { port: number }).port}`;
});
afterAll(() => running.app.close());
beforeEach(() => {
  long = 0;
  failure = null;
  started = 0;
  gate = null;
});

interface Sent {
  path?: string;
  headers?: Record<string, string>;
  body?: string;
}

function send({ path = PATH, headers = KEY, body = BODY }: Sent): Promise<Response> {
  return fetch(`${url}${path}`, { method: 'POST', headers, body });
}

const SAID = ['content-type', 'content-length', 'cache-control', 'x-content-type-options', 'retry-after'];

describe('an ordinary request of a device', () => {
  it.each<[string, Sent, Error | null, number]>([
    ['a push', {}, null, 201],
    ['a slash behind the path', { path: `${PATH}/` }, null, 201],
    ['its key as bearer', { headers: { authorization: `Bearer ${KEYS.full}` } }, null, 201],
    ['an unknown serial', { body: '{"inverters":[{"serial":"1161"}]}' }, null, 404],
    ['no JSON', { body: '{"x":NaN}' }, null, 400],
    ['an envelope that cannot be used', { body: '{}' }, null, 422],
    ['a database that is down', {}, new Unavailable('Not now.', { retryAfterS: 6.5 }), 503],
    ['a bug of ours', {}, new TypeError('secret of ours'), 500],
  ])('is answered beside the framework as on it: %s', async (_, sent, error, status) => {
    failure = error;
    const short = await send(sent);
    expect([short.status, long]).toEqual([status, 0]);
    const { path = PATH, headers = KEY, body = BODY } = sent;
    const answer = await running.inject({ method: 'POST', url: path, headers, payload: body });
    expect(long).toBe(1);
    expect([await short.text(), short.status]).toEqual([answer.body, answer.statusCode]);
    for (const name of SAID) expect(short.headers.get(name) ?? undefined, name).toBe(answer.headers[name]);
    expect(short.headers.get('x-request-id')).toMatch(/^[0-9a-f]{8}-\w+$/);
  });

  it.each<[string, Sent, number]>([
    ['no key', { headers: {} }, 401],
    ['a key of nobody', { headers: { 'x-api-key': 'ZZZZ-ZZZZ-ZZZZ-ZZZZ' } }, 401],
    ['a key for reading', { headers: { 'x-api-key': KEYS.read } }, 403],
    ['a body too large', { body: ' '.repeat(65_537) }, 413],
    ['a compressed body', { headers: { ...KEY, 'content-encoding': 'gzip' } }, 415],
    ['a query', { path: `${PATH}?x=1` }, 201],
    ['another path', { path: '/api/opendtu' }, 404],
  ])('is what is left to the framework no longer: %s', async (_, sent, status) => {
    expect((await send(sent)).status).toBe(status);
    expect(long).toBe(sent.path === '/api/opendtu' ? 0 : 1);
  });

  it('is a line in the log when it is refused, and without its key', async () => {
    running.lines.length = 0;
    await send({});
    await send({ body: '{' });
    const lines = running.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ level, status, keyId, path }) => [level, status, keyId, path])).toEqual([
      [20, 201, 7, PATH],
      [30, 400, 7, PATH],
    ]);
    expect(running.lines.join('')).not.toContain(KEYS.ingest);
  });
});

describe('a request that a proxy forwards', () => {
  it.each<[string, string | null, string, string | null]>([
    ['one that is named is believed whom it forwards for', '10.0.0.1, 127.0.0.0/8', '203.0.113.9', '203.0.113.9'],
    ['another one is not, though one is named', '10.0.0.1', '127.0.0.1', '127.0.0.1'],
    ['and where none is named, nobody has been seen', null, '127.0.0.1', null],
  ])('%s, on both ways', async (_, trustProxy, address, visitor) => {
    const visits: { userId: number; address: string }[] = [];
    const behind = await testApp([counted], {
      config: { baseUrl: new URL('https://solar.example.org'), cookieSecure: true, trustProxy },
      onVisit: ({ userId, address: from }) => visits.push({ userId, address: from }),
    });
    try {
      const origin = await behind.app.listen({ host: '127.0.0.1', port: 0 });
      const headers = { 'x-api-key': KEYS.full, 'x-forwarded-for': '203.0.113.9' };
      for (const path of [PATH, `${PATH}?x=1`]) {
        expect((await fetch(`${origin}${path}`, { method: 'POST', headers, body: BODY })).status).toBe(201);
      }
      // Only the one with a query went through the framework.
      expect(long).toBe(1);
      const told = () => behind.lines.flatMap((line) => (JSON.parse(line) as { address?: string }).address ?? []);
      await expect.poll(told).toEqual([address, address]);
      const seen = visitor === null ? [] : [{ userId: 1, address: visitor }];
      expect(visits).toEqual([...seen, ...seen]);
    } finally {
      await behind.app.close();
    }
  });
});

describe('while too many are sending', () => {
  let open: () => void;
  let underWay: Promise<Response>[];
  beforeEach(async () => {
    gate = new Promise((resolve) => {
      open = resolve;
    });
    underWay = [send({}), send({})];
    await expect.poll(() => started).toBe(2);
    long = 0;
  });
  afterEach(async () => {
    open();
    await Promise.all(underWay);
  });

  it('the others are told at once when to come again; those under way are answered; then there is room', async () => {
    const shed = await send({});
    expect([shed.status, shed.headers.get('retry-after')]).toEqual([503, '10']);
    expect(await shed.json()).toMatchObject({ error: 'unavailable' });
    open();
    expect((await Promise.all(underWay)).map(({ status }) => status)).toEqual([201, 201]);
    gate = null;
    await expect.poll(async () => (await send({})).status).toBe(201);
  });

  it('whoever is told so costs no look at its key, and waits for no other way', async () => {
    expect((await send({ headers: {} })).status).toBe(503);
    expect(long).toBe(0);
  });

  it('the long way is no way around', async () => {
    const shed = await send({ path: `${PATH}?x=1` });
    expect([shed.status, shed.headers.get('retry-after'), long]).toEqual([503, '10', 1]);
    expect(started).toBe(2);
  });

  it('the answer comes whole before the body, and the connection serves the next push', async () => {
    const device = connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
    let text = '';
    device.setEncoding('latin1').on('data', (part: string) => (text += part));
    const head = `POST ${PATH} HTTP/1.1\r\nHost: x\r\nX-API-Key: ${KEYS.ingest}\r\nContent-Length: ${BODY.length}\r\n\r\n`;
    device.write(head);
    await expect.poll(() => text).toMatch(/\}$/);
    const [said = '', body = ''] = text.split('\r\n\r\n');
    expect(said).toMatch(/^HTTP\/1\.1 503 .*\r\nretry-after: 10\r\n/s);
    expect(said).toContain(`\r\ncontent-length: ${body.length}\r\n`);
    expect(said).toMatch(/\r\nConnection: keep-alive\r\n/i);
    expect(JSON.parse(body)).toMatchObject({ error: 'unavailable' });
    text = '';
    open();
    await Promise.all(underWay);
    device.write(BODY + head + BODY);
    await expect.poll(() => text).toMatch(/^HTTP\/1\.1 201 /);
    device.destroy();
  });
});
