import { afterEach, describe, expect, it } from 'vitest';
import { fakeServices, sunnyInverter } from '../../../test/support/fake-services.ts';
import { type FakeWeb, fakeWeb, NOON } from '../../../test/support/fake-web.ts';
import { textOf } from '../../../test/support/page-text.ts';
import { Unavailable } from '../../domain/errors.ts';
import { PAGES } from './index.ts';

let running: FakeWeb | null = null;
afterEach(async () => {
  await running?.app.close();
  running = null;
});

async function start(): Promise<FakeWeb> {
  const services = fakeServices([sunnyInverter(NOON, { id: 1 })]);
  // An administrator without one is only led to set it up.
  services.account.twoFactor.isOn = true;
  services.inverters.of.set(2, [sunnyInverter(NOON, { id: 9, name: 'Nebenan' })]);
  running = await fakeWeb(services);
  return running;
}

const at = (path: string, id: number): string => path.replace(':id', String(id));
const asker = { public: 'nobody', member: 'member', admin: 'admin' } as const;
const PRIVATE = PAGES.filter(({ access }) => access !== 'public');
const WITH_ID = PAGES.filter(({ path }) => path.includes(':id'));
const POSTS = PAGES.flatMap(({ access, actions }) => actions.map((path) => ({ access, path })));
const HTMX = { 'hx-request': 'true', 'hx-current-url': 'http://192.168.178.20:8000/inverters?done=renamed' };

describe('every page', () => {
  it('has a name and a path of its own', () => {
    expect(new Set(PAGES.map(({ name }) => name)).size).toBe(PAGES.length);
    expect(new Set(PAGES.map(({ path }) => path)).size).toBe(PAGES.length);
  });

  it.each(PRIVATE)('$path sends whoever is not signed in to sign in, and back afterwards', async ({ path }) => {
    const web = await start();
    const url = `${at(path, 1)}?kind=opendtu`;
    const answer = await web.get(url, { as: 'nobody' });
    expect(answer.statusCode).toBe(303);
    expect(answer.headers['location']).toBe(`/login?next=${encodeURIComponent(url)}`);
    expect(answer.body).toBe('');
  });

  it.each(PRIVATE)('$path tells htmx the same in its own way', async ({ path }) => {
    const web = await start();
    const answer = await web.get(at(path, 1), { as: 'nobody', headers: HTMX });
    expect(answer.headers['hx-redirect']).toBe('/login?next=%2Finverters%3Fdone%3Drenamed');
    expect(answer.body).toBe('');
  });

  it.each(WITH_ID)(
    '$path is not there for somebody else’s inverter, nor for one that never was',
    async ({ path, access }) => {
      const web = await start();
      const as = asker[access];
      for (const id of [9, 999]) {
        const answer = await web.get(at(path, id), { as });
        expect(answer.statusCode).toBe(404);
        expect(answer.body).not.toContain('Nebenan');
      }
      for (const id of ['0', '-1', '1.5', 'abc', '99999999999', '1e1', '%20']) {
        expect((await web.get(path.replace(':id', id), { as })).statusCode).toBe(404);
      }
    },
  );

  it.each(PAGES.filter(({ name }) => name !== 'logout' && name !== 'login'))(
    '$path is a whole page, or its content alone for htmx; never kept',
    async ({ path, access }) => {
      const web = await start();
      const url = at(path, 1);
      const as = access === 'admin' ? 'admin' : 'member';
      const whole = await web.get(url, { as });
      expect(whole.body).toMatch(/^<!doctype html><html lang="en" data-tag="en-GB"><head>/);
      expect(whole.headers['cache-control']).toBe('no-store');
      expect(whole.headers['content-type']).toBe('text/html; charset=utf-8');
      const part = await web.get(url, { as, headers: HTMX });
      expect(part.body).toMatch(/^<title>[^<]+<\/title></);
      expect(part.body).not.toMatch(/<html|<body|<header/);
      const boosted = await web.get(url, { as, headers: { ...HTMX, 'hx-boosted': 'true' } });
      expect(boosted.body).toMatch(/^<!doctype html>/);
    },
  );

  it.each(PAGES)('$path has no script, style or handler in it', async ({ path, access }) => {
    const web = await start();
    const { body } = await web.get(at(path, 1), { as: asker[access] });
    expect(body).not.toMatch(/<script(?![^>]* src="\/assets\/)/);
    expect(body).not.toMatch(/<style|\sstyle=|\son[a-z]+=|javascript:/i);
    expect(body).not.toMatch(/(src|href)="(https?:)?\/\//);
  });

  it.each(POSTS)('POST $path needs the form’s token', async ({ path, access }) => {
    const web = await start();
    const as = access === 'admin' ? 'admin' : 'member';
    const answer = await web.post(at(path, 1), { _csrf: 'forged' }, { as });
    expect(answer.statusCode).toBe(403);
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
  });

  it.each(POSTS.filter(({ access }) => access !== 'public'))('POST $path needs somebody', async ({ path }) => {
    const web = await start();
    const answer = await web.post(at(path, 1), {}, { as: 'nobody' });
    expect(answer.statusCode).toBe(303);
    expect(answer.headers['location']).toBe('/login');
  });

  it.each(POSTS.filter(({ path }) => path.includes(':id')))(
    'POST $path does nothing to somebody else’s',
    async ({ path }) => {
      const web = await start();
      const answer = await web.post(at(path, 9), { name: 'Meins', confirm: 'yes' });
      expect(answer.statusCode).toBe(404);
      expect(web.services.inverters.of.get(2)?.map(({ name }) => name)).toEqual(['Nebenan']);
    },
  );
});

describe('an error', () => {
  it('is a page in the reader’s language, with the way back', async () => {
    const web = await start();
    const answer = await web.get('/nowhere', { headers: { 'accept-language': 'de' } });
    expect(answer.statusCode).toBe(404);
    expect(textOf(answer.body)).toContain('Hier ist nichts');
    expect(answer.body).toContain('<html lang="de"');
  });

  it('is only the content for htmx, and goes where the content is', async () => {
    const web = await start();
    const answer = await web.get('/dashboard/9', { headers: HTMX });
    expect(answer.body).toMatch(/^<title>/);
    expect(answer.headers).toMatchObject({ 'hx-retarget': '#main', 'hx-reswap': 'innerHTML' });
  });

  it('of ours says nothing of its insides, but which request it was', async () => {
    const web = await start();
    web.services.failWith = new Error('relation "secret" does not exist');
    const answer = await web.get('/');
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain('secret');
    expect(answer.body).toContain(answer.headers['x-request-id']);
  });

  it('of the database says when to come again', async () => {
    const web = await start();
    web.services.failWith = new Unavailable('The database does not answer.');
    const answer = await web.get('/');
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('5');
    expect(textOf(answer.body)).toContain('Back in a moment');
  });
});
