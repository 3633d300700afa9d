import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { LightMyRequestResponse } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deviceEndpoints } from '../../src/api/index.ts';
import { Unavailable } from '../../src/domain/errors.ts';
import { normaliseSerial } from '../../src/domain/inverter.ts';
import type { PushIngest, PushResult } from '../../src/ingest/ingest.ts';
import { BEARER, COOKIE, KEYS, type TestApp, testApp } from '../support/test-app.ts';

const OPENDTU = '/api/opendtu/measurements';
const VICTRON = '/api/victron/measurements';
const KEY = { 'x-api-key': KEYS.ingest };

let running: TestApp;
let calls: Parameters<PushIngest['push']>[];
/** What the ingest knows of account 1, and how it fails if it does. */
let registered: Map<string, number>;
let failure: Error | null;
let repeated: boolean;

/** Answers as the real one does, and stores nothing. */
const ingest: PushIngest = {
  async push(...call) {
    calls.push(call);
    if (failure !== null) throw failure;
    return call[2].items.map((item): PushResult => {
      if (!item.ok) return { status: 'error', sentSerial: item.sentSerial, error: item.error, field: item.field };
      const inverterId = registered.get(item.reading.serial);
      if (inverterId === undefined) return { status: 'unknown', sentSerial: item.sentSerial };
      return {
        status: repeated ? 'duplicate' : 'ok',
        sentSerial: item.sentSerial,
        inverterId,
        powerW: item.sentPowerW,
        stale: item.reading.flags.includes('stale'),
      };
    });
  },
};

beforeEach(async () => {
  calls = [];
  registered = new Map([
    ['116183771004', 11],
    ['2821a1b2c3d4', 12],
    ['hq2132abcde', 21],
  ]);
  failure = null;
  repeated = false;
  running = await testApp([deviceEndpoints({ ingest, now: () => new Date('2025-10-19T15:54:45Z') })]);
});
afterEach(() => running.app.close());

const dtu = (...serials: unknown[]) => ({
  timestamp: '2025-10-19T17:54:43+02:00',
  dtu_serial: '199980140256',
  inverters: serials.map((serial) => ({ serial, measurements: { power_ac: 16.9 } })),
});

function post(
  payload: unknown,
  options: { url?: string; headers?: Record<string, string> } = {},
): Promise<LightMyRequestResponse> {
  const { url = OPENDTU, headers = KEY } = options;
  const isText = typeof payload === 'string' || Buffer.isBuffer(payload);
  return running.inject({ method: 'POST', url, headers, payload: isText ? payload : JSON.stringify(payload) });
}

describe('an OpenDTU push', () => {
  it('is answered as by the predecessor', async () => {
    const answer = await post(dtu('116183771004', '2821A1B2C3D4'));
    expect(answer.statusCode).toBe(201);
    expect(answer.json()).toEqual({
      dtu_serial: '199980140256',
      timestamp: '2025-10-19T17:54:43+02:00',
      total_inverters: 2,
      success_count: 2,
      error_count: 0,
      results: [
        { serial: '116183771004', status: 'ok', inverter_id: 11, power_ac: 16 },
        { serial: '2821A1B2C3D4', status: 'ok', inverter_id: 12, power_ac: 16 },
      ],
    });
  });

  it('belongs to the account of the key', async () => {
    await post(dtu('116183771004'));
    expect(calls.map(([userId, kind, envelope, now]) => [userId, kind, envelope.gatewaySerial, now])).toEqual([
      [1, 'opendtu', '199980140256', new Date('2025-10-19T15:54:45Z')],
    ]);
  });

  it('some unknown: 207', async () => {
    const answer = await post(dtu('116183771004', '999999999999'));
    expect(answer.statusCode).toBe(207);
    expect(answer.json()).toMatchObject({
      success_count: 1,
      error_count: 1,
      results: [
        { serial: '116183771004', status: 'ok' },
        { serial: '999999999999', status: 'error', error: 'Inverter with serial 999999999999 not found' },
      ],
    });
    expect(answer.json()).not.toHaveProperty('error');
  });

  it('all unknown: 404, with the same keys and an error on top', async () => {
    const answer = await post(dtu('999999999999'));
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toMatchObject({ error: 'not_found', success_count: 0, error_count: 1, total_inverters: 1 });
  });

  it('one unusable device: the others are stored; none usable: 422', async () => {
    const mixed = await post(dtu('116183771004', null));
    expect(mixed.statusCode).toBe(207);
    expect(mixed.json()).toMatchObject({
      results: [{ status: 'ok' }, { serial: null, status: 'error', error: /^serial: / }],
    });
    const none = await post(dtu(null));
    expect([none.statusCode, none.json()]).toEqual([
      422,
      expect.objectContaining({ error: 'invalid_input', error_count: 1 }),
    ]);
    const unknownToo = await post(dtu(null, '999999999999'));
    expect(unknownToo.statusCode).toBe(404);
  });

  it('nothing in it: 201, the gateway was heard', async () => {
    const answer = await post(dtu());
    expect([answer.statusCode, answer.json()]).toEqual([
      201,
      expect.objectContaining({ total_inverters: 0, success_count: 0, error_count: 0, results: [] }),
    ]);
    expect(calls).toHaveLength(1);
  });

  it('sent twice is answered alike', async () => {
    const first = await post(dtu('116183771004'));
    repeated = true;
    const second = await post(dtu('116183771004'));
    expect([second.statusCode, second.body]).toEqual([first.statusCode, first.body]);
  });

  it('power is whole watts, unknown power is null', async () => {
    const powers: unknown[] = [];
    for (const sent of [16.1, 16.9, -0.4, 0, null, 'unavailable']) {
      const body = { ...dtu(), inverters: [{ serial: '116183771004', measurements: { power_ac: sent } }] };
      const { results } = (await post(body)).json() as { results: { power_ac: unknown }[] };
      powers.push(results[0]?.power_ac);
    }
    expect(powers).toEqual([16, 16, 0, 0, null, null]);
  });

  it('without a timestamp is answered with that of its receipt', async () => {
    const answer = await post({ dtu_serial: '1', inverters: [] });
    expect(answer.json()).toMatchObject({ timestamp: '2025-10-19T15:54:45.000Z' });
    const epoch = await post({ dtu_serial: '1', inverters: [], timestamp: 1760889283 });
    expect(epoch.json()).toMatchObject({ timestamp: 1760889283 });
  });
});

describe('a Victron push', () => {
  const cerbo = (...serials: string[]) => ({
    timestamp: '2025-10-19T17:54:43+02:00',
    cerbo_serial: 'c0619ab1',
    devices: serials.map((serial) => ({
      device_instance: 289,
      serial,
      yield_power_w: 348.09,
      yield_total_kwh: 6515.43,
    })),
  });

  it('is answered with its own keys', async () => {
    const answer = await post(cerbo('HQ2132ABCDE', 'HQ9999'), { url: VICTRON });
    expect(answer.statusCode).toBe(207);
    expect(answer.json()).toEqual({
      cerbo_serial: 'c0619ab1',
      timestamp: '2025-10-19T17:54:43+02:00',
      total_devices: 2,
      success_count: 1,
      error_count: 1,
      results: [
        { device_identifier: 'HQ2132ABCDE', status: 'ok', inverter_id: 21, yield_power_w: 348 },
        { device_identifier: 'HQ9999', status: 'error', error: 'Device HQ9999 not found' },
      ],
    });
    expect(calls[0]?.[1]).toBe('victron');
  });

  it('all known: 201; none: 404', async () => {
    expect((await post(cerbo('HQ2132ABCDE'), { url: VICTRON })).statusCode).toBe(201);
    expect((await post(cerbo('HQ9999'), { url: VICTRON })).statusCode).toBe(404);
  });
});

describe.each([OPENDTU, VICTRON])('%s', (url) => {
  const list = url === OPENDTU ? 'inverters' : 'devices';
  const body = { [list]: [] };

  it('takes its path as typed, with a slash behind it or not, and never redirects', async () => {
    for (const path of [url, `${url}/`]) expect((await post(body, { url: path })).statusCode).toBe(201);
    expect((await running.inject({ url, headers: KEY })).statusCode).toBe(404);
  });

  it.each<[string, Record<string, string>, number]>([
    ['no key', {}, 401],
    ['a key that is none', { 'x-api-key': 'test-api-key-here' }, 401],
    ['a key of nobody', { 'x-api-key': 'ZZZZ-ZZZZ-ZZZZ-ZZZZ' }, 401],
    ['a bearer token of a session', BEARER, 401],
    ['a key for reading', { 'x-api-key': KEYS.read }, 403],
    ['a key', KEY, 201],
    ['a key under another spelling of the header', { 'X-Api-KEY': KEYS.ingest }, 201],
    ['a key as bearer', { authorization: `Bearer ${KEYS.ingest}` }, 201],
    ['a key for everything', { 'x-api-key': KEYS.full }, 201],
  ])('%s', async (_, headers, status) => {
    const answer = await post(body, { url, headers });
    expect(answer.statusCode).toBe(status);
    if (status >= 400) {
      expect(answer.json()).toMatchObject({
        error: expect.any(String) as string,
        message: expect.any(String) as string,
      });
      expect(calls).toEqual([]);
    }
  });

  it('refuses before it reads: a bad key gets the same answer whatever is sent', async () => {
    const answers = [body, '{"broken', 'x'.repeat(100_000)].map((payload) => post(payload, { url, headers: {} }));
    const bodies = (await Promise.all(answers)).map((answer) => `${answer.statusCode} ${answer.body}`);
    expect(new Set(bodies).size).toBe(1);
  });

  it('does not take a browser’s cookie for a key', async () => {
    const answer = await running.inject({ method: 'POST', url, cookies: COOKIE, payload: body });
    expect(answer.statusCode).toBe(401);
  });

  it.each([
    undefined,
    'text/plain',
    'application/json',
    'application/x-www-form-urlencoded',
    'application/octet-stream',
    'nonsense',
  ])('reads JSON although it is called %s', async (type) => {
    const headers: Record<string, string> = type === undefined ? KEY : { ...KEY, 'content-type': type };
    expect((await post(body, { url, headers })).statusCode).toBe(201);
  });

  it('takes a byte-order mark, and names cut inside a character', async () => {
    expect((await post(`\ufeff${JSON.stringify(body)}`, { url })).statusCode).toBe(201);
    const cut = Buffer.concat([
      Buffer.from(`{"${list}":[{"serial":"1","name":"Gr`),
      Buffer.from([0xc3]),
      Buffer.from('"}]}'),
    ]);
    expect((await post(cut, { url })).statusCode).toBe(404);
  });

  it.each([
    ['nothing', ''],
    ['a cut body', `{"${list}":[{"serial":"1161`],
    ['NaN, which is no JSON', `{"${list}":[{"serial":"1","measurements":{"power_ac":NaN}}]}`],
    ['Infinity', `{"${list}":[],"x":Infinity}`],
    ['another language', '<xml/>'],
  ])('answers 400 to %s', async (_, payload) => {
    const answer = await post(payload, { url });
    expect([answer.statusCode, answer.json()]).toEqual([
      400,
      { error: 'malformed_json', message: expect.any(String) as string, details: {} },
    ]);
    expect(answer.headers).not.toHaveProperty('connection', 'close');
  });

  it.each([
    ['null', 'body'],
    ['[]', 'body'],
    ['"text"', 'body'],
    ['{}', list],
    [`{"${list}":{}}`, list],
    [`{"${list}":[],"timestamp":"yesterday"}`, 'timestamp'],
    [`{"${list}":[${Array(33).fill('{}').join()}]}`, list],
    [`{"__proto__":{"${list}":[]}}`, list],
  ])('answers 422 to the unusable envelope %.40s, naming %s', async (payload, field) => {
    const answer = await post(payload, { url });
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({
      error: 'invalid_input',
      details: { fields: { [field]: expect.any(String) as string } },
    });
    expect(calls).toEqual([]);
  });

  it('answers 413 above 64 KiB', async () => {
    const padded = (length: number): string => JSON.stringify({ ...body, padding: 'x'.repeat(length) });
    expect((await post(padded(65_000), { url })).statusCode).toBe(201);
    const answer = await post(padded(66_000), { url });
    expect([answer.statusCode, answer.json()]).toEqual([413, expect.objectContaining({ error: 'too_large' })]);
  });

  it('answers 503 and when to come again while nothing can be stored, acknowledging nothing', async () => {
    failure = new Unavailable('The database does not answer.', { retryAfterS: 7 });
    const answer = await post(body, { url });
    expect([answer.statusCode, answer.headers['retry-after'], answer.json()]).toEqual([
      503,
      '7',
      { error: 'unavailable', message: expect.any(String) as string, details: {} },
    ]);
  });

  it('answers 500 without detail to a bug of ours', async () => {
    failure = new TypeError('secret of ours');
    const answer = await post(body, { url });
    expect([answer.statusCode, answer.body.includes('secret')]).toEqual([500, false]);
  });
});

describe('what small firmware needs', () => {
  it('is a short answer with its length, never compressed, nothing set', async () => {
    const many = Array.from({ length: 32 }, (_, n) => `99999999${n}`);
    for (const payload of [dtu('116183771004'), dtu(...many), '{']) {
      const answer = await post(payload, { headers: { ...KEY, 'accept-encoding': 'gzip, br' } });
      expect(Number(answer.headers['content-length'])).toBe(Buffer.byteLength(answer.body));
      for (const header of [
        'content-encoding',
        'transfer-encoding',
        'set-cookie',
        'location',
        'content-security-policy',
      ]) {
        expect(answer.headers, header).not.toHaveProperty(header);
      }
    }
    const small = await post(dtu('116183771004', '2821A1B2C3D4'));
    const head = Object.entries(small.headers).map(([name, value]) => `${name}: ${String(value)}`);
    expect(head.join('\r\n').length + small.body.length).toBeLessThan(1024);
  });

  it('is a connection that stays: after a good push, after a bad one, and again', async () => {
    await running.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = running.app.server.address() as { port: number };
    const send = (payload: string, key: string): string =>
      `POST ${OPENDTU} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: ESP32HTTPClient\r\nConnection: keep-alive\r\n` +
      `Accept-Encoding: identity;q=1,chunked;q=0.1,*;q=0\r\nx-api-key: ${key}\r\nContent-Length: ${payload.length}\r\n\r\n${payload}`;
    const good = JSON.stringify(dtu('116183771004'));
    const requests = [
      send(good, KEYS.ingest),
      send('{"x":NaN}', KEYS.ingest),
      send(good, 'bad'),
      send(good, KEYS.ingest),
    ];
    const statuses: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(requests[0] ?? ''));
      socket.on('data', (bytes) => {
        statuses.push(bytes.toString('utf8', 9, 12));
        const next = requests[statuses.length];
        if (next === undefined) socket.destroy();
        else socket.write(next);
      });
      socket.on('error', reject);
      socket.on('close', () => resolve());
    });
    expect(statuses).toEqual(['201', '400', '401', '201']);
  });

  it('is no line in the log for each push', async () => {
    await post(dtu('116183771004'));
    expect(running.lines.map((line) => (JSON.parse(line) as { level: number }).level)).toEqual([20]);
    await post('{');
    expect(running.lines.map((line) => (JSON.parse(line) as { level: number }).level)).toEqual([20, 30]);
    expect(running.lines.join('')).not.toContain(KEYS.ingest);
  });
});

interface Case {
  id: string;
  given: { registered: Record<string, string>; keys: Record<string, string> };
  request: { path: string; headers: Record<string, string>; body?: unknown; raw_body?: string };
  expected: {
    http_status: number;
    acceptable_alternatives?: unknown[];
    success_count?: number;
    error_count?: number;
    total_inverters?: number;
    results?: { serial: string; status: string; power_ac?: number; error?: string }[];
  };
}

function loadCases(): Case[] {
  const file = new URL('../../../shared/vectors/opendtu-push.json', import.meta.url);
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] }).cases;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return [];
  }
}

/** The collected payload cases, kept beside this repository and not in it: what they say of statuses and answers. */
describe('the collected cases', () => {
  const cases = loadCases();
  it.skipIf(cases.length > 0)('are not here: only the requests above were checked', () => undefined);

  it.each(cases)('$id', async ({ given, request, expected }) => {
    const mine = Object.entries(given.registered).filter(([, owner]) => owner === 'alice');
    registered = new Map(mine.map(([serial], n) => [normaliseSerial(serial, 'opendtu'), n + 1]));
    const payload = request.raw_body ?? JSON.stringify(request.body);
    const answer = await post(payload, { url: request.path, headers: request.headers });
    const allowed = [
      expected.http_status,
      ...(expected.acceptable_alternatives ?? []).map((a) => Number.parseInt(String(a), 10)),
    ];
    expect(allowed).toContain(answer.statusCode);
    if (answer.statusCode !== expected.http_status) return;
    const body = answer.json() as Record<string, unknown>;
    for (const count of ['success_count', 'error_count', 'total_inverters'] as const) {
      if (expected[count] !== undefined) expect(body[count], count).toBe(expected[count]);
    }
    for (const [n, { serial, status, power_ac: power }] of (expected.results ?? []).entries()) {
      const result = (body['results'] as Record<string, unknown>[])[n];
      expect(result).toMatchObject(power === undefined ? { serial, status } : { serial, status, power_ac: power });
    }
  });
});
