import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hashApiKey, newApiKey } from '../../src/crypto/api-key.ts';
import { SessionTokens } from '../../src/crypto/jwt.ts';
import { argon2id } from '../../src/crypto/passwords.ts';
import { insertApiKey } from '../../src/store/api-keys.ts';
import { insertAccount } from '../../src/store/owner-accounts.ts';
import { insertSession } from '../../src/store/sessions.ts';
import { fuzz } from '../support/fuzz-run.ts';
import { HOSTILE_BODIES, HOSTILE_WORDS, hostileQuery, wellFormed } from '../support/hostile.ts';
import { present } from '../support/present.ts';
import { buildTestApp, type Route, type ServedApp } from '../support/served-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** Every route as it is served, asked by a member, a key and nobody, with what no honest client sends: thousands of requests, no 500. */
const AT_ONCE = 8;
const STREAM_MS = 300;
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

let db: TestDatabase;
let served: ServedApp;
let userId: number;
let key: string;

beforeAll(async () => {
  db = await createTestDatabase();
  const account = {
    email: 'member@example.org',
    passwordHash: await argon2id.hash('Drei Tauben im Regen'),
    firstName: '',
    lastName: '',
    timeZone: 'Europe/Berlin',
  };
  userId = await db.owner((owner) => insertAccount(owner, { ...account, isAdmin: true, isVerified: true }));
  key = newApiKey();
  const fields = {
    name: 'x',
    scope: 'full',
    hash: hashApiKey(key),
    hint: '…',
    createdAt: new Date(),
    expiresAt: null,
  } as const;
  await insertApiKey(db.pools.app, userId, fields);
  served = await buildTestApp(db, { env: { SIGN_IN_LIMIT: '100000/minute', RESET_LIMIT: '100000/minute' } });
});
afterAll(async () => {
  await served?.stop();
  await db?.drop();
});

/** Made anew for each request: some end the session they come with. */
async function session(): Promise<Record<string, string>> {
  const now = new Date();
  const id = randomUUID();
  await insertSession(db.pools.app, {
    id,
    userId,
    createdAt: now,
    expiresAt: new Date(now.getTime() + 3600_000),
    address: '',
    userAgent: null,
  });
  return { authorization: `Bearer ${(await new SessionTokens(db.authSecret).sign(userId, id, now)).token}` };
}

const CALLERS: readonly { name: string; headers: () => Promise<Record<string, string>> }[] = [
  { name: 'nobody', headers: async () => ({}) },
  { name: 'a member', headers: session },
  { name: 'a key', headers: async () => ({ 'x-api-key': key }) },
];

interface Attack {
  what: string;
  url: string;
  init: () => Promise<RequestInit>;
}

function* attacks(routes: readonly Route[]): Generator<Attack> {
  let n = 0;
  for (const { method, url, origin } of routes) {
    const path = (word: string): string =>
      url.replace(/:\w+|\*/g, encodeURIComponent(wellFormed(word)).slice(0, 400) || 'x');
    for (const caller of CALLERS) {
      const request = (what: string, target: string, extra: RequestInit): Attack => ({
        what: `${method} ${what} by ${caller.name}`,
        url: `${origin}${target}`,
        init: async () => ({
          method,
          redirect: 'manual',
          ...extra,
          headers: { ...(await caller.headers()), ...extra.headers },
        }),
      });
      for (const word of HOSTILE_WORDS) {
        // Each route gets each word once, from one of the callers; without a parameter the words stand in the query.
        if (n++ % CALLERS.length !== 0) continue;
        const target = `${path(word)}${SAFE.has(method) ? hostileQuery(word) : ''}`;
        yield request(
          target.slice(0, 200),
          target,
          SAFE.has(method) ? {} : { body: '{}', headers: { 'content-type': 'application/json' } },
        );
      }
      if (SAFE.has(method)) continue;
      for (const { what, type, body, headers } of HOSTILE_BODIES) {
        const named: Record<string, string> = type === '' ? {} : { 'content-type': type };
        yield request(`${url} with ${what}`, path('1'), { body, headers: { ...named, ...headers } });
      }
    }
  }
}

it('are all answered, and none with a 500', async () => {
  const problems: string[] = [];
  const statuses = new Map<number, number>();
  const queue = attacks(served.routes.filter(({ method }) => method !== 'OPTIONS'));
  const worker = async (): Promise<void> => {
    for (const { what, url, init } of queue) {
      const end = new AbortController();
      const timer = setTimeout(() => end.abort(), 20_000);
      try {
        const response = await fetch(url, { ...(await init()), signal: end.signal });
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
        if (response.status >= 500 && response.status !== 503) problems.push(`${what}: ${response.status}`);
        const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
        if (isStream) setTimeout(() => end.abort(), STREAM_MS).unref();
        await response.arrayBuffer().catch(() => undefined); // A stream is cut off by us.
      } catch (error) {
        problems.push(`${what}: no answer (${String((error as Error).cause ?? error)})`);
      } finally {
        clearTimeout(timer);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const sum = [...statuses.values()].reduce((a, b) => a + b, 0);
  console.log(
    `${sum} hostile requests to ${served.routes.length} routes: ${JSON.stringify(Object.fromEntries([...statuses].sort()))}`,
  );
  expect(problems).toEqual([]);
  expect(sum).toBeGreaterThan(3_000);
  // It still serves, and nobody became anything.
  const { rows } = await db.owner((client) =>
    client.query('SELECT count(*)::int AS count FROM api.user_account WHERE is_admin'),
  );
  expect(rows).toEqual([{ count: 1 }]);
});

it('so are thousands that were made from the API’s own document, each as it says', async () => {
  const origin = present(served.routes.find(({ url }) => url === '/openapi.json')).origin;
  const names = { firstName: '', lastName: '', timeZone: 'Europe/Berlin' };
  const account = { email: 'guest@example.org', passwordHash: 'x', ...names, isAdmin: false, isVerified: true };
  const guest = await db.owner((owner) => insertAccount(owner, account));
  const seed = Number(process.env['FUZZ_SEED'] ?? 1);
  const report = await fuzz({ db, origin, userId: guest, seed, requests: Number(process.env['FUZZ_REQUESTS'] ?? 200) });
  console.log(
    `${report.count} generated requests (FUZZ_SEED=${seed}), longest pause ${report.longestPauseMs.toFixed(0)} ms; how each operation answered:\n${report.printed}`,
  );
  expect(report.problems).toEqual([]);
  expect((await fetch(`${origin}/healthcheck`)).status).toBe(200);
});
