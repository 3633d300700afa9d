import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KEYS, memberOf, type TestApp, testApp } from '../../test/support/test-app.ts';
import { NotSignedIn, TooMany } from '../domain/errors.ts';
import { KeyLimit } from './key-limit.ts';

const start = new Date('2026-06-01T12:00:00Z');
const later = (seconds: number): Date => new Date(start.getTime() + seconds * 1000);

let asked: string[];
let remembered: Set<string>;
const apiKeys = {
  async identify(key: string) {
    asked.push(key);
    if (!key.startsWith('good')) throw new NotSignedIn('The API key is missing or not valid.');
    remembered.add(key);
    return { user: memberOf(1), keyId: 1, scope: 'ingest' as const };
  },
  remembers: (key: string) => remembered.has(key),
};
beforeEach(() => {
  asked = [];
  remembered = new Set();
});

async function guess(limit: KeyLimit, times: number, address = '192.0.2.1', now = start): Promise<void> {
  for (let i = 0; i < times; i++) {
    await expect(limit.identify(apiKeys, `bad ${i}`, address, now)).rejects.toThrow(NotSignedIn);
  }
}

describe('the limit of unknown keys', () => {
  it('refuses a network’s next unknown key without asking for it, and says how long', async () => {
    const limit = new KeyLimit({ refusals: 3 });
    await guess(limit, 3);
    const fourth = limit.identify(apiKeys, 'bad 4', '192.0.2.1', later(20));
    await expect(fourth).rejects.toThrow(TooMany);
    await expect(fourth).rejects.toMatchObject({ retryAfterS: 40 });
    expect(asked).toHaveLength(3);
    await guess(limit, 3, '192.0.2.2', later(20));
  });

  it('ends by itself, however often was asked meanwhile', async () => {
    const limit = new KeyLimit({ refusals: 3 });
    await guess(limit, 3);
    for (const s of [10, 30, 59])
      await expect(limit.identify(apiKeys, 'x', '192.0.2.1', later(s))).rejects.toThrow(TooMany);
    await expect(limit.identify(apiKeys, 'good', '192.0.2.1', later(61))).resolves.toMatchObject({ keyId: 1 });
  });

  it('never keeps out what was let in before', async () => {
    const limit = new KeyLimit({ refusals: 3 });
    await limit.identify(apiKeys, 'good', '192.0.2.1', start);
    await guess(limit, 3);
    await expect(limit.identify(apiKeys, 'good', '192.0.2.1', later(1))).resolves.toMatchObject({ keyId: 1 });
    await expect(limit.identify(apiKeys, 'good too', '192.0.2.1', later(1))).rejects.toThrow(TooMany);
  });

  it('takes a household’s IPv6 addresses for one, and remembers a bounded number of networks', async () => {
    const limit = new KeyLimit({ refusals: 2, maxRemembered: 3 });
    await guess(limit, 1, '2001:db8::1');
    await guess(limit, 1, '2001:db8::2');
    await expect(limit.identify(apiKeys, 'x', '2001:db8::3', start)).rejects.toThrow(TooMany);
    for (let i = 0; i < 10; i++) await guess(limit, 1, `198.51.100.${i}`);
    expect(limit.size).toBe(3);
  });
});

describe('over HTTP', () => {
  let web: TestApp;
  beforeEach(async () => {
    web = await testApp([
      async (app) => void app.get('/api/x', async ({ apiKey }) => ({ scope: apiKey?.scope ?? null })),
    ]);
  });
  afterEach(() => web.app.close());

  it('many unknown keys: 429 with Retry-After, and a good one still passes', async () => {
    const ask = (key: string) => web.inject({ url: '/api/x', headers: { 'x-api-key': key } });
    const statuses: number[] = [];
    for (let i = 0; i < 22; i++) statuses.push((await ask('ZZZZ-ZZZZ-ZZZZ-ZZZZ')).statusCode);
    expect(statuses.slice(18)).toEqual([200, 200, 429, 429]);
    const answer = await ask('ZZZZ-ZZZZ-ZZZZ-ZZZY');
    expect([answer.headers['retry-after'], answer.json()]).toEqual([
      '60',
      expect.objectContaining({ error: 'too_many' }),
    ]);
    expect((await ask(KEYS.read)).json()).toEqual({ scope: 'read' });
  });
});
