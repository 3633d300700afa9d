import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { totpCode, totpStep } from '../../src/crypto/totp.ts';
import { SESSION_COOKIE } from '../../src/http/authentication.ts';
import { smtpTransport } from '../../src/mail/smtp.ts';
import { sendMail } from '../../src/worker/jobs/send-mail.ts';
import { BrowserLike } from '../support/browser-like.ts';
import { startMailServer, type TestMailServer } from '../support/mail-server.ts';
import { textOf } from '../support/page-text.ts';
import { buildTestApp, type ServedApp } from '../support/served-app.ts';
import { createTestDatabase, databaseOf, type TestDatabase } from '../support/test-database.ts';

/**
 * The account's whole life over HTTP, with the server as it is served, a real mail server, and every line of the log kept: nothing
 * secret may be in it.
 */
const EMAIL = 'erika.muster@example.org';
const PASSWORD = 'Drei Tauben im Regen';
const NEXT = 'Vier Tauben im Nebel';
const LAST = 'Acht Kraniche am Morgen';

let db: TestDatabase;
let mail: TestMailServer;
let served: ServedApp;
let origin: string;
const lines: string[] = [];
const log = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) });
/** Whatever was secret on the way. */
const secrets = new Set<string>([PASSWORD, NEXT, LAST]);

beforeAll(async () => {
  db = await createTestDatabase();
  mail = await startMailServer();
  // Everything comes from one address here, and the limits are another test's.
  served = await buildTestApp(db, { log, env: { SIGN_IN_LIMIT: '7/minute', RESET_LIMIT: '50/hour' } });
  origin = served.routes[0]?.origin ?? '';
});
afterAll(async () => {
  await served?.stop();
  await mail?.close();
  await db?.drop();
});

/** Lets the worker send what waits, and gives the newest mail to that address. */
async function mailTo(address: string): Promise<{ subject: string; text: string; token: string }> {
  const smtp = {
    server: '127.0.0.1',
    port: mail.port,
    tls: 'offered',
    credentials: null,
    validateCerts: false,
  } as const;
  await sendMail(smtpTransport(smtp, { name: 'Deye Hard', address: 'solar@example.org' })).run({
    database: databaseOf(db),
    settings: { compressAfterDays: 7, retentionDays: 730 },
    log,
    now: new Date(),
  });
  const { mail: found } = mail.received.filter(({ to }) => to.includes(address)).at(-1) ?? {};
  const text = found?.text ?? '';
  const token = /token=([\w-]+)/.exec(text)?.[1] ?? '';
  if (token !== '') secrets.add(token);
  return { subject: found?.subject ?? '', text, token };
}

const signUp = (browser: BrowserLike, email: string) =>
  browser.submit('/signup', '/signup', { first_name: 'Erika', last_name: 'Muster', email, password: PASSWORD });

const signIn = async (browser: BrowserLike, email: string, password: string) => {
  const answer = await browser.submit('/login', '/login', { username: email, password });
  const cookie = browser.cookie(SESSION_COOKIE);
  if (cookie !== undefined) secrets.add(cookie);
  return answer;
};

const api = (path: string, init: RequestInit = {}) => fetch(`${origin}${path}`, init);

function apiSignIn(fields: Record<string, string>): Promise<Response> {
  return api('/auth/jwt/login', { method: 'POST', body: new URLSearchParams(fields) });
}

it('an account lives: signed up, confirmed, used, guarded by a second factor, forgotten, moved, deleted', async () => {
  const browser = new BrowserLike(origin);

  // Signed up and confirmed. Whoever has the address already gets the same answer.
  const first = await signUp(browser, EMAIL);
  const again = await signUp(new BrowserLike(origin), EMAIL);
  expect([first.status, again.status]).toEqual([200, 200]);
  expect(textOf(again.body)).toBe(textOf(first.body));
  expect((await signIn(browser, EMAIL, 'Falsche Tauben')).status).toBe(401);
  expect((await signIn(browser, EMAIL, PASSWORD)).location).toBe('/');
  // It may look, and not add devices.
  expect(textOf((await browser.get('/')).body)).toContain('noch nicht bestätigt');
  const add = { kind: 'opendtu', name: 'Dach', serial: '116183771004' };
  expect((await browser.submit('/account', '/inverters', add)).status).toBe(403);
  await mailTo(EMAIL);
  const { text } =
    mail.received.map((one) => one.mail).find(({ subject }) => subject?.startsWith('E-Mail-Adresse')) ?? {};
  const verify = /token=([\w-]+)/.exec(text ?? '')?.[1] ?? '';
  secrets.add(verify);
  expect((await browser.get(`/verify?token=${verify}`)).status).toBe(200);
  expect((await browser.submit('/account', '/inverters', add)).status).toBe(303);

  // A second factor.
  await browser.submit('/account/two-factor', '/account/two-factor', { password: PASSWORD });
  const key = /secret=([A-Z2-7]+)/.exec((await browser.get('/account/two-factor')).body)?.[1] ?? '';
  secrets.add(key);
  const bits = [...key].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const seed = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const step = totpStep(new Date());
  const confirmed = await browser.submit('/account/two-factor', '/account/two-factor/confirm', {
    otp: totpCode(seed, step),
  });
  const codes = confirmed.body.match(/[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}/g) ?? [];
  expect(codes).toHaveLength(10);
  for (const code of codes) secrets.add(code);

  const asked = await apiSignIn({ username: EMAIL, password: PASSWORD });
  expect([asked.status, await asked.json()]).toEqual([400, expect.objectContaining({ detail: 'OTP_REQUIRED' })]);
  const program = await apiSignIn({ username: EMAIL, password: PASSWORD, otp: codes[0] ?? '' });
  const { access_token: bearer } = (await program.json()) as { access_token: string };
  secrets.add(bearer);
  const authorization = `Bearer ${bearer}`;
  const account = await api('/api/v1/account', { headers: { authorization } });
  expect(await account.json()).toMatchObject({
    email: EMAIL,
    first_name: 'Erika',
    is_verified: true,
    time_zone: 'Europe/Berlin',
  });

  // Forgotten: the link ends every session and does not get around the second factor.
  const reset = await new BrowserLike(origin).submit('/reset_password', '/request_reset_password', { email: EMAIL });
  const nobody = await new BrowserLike(origin).submit('/reset_password', '/request_reset_password', {
    email: 'x@example.org',
  });
  expect(textOf(nobody.body).replace('x@example.org', EMAIL)).toBe(textOf(reset.body));
  const { token } = await mailTo(EMAIL);
  const anew = { token, new_password1: NEXT, new_password2: NEXT };
  const path = `/reset_password?token=${token}`;
  expect(textOf((await new BrowserLike(origin).submit(path, path, anew)).body)).toContain('Ihr Passwort ist geändert');
  expect((await api('/api/v1/account', { headers: { authorization } })).status).toBe(401);
  expect((await browser.get('/account')).location).toContain('/login');
  const challenged = await signIn(browser, EMAIL, NEXT);
  const challenge = /name="challenge" value="([^"]+)"/.exec(challenged.body)?.[1] ?? '';
  expect([challenged.status, challenge.length]).toEqual([200, expect.any(Number)]);
  secrets.add(challenge);
  const second = await browser.submit('/login', '/login/code', { challenge, otp: codes[1] ?? '', next: '/account' });
  expect(second.location).toBe('/account');
  secrets.add(browser.cookie(SESSION_COOKIE) ?? 'no cookie');

  // Another password, another address, and the sessions.
  const passwords = { current_password: NEXT, new_password1: LAST, new_password2: LAST };
  expect((await browser.submit('/account', '/account/change-password', passwords)).location).toBe(
    '/account?done=password',
  );
  const to = 'erika.neu@example.org';
  const moved = await browser.submit('/account', '/account/change-email', { new_email: to, password: LAST });
  expect(moved.location).toBe('/account?done=email');
  expect((await browser.get(`/verify?token=${(await mailTo(to)).token}`)).status).toBe(200);
  expect((await mailTo(EMAIL)).subject).toContain('wurde geändert');
  expect(textOf((await browser.get('/account')).body)).toContain(`Jetzt: ${to}`);
  const other = await apiSignIn({ username: to, password: LAST, otp: codes[2] ?? '' });
  const { access_token: otherBearer } = (await other.json()) as { access_token: string };
  secrets.add(otherBearer);
  const headers = { authorization: `Bearer ${otherBearer}` };
  const { items } = (await (await api('/api/v1/sessions', { headers })).json()) as {
    items: { id: string; is_current: boolean }[];
  };
  expect(items.map((one) => one.is_current).sort()).toEqual([false, true]);
  const here = items.find((one) => !one.is_current)?.id ?? '';
  expect((await api(`/api/v1/sessions/${here}`, { method: 'DELETE', headers })).status).toBe(204);
  expect((await api(`/api/v1/sessions/${here}`, { method: 'DELETE', headers })).status).toBe(404);
  expect((await browser.get('/account')).location).toContain('/login');
  expect((await api('/api/v1/sessions', { method: 'DELETE', headers })).status).toBe(204);
  expect((await api('/api/v1/account', { headers })).status).toBe(401);

  // The end.
  const last = await signIn(browser, to, LAST);
  const sealed = /name="challenge" value="([^"]+)"/.exec(last.body)?.[1] ?? '';
  await browser.submit('/login', '/login/code', { challenge: sealed, otp: codes[3] ?? '' });
  secrets.add(browser.cookie(SESSION_COOKIE) ?? 'no cookie');
  expect((await browser.submit('/account/delete', '/account/delete', { password: LAST })).location).toBe('/login');
  expect((await mailTo(to)).subject).toContain('gelöscht');
  expect(textOf((await signIn(browser, to, LAST)).body)).toContain('E-Mail-Adresse oder Passwort ist falsch.');
  const { rows } = await db.owner((client) => client.query('SELECT FROM api.user_account'));
  expect(rows).toEqual([]);
});

describe('a form', () => {
  it('of another site, or without the page’s token, changes nothing', async () => {
    const browser = new BrowserLike(origin);
    const fields = { username: 'x@example.org', password: 'x' };
    expect((await browser.submit('/healthcheck', '/login', fields)).status).toBe(403);
    const foreign = new BrowserLike(origin, { 'sec-fetch-site': 'cross-site' });
    const answer = await fetch(`${origin}/signup`, {
      method: 'POST',
      headers: { origin: 'https://evil.example', 'content-type': 'application/x-www-form-urlencoded' },
      body: 'email=evil@example.org',
    });
    expect(answer.status).toBe(403);
    expect((await foreign.get('/signup')).status).toBe(200);
  });
});

describe('too many failures', () => {
  it('are answered 429 with Retry-After, for an account and for an address without one alike', async () => {
    const statuses = async (username: string): Promise<number[]> => {
      const found: number[] = [];
      for (let n = 0; n < 8; n++) found.push((await apiSignIn({ username, password: 'Falsche Tauben' })).status);
      return found;
    };
    await signUp(new BrowserLike(origin), 'max@example.org');
    const expected = [400, 400, 400, 400, 400, 400, 400, 429];
    expect(await statuses('max@example.org')).toEqual(expected);
    expect(await statuses('nobody@example.org')).toEqual(expected);
    const refused = await apiSignIn({ username: 'max@example.org', password: PASSWORD });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ error: 'too_many' });
  });
});

it('nothing of all this is in the log: no password, link, token, code, key or address', () => {
  const all = lines.join('');
  expect(lines.length).toBeGreaterThan(60);
  expect(secrets.size).toBeGreaterThan(20);
  for (const secret of [...secrets, 'Falsche Tauben', '@example.org']) expect(all.includes(secret), secret).toBe(false);
  // Neither in another dress.
  for (const secret of secrets) expect(all.includes(encodeURIComponent(secret)), secret).toBe(false);
});
