import { apiKeyHint, hashApiKey, newApiKey } from '../../src/crypto/api-key.ts';
import { insertApiKeyFor } from '../../src/store/owner-accounts.ts';
import { present } from '../../test/support/present.ts';
import { fillYear } from '../reads-fill.ts';
import { percentile } from '../rig.ts';
import type { Measure } from '../rounds.ts';
import { forSeconds, type Stage } from '../stage.ts';

const DAY_MS = 86_400_000;
const READERS = 4;

/** Somebody to ask, and what: an account with months of samples, its key and its session. */
export interface Readers {
  api: readonly Wanted[];
  pages: readonly Wanted[];
}

interface Wanted {
  path: string;
  headers: Record<string, string>;
}

/** To be called while the database is empty: the samples of a week are copied to the weeks before it. */
export async function fillForReads({ bench, size }: Stage): Promise<Readers> {
  const now = lastSundayEvening();
  const { userId, inverterIds } = await fillYear(bench, { days: size.days, inverters: size.inverters, now });
  const apiKey = newApiKey();
  const key = { name: 'reads', scope: 'read' as const, hash: hashApiKey(apiKey), hint: apiKeyHint(apiKey) };
  await bench.owner((owner) => insertApiKeyFor(owner, userId, { ...key, createdAt: new Date(), expiresAt: null }));
  const password = 'Sonne-und-Wind-7';
  await bench.server.cli('user', 'set-password', '--email', 'year@example.org', '--password', password);
  const signedIn = await fetch(`${bench.server.url}/auth/jwt/login`, {
    method: 'POST',
    body: new URLSearchParams({ username: 'year@example.org', password }),
  });
  const { access_token: token } = (await signedIn.json()) as { access_token: string };
  const id = present(inverterIds[0]);
  const day = (ago: number): string => new Date(now.getTime() - ago * DAY_MS).toISOString().slice(0, 10);
  const api = [
    '/api/v1/inverters',
    `/api/v1/inverters/${id}/current`,
    `/api/v1/inverters/${id}/power?from=${day(1)}T00:00:00Z&to=${day(0)}T00:00:00Z&bucket=5m`,
    `/api/v1/inverters/${id}/power?from=${day(40)}T00:00:00Z&to=${day(39)}T00:00:00Z&bucket=5m`,
    `/api/v1/inverters/${id}/energy?from=${day(365)}&to=${day(0)}&bucket=day`,
    `/api/v1/summary/energy?from=${day(365)}&to=${day(0)}&bucket=month`,
  ];
  const pages = [
    `/?period=day&date=${day(0)}`,
    `/dashboard/${id}?period=day&date=${day(1)}`,
    `/dashboard/${id}?period=month&date=${day(30)}`,
    `/dashboard/summary?period=year&date=${day(0)}`,
    `/dc-channels/${id}?period=day&date=${day(2)}`,
    '/inverters',
  ];
  return {
    api: api.map((path) => ({ path, headers: { 'x-api-key': apiKey } })),
    pages: pages.map((path) => ({ path, headers: { authorization: `Bearer ${token}`, accept: 'text/html' } })),
  };
}

/** Some readers that ask one thing after the other; beside it node:http that answers the same bytes. */
export async function readMeasures(stage: Stage, readers: Readers): Promise<Measure[]> {
  const { bench, http, size } = stage;
  const measures: Measure[] = [];
  for (const [name, wanted, what] of [
    ['api', readers.api, 'answers of the API on a year of samples'],
    ['pages', readers.pages, 'pages on a year of samples'],
  ] as const) {
    for (const each of wanted) {
      const body = await get(bench.server.url, each);
      await fetch(`http://127.0.0.1:${http.port}${each.path}`, { method: 'PUT', body: new Uint8Array(body) });
    }
    const read = (origin: string, took: number[]): Promise<number> =>
      forSeconds([...Array(READERS).keys()], size.seconds, async (reader, n) => {
        const startedAt = performance.now();
        await get(origin, present(wanted[(reader + n) % wanted.length]));
        took.push(performance.now() - startedAt);
      });
    measures.push({
      name,
      what,
      unit: 'a second',
      async ours(note) {
        const took: number[] = [];
        const rate = await read(bench.server.url, took);
        note(`${name}_p50`, percentile(took, 0.5), `${READERS} readers, median`, 'ms');
        note(`${name}_p95`, percentile(took, 0.95), `${READERS} readers, 95 of 100`, 'ms');
        return rate;
      },
      neighbours: [
        {
          name: 'bare_http',
          what: 'node:http with the same bytes',
          measure: () => read(`http://127.0.0.1:${http.port}`, []),
        },
      ],
    });
  }
  return measures;
}

/** The whole body. @throws where it is not what was asked for */
export async function get(origin: string, { path, headers }: Wanted): Promise<Buffer> {
  const answer = await fetch(origin + path, { headers, redirect: 'manual' });
  if (answer.status !== 200) throw new Error(`${path} was answered with ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

/** The latest one, in UTC: weeks of samples end with it. */
function lastSundayEvening(): Date {
  const now = new Date();
  const evening = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() - now.getUTCDay(), 19, 30);
  return new Date(evening > now.getTime() ? evening - 7 * DAY_MS : evening);
}
