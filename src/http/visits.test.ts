import { afterEach, describe, expect, it } from 'vitest';
import { BEARER, KEYS, type TestApp, testApp } from '../../test/support/test-app.ts';
import type { Visit } from '../services/visits.ts';

let test: TestApp;
afterEach(() => test.app.close());

async function visited(
  request: { headers?: Record<string, string>; method?: 'GET' | 'POST' },
  trustProxy: string | null = null,
): Promise<Visit[]> {
  const visits: Visit[] = [];
  const routes = async (app: TestApp['app']): Promise<void> => {
    app.all('/things', async () => 'here');
  };
  test = await testApp([routes], {
    config: { baseUrl: new URL('https://solar.example.org'), cookieSecure: true, trustProxy },
    onVisit: (visit) => visits.push(visit),
  });
  await test.inject({ url: '/things', remoteAddress: '203.0.113.7', ...request });
  return visits;
}

const visit = { userId: 1, address: '203.0.113.7', isChange: false };

describe('a visit', () => {
  it.each<[string, Parameters<typeof visited>[0], Visit[]]>([
    ['a session’s', { headers: BEARER }, [visit]],
    ['a session’s change', { headers: BEARER, method: 'POST' }, [{ ...visit, isChange: true }]],
    ['a program’s', { headers: { 'x-api-key': KEYS.read } }, [visit]],
    ['not a device’s', { headers: { 'x-api-key': KEYS.ingest } }, []],
    ['not a stranger’s', {}, []],
    ['not through a proxy that nobody declared', { headers: { ...BEARER, 'x-forwarded-for': '198.51.100.9' } }, []],
  ])('is %s', async (_, request, expected) => {
    expect(await visited(request)).toEqual(expected);
  });

  it('through a declared proxy is one from where the proxy says', async () => {
    const headers = { ...BEARER, 'x-forwarded-for': '198.51.100.9' };
    expect(await visited({ headers }, '203.0.113.7')).toEqual([{ ...visit, address: '198.51.100.9' }]);
  });
});
