import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BEARER, COOKIE, fakeAccounts, fakeApiKeys, KEYS, type TestApp, testApp } from '../../test/support/test-app.ts';
import { Unavailable } from '../domain/errors.ts';
import { callerOf, type Need, requireAccess, requireKey, requireSession, SESSION_COOKIE } from './authentication.ts';

const accounts = { ...fakeAccounts };
const apiKeys = { ...fakeApiKeys };
let running: TestApp;

async function routes(app: TestApp['app']): Promise<void> {
  const who = async (request: Parameters<typeof callerOf>[0]) => ({
    session: request.session?.sessionId ?? null,
    key: request.apiKey?.keyId ?? null,
  });
  app.get('/who', who);
  app.get('/asset', { config: { identify: false } }, who);
  app.get('/caller', async (request) => callerOf(request).id);
  app.get('/session', { onRequest: requireSession() }, who);
  for (const need of ['read', 'ingest', 'full'] as Need[]) {
    app.get(`/access/${need}`, { onRequest: requireAccess(need) }, who);
    app.get(`/key/${need}`, { onRequest: requireKey(need) }, who);
  }
  app.get('/start', (_, reply) => reply.startSession({ token: 'fresh', expiresAt: new Date() }).send('ok'));
  app.get('/end', (_, reply) => reply.endSession().send('ok'));
}

beforeEach(async () => {
  Object.assign(accounts, fakeAccounts);
  Object.assign(apiKeys, fakeApiKeys);
  running = await testApp([routes], { accounts, apiKeys });
});
afterEach(() => running.app.close());

const asked = async (headers: Record<string, string>, cookies: Record<string, string> = {}): Promise<unknown> =>
  (await running.inject({ url: '/who', headers, cookies })).json();
const BEARER_KEY = { authorization: `Bearer ${KEYS.read}` };

describe('who is asking', () => {
  const bySession = { session: 'session-of-1', key: null };
  const byKey = { session: null, key: 7 };
  const nobody = { session: null, key: null };

  it.each<[string, Record<string, string>, Record<string, string>, unknown]>([
    ['nobody', {}, {}, nobody],
    ['a cookie', {}, COOKIE, bySession],
    ['a bearer token', BEARER, {}, bySession],
    ['a bearer token in other letters', { authorization: 'bearer  token-of-1' }, {}, bySession],
    ['a key', { 'x-api-key': KEYS.ingest }, {}, byKey],
    ['a key as bearer', BEARER_KEY, {}, byKey],
    ['a key before a cookie', { 'x-api-key': KEYS.ingest }, COOKIE, byKey],
    ['a bad key, although the cookie is good', { 'x-api-key': 'nonsense' }, COOKIE, nobody],
    ['a bad token, although the cookie is good', { authorization: 'Bearer nonsense' }, COOKIE, nobody],
    ['a proxy’s own password beside the cookie', { authorization: 'Basic dTpw' }, COOKIE, bySession],
    ['an empty cookie', {}, { [SESSION_COOKIE]: '' }, nobody],
    ['a bad cookie', {}, { [SESSION_COOKIE]: 'nonsense' }, nobody],
  ])('%s', async (_, headers, cookies, expected) => {
    expect(await asked(headers, cookies)).toEqual(expected);
  });

  it('is not looked for where a route does not care, nor for an unknown address', async () => {
    accounts.resume = vi.fn(() => Promise.reject(new Unavailable('away')));
    expect((await running.inject({ url: '/asset', cookies: COOKIE })).json()).toEqual(nobody);
    expect((await running.inject({ url: '/nowhere', cookies: COOKIE })).statusCode).toBe(404);
    expect(accounts.resume).not.toHaveBeenCalled();
  });

  it('cannot be told while the database is away: 503, not signed out', async () => {
    accounts.resume = () => Promise.reject(new Unavailable('away'));
    apiKeys.identify = () => Promise.reject(new Unavailable('away'));
    for (const headers of [{}, { 'x-api-key': KEYS.read }]) {
      const answer = await running.inject({ url: '/who', headers, cookies: COOKIE });
      expect(answer.statusCode).toBe(503);
      expect(answer.headers).not.toHaveProperty('set-cookie');
    }
  });
});

describe('what a route needs', () => {
  const status = async (url: string, headers: Record<string, string>, cookies = {}): Promise<number> =>
    (await running.inject({ url, headers, cookies })).statusCode;

  it.each<[Need, string[]]>([
    ['read', ['read', 'full']],
    ['ingest', ['ingest', 'full']],
    ['full', ['full']],
  ])('%s: any session, and keys of the scopes %j', async (need, scopes) => {
    expect(await status(`/access/${need}`, {})).toBe(401);
    expect(await status(`/access/${need}`, {}, COOKIE)).toBe(200);
    expect(await status(`/access/${need}`, BEARER)).toBe(200);
    for (const [scope, key] of Object.entries(KEYS)) {
      const expected = scopes.includes(scope) ? 200 : 403;
      expect(await status(`/access/${need}`, { 'x-api-key': key }), scope).toBe(expected);
      expect(await status(`/key/${need}`, { 'x-api-key': key }), scope).toBe(expected);
    }
  });

  it('a device’s endpoint: a key, never a session', async () => {
    expect(await status('/key/ingest', {})).toBe(401);
    expect(await status('/key/ingest', BEARER)).toBe(401);
    expect(await status('/key/ingest', {}, COOKIE)).toBe(401);
  });

  it('a session’s own: never a key', async () => {
    expect(await status('/session', {})).toBe(401);
    expect(await status('/session', BEARER)).toBe(200);
    expect(await status('/session', { 'x-api-key': KEYS.full })).toBe(401);
  });

  it('is told why it is refused', async () => {
    const message = async (headers: Record<string, string>): Promise<unknown> =>
      ((await running.inject({ url: '/access/full', headers })).json() as { message: string }).message;
    expect(await message({ 'x-api-key': 'nonsense' })).toMatch(/key is missing or not valid/);
    expect(await message(BEARER_KEY)).toMatch(/scope "read"/);
  });

  it('knows whose data it works with', async () => {
    expect((await running.inject({ url: '/caller', headers: BEARER })).body).toBe('1');
    expect((await running.inject({ url: '/caller', headers: BEARER_KEY })).body).toBe('1');
    expect(await status('/caller', {})).toBe(401);
  });
});

describe('the session cookie', () => {
  const cookieOf = async (url: string, cookies = {}): Promise<string> =>
    String((await running.inject({ url, cookies })).headers['set-cookie'] ?? '');

  it('is out of the reach of scripts and foreign pages, and lives as long as the session may', async () => {
    expect(await cookieOf('/start')).toBe(`${SESSION_COOKIE}=fresh; Max-Age=7776000; Path=/; HttpOnly; SameSite=Lax`);
  });

  it('on https is sent over nothing else, and cannot be planted by a neighbour under the same domain', async () => {
    await running.app.close();
    const config = { baseUrl: new URL('https://solar.example.org'), cookieSecure: true, trustProxy: null };
    running = await testApp([routes], { config, accounts, apiKeys });
    expect(await cookieOf('/start')).toBe(
      `__Host-${SESSION_COOKIE}=fresh; Max-Age=7776000; Path=/; HttpOnly; Secure; SameSite=Lax`,
    );
    const session = async (name: string): Promise<unknown> => asked({}, { [name]: 'token-of-1' });
    expect(await session(`__Host-${SESSION_COOKIE}`)).toMatchObject({ session: 'session-of-1' });
    expect(await session(SESSION_COOKIE)).toMatchObject({ session: null });
  });

  it('is taken away at the end, and when it is worth nothing', async () => {
    const gone = `${SESSION_COOKIE}=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax`;
    expect(await cookieOf('/end', COOKIE)).toBe(gone);
    expect(await cookieOf('/who', { [SESSION_COOKIE]: 'nonsense' })).toBe(gone);
  });

  it('gets a fresh token in the last day of the old one, and only then', async () => {
    expect(await cookieOf('/who', { [SESSION_COOKIE]: 'token-of-1-ending' })).toMatch(/=token-of-1; Max-Age=7776000/);
    expect(await cookieOf('/who', COOKIE)).toBe('');
    const bearer = await running.inject({ url: '/who', headers: { authorization: 'Bearer token-of-1-ending' } });
    expect(bearer.headers).not.toHaveProperty('set-cookie');
  });

  it('is read with the patience a browser gets, a bearer token is not', async () => {
    accounts.resume = vi.fn(fakeAccounts.resume);
    accounts.identify = vi.fn(fakeAccounts.identify);
    await asked(BEARER);
    expect(accounts.resume).not.toHaveBeenCalled();
    await asked({}, COOKIE);
    expect(accounts.resume).toHaveBeenCalledTimes(1);
    expect(accounts.identify).toHaveBeenCalledTimes(1);
  });
});
