import type { LightMyRequestResponse } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BEARER, COOKIE, KEYS, type TestApp, testApp } from '../../test/support/test-app.ts';
import { requireAccess, SESSION_COOKIE } from './authentication.ts';
import { FORM_COOKIE, isOwnOrigin } from './csrf.ts';

const OWN = { origin: 'https://solar.example.org' };
const OTHER_SESSION = { [SESSION_COOKIE]: 'token-of-2' };
let running: TestApp;
let done: number;

async function routes(app: TestApp['app']): Promise<void> {
  app.get('/form', async (request) => ({ token: request.csrfToken, again: request.csrfToken }));
  app.get('/plain', async () => 'no form here');
  app.route({ method: ['POST', 'PUT', 'PATCH', 'DELETE'], url: '/act', handler: async () => ++done });
  app.post('/guarded', { onRequest: requireAccess('full') }, async () => ++done);
  app.post('/free', { config: { csrf: false } }, async () => ++done);
}

beforeEach(async () => {
  done = 0;
  running = await testApp([routes]);
});
afterEach(() => running.app.close());

interface Form {
  token: string;
  cookies: Record<string, string>;
}

/** What a browser has after it looked at a page with a form. */
async function form(cookies: Record<string, string> = {}): Promise<Form> {
  const answer = await running.inject({ url: '/form', cookies });
  const set = answer.cookies.find(({ name }) => name === FORM_COOKIE);
  const { token } = answer.json() as { token: string };
  return { token, cookies: set === undefined ? cookies : { ...cookies, [FORM_COOKIE]: set.value } };
}

function act(
  cookies: Record<string, string>,
  token: string | null,
  headers: Record<string, string> = OWN,
): Promise<LightMyRequestResponse> {
  const payload = token === null ? {} : { _csrf: token };
  return running.inject({ method: 'POST', url: '/act', cookies, headers, payload });
}

const reasonOf = (answer: LightMyRequestResponse): unknown =>
  (answer.json() as { details: { reason?: string } }).details.reason;

describe('whoever is signed in by cookie', () => {
  it('acts with the token of a page, as field or as header', async () => {
    const { token } = await form(COOKIE);
    expect((await act(COOKIE, token)).statusCode).toBe(200);
    const urlencoded = await running.inject({
      method: 'POST',
      url: '/act',
      cookies: COOKIE,
      headers: { ...OWN, 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({ _csrf: token }).toString(),
    });
    expect(urlencoded.statusCode).toBe(200);
    const header = await running.inject({
      method: 'DELETE',
      url: '/act',
      cookies: COOKIE,
      headers: { ...OWN, 'x-csrf-token': token },
    });
    expect(header.statusCode).toBe(200);
    expect(done).toBe(3);
  });

  it('gets no second cookie for it, and a new token in each page', async () => {
    const answer = await running.inject({ url: '/form', cookies: COOKIE });
    expect(answer.headers).not.toHaveProperty('set-cookie');
    const { token, again } = answer.json() as { token: string; again: string };
    expect(again).toBe(token);
    expect((await form(COOKIE)).token).not.toBe(token);
  });

  it('does nothing without one, nor with a foreign or forged one', async () => {
    const { token } = await form(COOKIE);
    const other = await form(OTHER_SESSION);
    const stranger = await form();
    const [nonce = '', signature = ''] = token.split('.');
    for (const bad of [
      null,
      '',
      'x',
      '.',
      nonce,
      `${nonce}.`,
      `x${nonce}.${signature}`,
      `${token}x`,
      other.token,
      stranger.token,
    ]) {
      const answer = await act(COOKIE, bad);
      expect([answer.statusCode, reasonOf(answer)], String(bad)).toEqual([403, 'csrf']);
    }
    expect(done).toBe(0);
  });

  it('does nothing with a token of another installation', async () => {
    const { token } = await form(COOKIE);
    await running.app.close();
    running = await testApp([routes], { authSecret: 'another secret of thirty-two bytes!!' });
    expect((await act(COOKIE, token)).statusCode).toBe(403);
    expect(done).toBe(0);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'] as const)('does nothing by %s without one', async (method) => {
    expect((await running.inject({ method, url: '/act', cookies: COOKIE, headers: OWN })).statusCode).toBe(403);
    expect(done).toBe(0);
  });

  it('does nothing from a foreign page, even with the right token', async () => {
    const { token } = await form(COOKIE);
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'https://solar.example.org.evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ] as Record<string, string>[]) {
      const answer = await act(COOKIE, token, headers);
      expect([answer.statusCode, reasonOf(answer)], JSON.stringify(headers)).toEqual([403, 'origin']);
    }
    expect(done).toBe(0);
  });

  it('may come by an address in the own network, or without saying from where', async () => {
    const { token } = await form(COOKIE);
    expect((await act(COOKIE, token, { origin: 'http://192.168.0.2:8000', host: '192.168.0.2:8000' })).statusCode).toBe(
      200,
    );
    expect((await act(COOKIE, token, { origin: 'http://192.168.0.3:8000', host: '192.168.0.2:8000' })).statusCode).toBe(
      403,
    );
    expect((await act(COOKIE, token, {})).statusCode).toBe(200);
    expect((await act(COOKIE, token, { 'sec-fetch-site': 'same-origin' })).statusCode).toBe(200);
  });

  it('is sent to sign in again when the session is over, not told about forms', async () => {
    const over = await act({ [SESSION_COOKIE]: 'nonsense' }, 'x', { ...OWN, accept: 'text/html' });
    expect([over.statusCode, over.headers['location']]).toEqual([302, '/login']);
  });
});

describe('whoever is not signed in', () => {
  it('gets a cookie with the form, and acts with both', async () => {
    const answer = await running.inject({ url: '/form' });
    expect(answer.headers['set-cookie']).toMatch(/^deye_hard_form=[\w-]{22}; Path=\/; HttpOnly; SameSite=Lax$/);
    const { token, cookies } = await form();
    expect((await act(cookies, token)).statusCode).toBe(200);
  });

  it('keeps the cookie over several forms', async () => {
    const first = await form();
    const second = await form(first.cookies);
    expect(second.cookies).toEqual(first.cookies);
    expect((await act(first.cookies, first.token)).statusCode).toBe(200);
  });

  it('gets none where there is no form', async () => {
    expect((await running.inject({ url: '/plain' })).headers).not.toHaveProperty('set-cookie');
  });

  it('does nothing without either, or with another browser’s', async () => {
    const mine = await form();
    const yours = await form();
    expect((await act({}, mine.token)).statusCode).toBe(403);
    expect((await act(mine.cookies, null)).statusCode).toBe(403);
    expect((await act(yours.cookies, mine.token)).statusCode).toBe(403);
    expect((await act({ [FORM_COOKIE]: '' }, mine.token)).statusCode).toBe(403);
    expect((await act(mine.cookies, mine.token, { origin: 'https://evil.example' })).statusCode).toBe(403);
    expect(done).toBe(0);
  });

  it('cannot use a form of before signing in, nor one of a session after it', async () => {
    const before = await form();
    expect((await act({ ...COOKIE, ...before.cookies }, before.token)).statusCode).toBe(403);
    const { token } = await form(COOKIE);
    expect((await act(before.cookies, token)).statusCode).toBe(403);
  });

  it('is asked to sign in before it is asked for a token', async () => {
    expect((await running.inject({ method: 'POST', url: '/guarded', payload: {} })).statusCode).toBe(401);
  });
});

describe('no token is needed', () => {
  it('by what identifies itself in a header', async () => {
    const key = { 'x-api-key': KEYS.full };
    for (const headers of [BEARER, key, { ...key, origin: 'https://evil.example' }]) {
      const answer = await running.inject({ method: 'POST', url: '/act', headers, cookies: COOKIE, payload: {} });
      expect(answer.statusCode).toBe(200);
    }
  });

  it('but by a bad header beside a good cookie nothing is done', async () => {
    const headers = { authorization: 'Bearer nonsense' };
    const answer = await running.inject({ method: 'POST', url: '/act', headers, cookies: COOKIE, payload: {} });
    expect(answer.statusCode).toBe(401);
    expect(done).toBe(0);
  });

  it('by a route that says so, and for an address that leads nowhere', async () => {
    expect((await running.inject({ method: 'POST', url: '/free', payload: {} })).statusCode).toBe(200);
    expect((await running.inject({ method: 'POST', url: '/nowhere', cookies: COOKIE })).statusCode).toBe(404);
  });
});

describe('isOwnOrigin', () => {
  const base = new URL('https://solar.example.org');
  it.each([
    ['https://solar.example.org', 'internal:8000', true],
    ['https://solar.example.org:443', 'internal:8000', true],
    ['http://solar.example.org', 'internal:8000', false],
    ['https://solar.example.org:8443', 'internal:8000', false],
    ['http://192.168.0.2:8000', '192.168.0.2:8000', true],
    ['https://192.168.0.2', '192.168.0.2', true],
    ['http://192.168.0.2', '192.168.0.2:80', true],
    ['http://192.168.0.2:8000', '192.168.0.2', false],
    ['http://[fd00::1]:8000', '[fd00::1]:8000', true],
    ['http://LOCALHOST:8000', 'localhost:8000', true],
    ['null', 'localhost', false],
    ['', '', false],
    ['file://', '', false],
    ['nonsense', 'nonsense', false],
    ['http://evil.example', 'localhost/@evil.example', false],
  ])('%j asked at %j: %s', (origin, host, expected) => {
    expect(isOwnOrigin({ headers: { origin }, host }, base)).toBe(expected);
  });
});
