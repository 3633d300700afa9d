import { afterEach, expect, it } from 'vitest';
import { fakeServices, inverter } from '../../../../test/support/fake-services.ts';
import { type FakeWeb, fakeWeb } from '../../../../test/support/fake-web.ts';
import { textOf } from '../../../../test/support/page-text.ts';
import type { InverterCurrent } from '../../../services/services.ts';

let web: FakeWeb;
afterEach(() => web.app.close());

const german = { headers: { 'accept-language': 'de' } };

async function start(of: Partial<InverterCurrent> = {}): Promise<void> {
  web = await fakeWeb(fakeServices([inverter({ id: 7, name: 'Gartenhaus', ...of })]));
}

const stateOf = (): string | undefined => web.services.inverters.of.get(1)?.[0]?.state;

it('a logger is given up after a question, which changes nothing', async () => {
  await start({ state: 'producing' });
  const asked = await web.get('/inverters/7/release', german);
  expect(textOf(asked.body)).toMatch(/Logger von Gartenhaus abgeben\? .*Alles bisher Gemessene bleibt bei Ihnen\./);
  expect(stateOf()).toBe('producing');
  const meant = await web.post('/inverters/7/release', {}, german);
  expect([meant.statusCode, meant.headers['location'], stateOf()]).toEqual([303, '/inverters/7/setup', 'waiting']);
});

it('of one that was given up already says so, in English too', async () => {
  await start({ state: 'waiting' });
  const { body } = await web.get('/inverters/7/release', { headers: { 'accept-language': 'en' } });
  expect(textOf(body)).toContain('This logger is assigned to nobody here any more.');
  expect(body).not.toContain('action="/inverters/7/release"');
});

it.each<Partial<InverterCurrent>>([{ kind: 'opendtu' }, { id: 8 }])('is not there for %o', async (of) => {
  await start(of);
  expect((await web.get('/inverters/7/release', german)).statusCode).toBe(404);
});
