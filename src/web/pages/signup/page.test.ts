import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FAKE_TOKENS } from '../../../../test/support/fake-account-services.ts';
import { fakeServices, PASSWORD } from '../../../../test/support/fake-services.ts';
import { type FakeWeb, fakeWeb } from '../../../../test/support/fake-web.ts';
import { textOf } from '../../../../test/support/page-text.ts';

let web: FakeWeb;
beforeEach(async () => {
  web = await fakeWeb(fakeServices([], { isVerified: false }));
});
afterEach(() => web.app.close());

const NOBODY = { as: 'nobody', headers: { 'accept-language': 'de' } } as const;
const MEMBER = { headers: { 'accept-language': 'de' } } as const;
const FORM = { first_name: 'Erika', last_name: 'Muster', email: 'neu@example.org', password: PASSWORD };

describe('signing up', () => {
  it('says to look into the mailbox, whoever has the address', async () => {
    expect((await web.get('/login', NOBODY)).body).toContain('href="/signup"');
    const answer = await web.post('/signup', FORM, NOBODY);
    expect(answer.statusCode).toBe(200);
    expect(textOf(answer.body)).toContain('Wir haben eine E-Mail an neu@example.org gesendet.');
    expect(web.services.account.mails).toEqual(['verify neu@example.org']);
    expect(answer.cookies.map(({ name }) => name)).not.toContain('fastapiusersauth');
  });

  it('names each wrong field and keeps what was right, but no password', async () => {
    const answer = await web.post('/signup', { ...FORM, email: 'neu', password: 'password' }, NOBODY);
    expect(answer.statusCode).toBe(422);
    expect(textOf(answer.body)).toContain('Bitte prüfen Sie die E-Mail-Adresse.');
    expect(textOf(answer.body)).toContain('nichts, was leicht zu erraten ist');
    expect(answer.body).toContain('value="Erika"');
    expect(answer.body).not.toContain('value="password"');
  });

  it('waits when there were too many', async () => {
    const answer = await web.post('/signup', { ...FORM, email: 'busy@example.org' }, NOBODY);
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([429, '90']);
    expect(textOf(answer.body)).toContain('Bitte versuchen Sie es in 2 Minuten wieder.');
  });

  it('is not offered where it is closed, and refused', async () => {
    web.services.account.signupIsOpen = false;
    expect((await web.get('/login', NOBODY)).body).not.toContain('href="/signup"');
    expect(textOf((await web.get('/signup', NOBODY)).body)).toContain('Neue Konten legt der Betreiber');
    expect((await web.post('/signup', FORM, NOBODY)).statusCode).toBe(403);
  });
});

describe('confirming an address', () => {
  it('works by the link, and tells when it does not', async () => {
    const good = await web.get(`/verify?token=${FAKE_TOKENS.verify}`, NOBODY);
    expect([good.statusCode, textOf(good.body)]).toEqual([
      200,
      expect.stringContaining('Ihre E-Mail-Adresse ist bestätigt'),
    ]);
    expect(good.cookies.map(({ name }) => name)).not.toContain('fastapiusersauth');
    for (const path of ['/verify?token=old', '/verify', '/verify?token=a&token=b']) {
      const bad = await web.get(path, NOBODY);
      expect([bad.statusCode, textOf(bad.body)]).toEqual([403, expect.stringContaining('Dieser Link gilt nicht mehr')]);
    }
  });

  it('is asked for on every page, and the mail can be had again', async () => {
    expect(textOf((await web.get('/inverters', MEMBER)).body)).toContain('noch nicht bestätigt. Bestätigen');
    expect(textOf((await web.get('/verify', MEMBER)).body)).toContain('Bitte öffnen Sie den Link');
    const answer = await web.post('/verify', {}, MEMBER);
    expect(textOf(answer.body)).toContain('Gesendet.');
    expect(web.services.account.mails).toEqual(['verify member1@example.org']);
    expect((await web.post('/verify', {}, NOBODY)).headers['location']).toBe('/login');
  });
});

describe('a forgotten password', () => {
  it('is answered alike whoever asks', async () => {
    expect((await web.get('/login', NOBODY)).body).toContain('href="/reset_password"');
    const texts = new Set<string>();
    for (const email of ['erika@example.org', 'max@example.org']) {
      const answer = await web.post('/request_reset_password', { email }, NOBODY);
      expect(answer.statusCode).toBe(200);
      texts.add(textOf(answer.body).replaceAll(email, ''));
    }
    expect([...texts]).toEqual([expect.stringContaining('ist eine E-Mail unterwegs')]);
    expect((await web.get('/request_reset_password', NOBODY)).headers['location']).toBe('/reset_password');
  });

  it('is chosen anew by the link, typed twice', async () => {
    const path = `/reset_password?token=${FAKE_TOKENS.reset}`;
    expect(textOf((await web.get(path, NOBODY)).body)).toContain('Neues Passwort wählen');
    const send = (one: string, other: string, at = path) =>
      web.post(at, { token: at.split('=')[1] ?? '', new_password1: one, new_password2: other }, NOBODY);
    expect(textOf((await send(PASSWORD, 'another')).body)).toContain('nicht gleich');
    const weak = await send('password', 'password');
    expect([weak.statusCode, textOf(weak.body)]).toEqual([422, expect.stringContaining('leicht zu erraten')]);
    const done = await send(PASSWORD, PASSWORD);
    expect([done.statusCode, textOf(done.body)]).toEqual([200, expect.stringContaining('Ihr Passwort ist geändert')]);
    const old = await send(PASSWORD, PASSWORD, '/reset_password?token=old');
    expect([old.statusCode, textOf(old.body)]).toEqual([403, expect.stringContaining('Dieser Link gilt nicht mehr')]);
  });
});

describe('the language of whoever is not signed in', () => {
  it('can be chosen, stays, and leads back to the page', async () => {
    const page = await web.get('/signup', NOBODY);
    const href = /href="(\/language[^"]*)"/.exec(page.body)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const answer = await web.get(href, NOBODY);
    expect([answer.statusCode, answer.headers['location']]).toEqual([303, '/signup']);
    const [cookie] = answer.cookies;
    expect(cookie).toMatchObject({ value: 'en', httpOnly: true, sameSite: 'Lax', path: '/' });
    const again = await web.inject({
      url: '/signup',
      cookies: { [cookie?.name ?? '']: 'en' },
      headers: { accept: 'text/html', 'accept-language': 'de' },
    });
    expect(textOf(again.body)).toContain('Create an account');
  });

  it.each(['//evil.example', 'https://evil.example', '/\\evil.example'])(
    'never leads to another site: %s',
    async (next) => {
      const answer = await web.get(`/language?to=de&next=${encodeURIComponent(next)}`, NOBODY);
      expect(answer.headers['location']).toBe('/');
      expect((await web.get('/language?to=xx', NOBODY)).statusCode).toBe(404);
    },
  );
});

describe('the second step of signing in', () => {
  it('asks for the code, keeps what proved the first step, and never the password', async () => {
    web.services.account.twoFactor = { isOn: true, recoveryCodes: 10, setUp: null };
    const first = await web.post(
      '/login',
      { username: 'erika@example.org', password: PASSWORD, next: '/inverters' },
      NOBODY,
    );
    expect(first.statusCode).toBe(200);
    expect(textOf(first.body)).toContain('Noch ein Schritt');
    expect(first.body).toContain('name="challenge" value="challenge"');
    expect(first.body).not.toContain(PASSWORD);
    expect(first.cookies.map(({ name }) => name)).not.toContain('fastapiusersauth');
    const step = { challenge: 'challenge', next: '/inverters' };
    const wrong = await web.post('/login/code', { ...step, otp: '000000' }, NOBODY);
    expect([wrong.statusCode, textOf(wrong.body)]).toEqual([401, expect.stringContaining('Der Code ist falsch')]);
    expect(wrong.body).toContain('name="challenge" value="challenge"');
    const done = await web.post('/login/code', { ...step, otp: '123456' }, NOBODY);
    expect([done.statusCode, done.headers['location']]).toEqual([303, '/inverters']);
    expect(done.cookies.map(({ name }) => name)).toContain('fastapiusersauth');
  });

  it('leads an administrator who has none to set it up', async () => {
    web.services.user.isAdmin = true;
    const answer = await web.post('/login', { username: 'erika@example.org', password: PASSWORD }, NOBODY);
    expect(answer.headers['location']).toBe('/account/two-factor');
    expect(textOf((await web.get('/account/two-factor', MEMBER)).body)).toContain('Als Administrator brauchen Sie sie');
  });
});
