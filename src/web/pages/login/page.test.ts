import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PASSWORD } from '../../../../test/support/fake-services.ts';
import { type FakeWeb, fakeWeb } from '../../../../test/support/fake-web.ts';
import { textOf } from '../../../../test/support/page-text.ts';

let web: FakeWeb;
beforeEach(async () => {
  web = await fakeWeb();
});
afterEach(() => web.app.close());

const NOBODY = { as: 'nobody', headers: { 'accept-language': 'de' } } as const;
const RIGHT = { username: 'erika@example.org', password: PASSWORD };

describe('signing in', () => {
  it('sets the cookie and leads to where the visitor wanted to go', async () => {
    const form = await web.get('/login?next=%2Fdashboard%2F1', NOBODY);
    expect(form.body).toContain('name="next" value="/dashboard/1"');
    const answer = await web.post('/login', { ...RIGHT, next: '/dashboard/1' }, NOBODY);
    expect(answer.statusCode).toBe(303);
    expect(answer.headers['location']).toBe('/dashboard/1');
    expect(answer.cookies).toContainEqual(expect.objectContaining({ name: 'fastapiusersauth', value: 'token-of-1' }));
  });

  it.each(['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)', '/\t/evil.example', ''])(
    'never leads to another site: %j',
    async (next) => {
      const answer = await web.post('/login', { ...RIGHT, next }, NOBODY);
      expect(answer.headers['location']).toBe('/');
      const form = await web.get(`/login?next=${encodeURIComponent(next)}`, NOBODY);
      expect(form.body).toContain('name="next" value="/"');
    },
  );

  it('with a wrong password says so, keeps the address and not the password', async () => {
    const answer = await web.post('/login', { ...RIGHT, password: 'geheim-falsch' }, NOBODY);
    expect(answer.statusCode).toBe(401);
    expect(textOf(answer.body)).toContain('E-Mail-Adresse oder Passwort ist falsch.');
    expect(answer.body).toContain('value="erika@example.org"');
    expect(answer.body).not.toContain('geheim-falsch');
    expect(answer.cookies.map(({ name }) => name)).not.toContain('fastapiusersauth');
  });

  it('with nothing says which field', async () => {
    const answer = await web.post('/login', { username: '', password: '' }, NOBODY);
    expect(answer.statusCode).toBe(422);
    expect(answer.body).toMatch(/id="username"[^>]*aria-invalid="true" aria-describedby="username-error"/);
    expect(answer.body).toMatch(/id="password-error"/);
  });

  it('too often says when to come again', async () => {
    const answer = await web.post('/login', { ...RIGHT, username: 'locked@example.org' }, NOBODY);
    expect(answer.statusCode).toBe(429);
    expect(answer.headers['retry-after']).toBe('90');
    expect(textOf(answer.body)).toContain('in 2 Minuten');
  });

  it('is a page of its own also for htmx, that came here by a redirect', async () => {
    const headers = { 'hx-request': 'true', 'hx-current-url': 'http://192.168.178.20:8000/inverters' };
    const answer = await web.get('/login', { as: 'nobody', headers });
    expect(answer.headers['hx-redirect']).toBe('/login');
    expect(answer.body).toBe('');
  });

  it('is not asked of somebody who is signed in', async () => {
    const answer = await web.get('/login?next=/inverters');
    expect(answer.statusCode).toBe(303);
    expect(answer.headers['location']).toBe('/inverters');
  });
});

describe('before the first administrator', () => {
  const text = async (language = 'de'): Promise<string> =>
    textOf((await web.get('/login', { as: 'nobody', headers: { 'accept-language': language } })).body);

  it('says that there is none, where the link is, and how to do without', async () => {
    web.services.isAdministered = false;
    web.services.account.signupIsOpen = false;
    const german = await text();
    expect(german).toContain('Dieser Server hat noch keinen Administrator');
    expect(german).toContain('docker logs deye-hard');
    expect(german).toContain('npx deye-hard user create --email name@example.org --admin');
    expect(german).not.toContain('gewöhnliches');
    expect(await text('en')).toContain('This server has no administrator yet');
    // It never tells the link itself.
    expect(german).not.toContain('setup-token');
  });

  it('says, where everybody may sign up, that this makes no administrator', async () => {
    web.services.isAdministered = false;
    expect(await text()).toContain('Ein Konto, das Sie hier selbst anlegen, ist ein gewöhnliches');
  });

  it('lets others sign in all the same, and does not jump over what it says', async () => {
    web.services.isAdministered = false;
    expect((await web.get('/login', NOBODY)).body).not.toContain('autofocus');
    expect((await web.post('/login', RIGHT, NOBODY)).statusCode).toBe(303);
    const wrong = await web.post('/login', { ...RIGHT, password: 'geheim-falsch' }, NOBODY);
    expect(textOf(wrong.body)).toContain('noch keinen Administrator');
  });

  it('is over with the first one', async () => {
    expect(await text()).not.toContain('Administrator');
    expect((await web.get('/login', NOBODY)).body).toContain('autofocus');
  });
});

describe('signing out', () => {
  it('ends the session and takes the cookie away', async () => {
    const answer = await web.post('/logout', {});
    expect(answer.statusCode).toBe(303);
    expect(answer.headers['location']).toBe('/login');
    expect(web.services.ended).toContain('session-of-1');
    expect(answer.cookies).toContainEqual(expect.objectContaining({ name: 'fastapiusersauth', value: '' }));
  });

  it('is not done by a link', async () => {
    expect((await web.get('/logout')).headers['location']).toBe('/');
    expect(web.services.ended.size).toBe(0);
  });
});
