import type { FastifyInstance, FastifyPluginAsync, InjectOptions, LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';
import { NotSignedIn } from '../../src/domain/errors.ts';
import { type AppDependencies, buildApp } from '../../src/http/app.ts';
import { SESSION_COOKIE } from '../../src/http/authentication.ts';
import type { ApiKeyScope, SessionUser } from '../../src/services/services.ts';

/** The HTTP server around routes of a test's own, with accounts and keys that need no database. */
export interface TestApp {
  app: FastifyInstance;
  /** What was logged, a line each, at every level and without anybody's redaction. */
  lines: string[];
  now: Date;
  inject(options: InjectOptions): Promise<LightMyRequestResponse>;
}

export const COOKIE = { [SESSION_COOKIE]: 'token-of-1' };
export const BEARER = { authorization: 'Bearer token-of-1' };
const TOKEN_LIFETIME_MS = 48 * 3600_000;

export function memberOf(id: number): SessionUser {
  return {
    id,
    email: `member${id}@example.org`,
    firstName: 'Erika',
    lastName: 'Muster',
    locale: null,
    isAdmin: false,
    isVerified: true,
  };
}

/** Keys that `testApp` knows, by scope; each belongs to account 1. */
export const KEYS: Readonly<Record<ApiKeyScope, string>> = {
  ingest: 'ABCD-EFGH-JKMN-PQRS',
  read: 'READ-READ-READ-READ',
  full: 'FUKK-FUKK-FUKK-FUKK',
};

/** `token-of-<id>` is a living session of that account; with `-ending` behind it, its token is over within the hour. */
export const fakeAccounts: AppDependencies['accounts'] = {
  async identify(token, now) {
    const [, id, ending] = /^token-of-(\d+)(-ending)?$/.exec(token) ?? [];
    if (id === undefined) throw new NotSignedIn('The session is over. Please sign in again.');
    const lifetimeMs = ending === undefined ? TOKEN_LIFETIME_MS : 3600_000;
    const tokenExpiresAt = new Date(now.getTime() + lifetimeMs);
    return { user: memberOf(Number(id)), sessionId: `session-of-${id}`, tokenExpiresAt };
  },
  resume: (token, now) => fakeAccounts.identify(token, now),
  async renew(userId, _, now) {
    return { token: `token-of-${userId}`, expiresAt: new Date(now.getTime() + TOKEN_LIFETIME_MS) };
  },
};

export const fakeApiKeys: AppDependencies['apiKeys'] = {
  async identify(key) {
    const scope = (Object.keys(KEYS) as ApiKeyScope[]).find((known) => KEYS[known] === key);
    if (scope === undefined) throw new NotSignedIn('The API key is missing or not valid.');
    return { user: memberOf(1), keyId: 7, scope };
  },
  remembers: (key) => Object.values(KEYS).includes(key),
  recall(key) {
    const scope = (Object.keys(KEYS) as ApiKeyScope[]).find((known) => KEYS[known] === key);
    return scope === undefined ? null : { user: memberOf(1), keyId: 7, scope };
  },
};

export async function testApp(
  plugins: FastifyPluginAsync[],
  deps: Partial<Omit<AppDependencies, 'plugins' | 'log'>> = {},
): Promise<TestApp> {
  const lines: string[] = [];
  const now = new Date('2026-06-01T12:00:00Z');
  const app = buildApp({
    config: { baseUrl: new URL('https://solar.example.org'), cookieSecure: false, trustProxy: null },
    authSecret: 'a secret of at least thirty-two bytes',
    accounts: fakeAccounts,
    apiKeys: fakeApiKeys,
    now: () => now,
    ...deps,
    log: pino({ level: 'trace' }, { write: (line: string) => lines.push(line) }),
    plugins,
  });
  await app.ready();
  return { app, lines, now, inject: (options) => app.inject(options) };
}
