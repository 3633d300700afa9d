import { randomUUID } from 'node:crypto';
import { hashApiKey, newApiKey } from '../../../src/crypto/api-key.ts';
import { SessionTokens } from '../../../src/crypto/jwt.ts';
import { insertApiKey, type KeyScope } from '../../../src/store/api-keys.ts';
import { insertSession } from '../../../src/store/sessions.ts';
import { present } from '../present.ts';
import type { Route } from '../served-app.ts';
import type { TestDatabase } from '../test-database.ts';
import type { Account } from './seed.ts';
import type { World } from './world.ts';

/** Routes need logins that really sign in. */
export type ServedWorld = World & { db: TestDatabase };

/** Whoever asks: with what headers, made anew for each request, because some requests end the session they come with. */
export interface Caller {
  name: string;
  scope?: KeyScope;
  headers(): Promise<Record<string, string>>;
}

const SCOPES: readonly KeyScope[] = ['ingest', 'read', 'full'];

export async function callersOf(world: ServedWorld, account: Account, whose: string): Promise<Caller[]> {
  const keys: Caller[] = [];
  for (const scope of SCOPES) {
    const key = newApiKey();
    const fields = { name: scope, scope, hash: hashApiKey(key), hint: '…', createdAt: new Date(), expiresAt: null };
    await insertApiKey(world.db.pools.app, account.id, fields);
    keys.push({ name: `${whose} key "${scope}"`, scope, headers: async () => ({ 'x-api-key': key }) });
  }
  const tokens = new SessionTokens(world.db.authSecret);
  const headers = async (): Promise<Record<string, string>> => {
    const now = new Date();
    const id = randomUUID();
    const expiresAt = new Date(now.getTime() + 3600_000);
    await insertSession(world.db.pools.app, {
      id,
      userId: account.id,
      createdAt: now,
      expiresAt,
      address: '',
      userAgent: null,
    });
    return { authorization: `Bearer ${(await tokens.sign(account.id, id, now)).token}` };
  };
  return [{ name: `${whose} session`, headers }, ...keys];
}

export const NOBODY: Caller = { name: 'nobody', headers: async () => ({}) };

/** The ids of one account's things, by which others might ask for them. */
export interface Ids {
  account: number;
  inverter: number;
  serial: string;
  site: number;
  key: number;
  /** An input of that inverter. */
  channel: number;
  session: string;
  pending: string;
  /** What no other account may read. */
  markers: string[];
}

export async function idsOf(world: ServedWorld, { id, marker, email }: Account): Promise<Ids> {
  const first = async <T>(sql: string): Promise<T> => {
    const { rows } = await world.superuser.query<{ it: T }>(`${sql} WHERE user_id = $1 ORDER BY id LIMIT 1`, [id]);
    return present(rows[0]).it;
  };
  const { rows } = await world.superuser.query<{ serial: string }>(
    `SELECT serial FROM api.pending_device WHERE user_id = $1 UNION ALL SELECT serial FROM api.inverter WHERE user_id = $1`,
    [id],
  );
  const inputs = await world.superuser.query<{ channel: number }>(
    'SELECT channel FROM api.channel WHERE user_id = $1 ORDER BY inverter_id, channel LIMIT 1',
    [id],
  );
  return {
    account: id,
    // Gone with its inverter, once that is deleted.
    channel: inputs.rows[0]?.channel ?? 1,
    inverter: await first('SELECT id AS it FROM api.inverter'),
    serial: await first('SELECT serial AS it FROM api.inverter'),
    site: await first('SELECT id AS it FROM api.site'),
    // One that lives: the page and the API revoke the same.
    key: await first('SELECT id AS it FROM (SELECT * FROM api.api_key WHERE revoked_at IS NULL) AS living'),
    session: await first('SELECT id AS it FROM api.session'),
    pending: present(rows[0]).serial,
    markers: [marker, email, ...rows.map((row) => row.serial)],
  };
}

/** Ids of things that are nobody's. */
export function idsOfNothing(): Ids {
  const nobody = 2_147_483_646;
  return {
    account: nobody,
    inverter: nobody,
    serial: '999999999999',
    site: nobody,
    key: nobody,
    channel: 1,
    session: randomUUID(),
    pending: '4000000001',
    markers: [],
  };
}

/** What stands for `:id` after a path segment; an inverter where nothing is said. */
const ID_AFTER: Readonly<Record<string, (ids: Ids) => string>> = {
  'api-keys': (ids) => String(ids.key),
  sessions: (ids) => ids.session,
  sites: (ids) => String(ids.site),
  users: (ids) => String(ids.account),
  accounts: (ids) => String(ids.account),
};

const PARAMETERS: Readonly<Record<string, (ids: Ids, before: string) => string>> = {
  id: (ids, before) => (ID_AFTER[before] ?? ((i: Ids) => String(i.inverter)))(ids),
  serial: (ids, before) => (before === ':kind' ? ids.pending : ids.serial),
  kind: () => 'opendtu',
  n: (ids) => String(ids.channel),
  channel: (ids) => String(ids.channel),
  token: () => 'no-such-token',
  '*': () => 'nothing',
};

/** @throws an error that says what to add, when a parameter is not known */
export function filled({ url }: Route, ids: Ids): string {
  const segments = url.split('/');
  return segments
    .map((segment, i) => {
      if (segment !== '*' && !segment.startsWith(':')) return segment;
      const name = segment.replace(/^:/, '').replace(/\(.*$/, '');
      const value = PARAMETERS[name];
      if (value === undefined) {
        throw new Error(
          `${url} has a parameter "${name}": say in PARAMETERS of test/support/isolation/routes.ts what stands for it`,
        );
      }
      return encodeURIComponent(value(ids, segments[i - 1] ?? ''));
    })
    .join('/');
}

/** Routes that take something of an account's by its address. */
export function namesSomething({ url }: Route): boolean {
  return /:(?!token)\w/.test(url);
}

/**
 * Bodies good enough to get past a route's own checks, so that its answer is about whose thing it is. Without one here a route gets
 * a name.
 */
const BODIES: Readonly<Record<string, (ids: Ids) => unknown>> = {
  'POST /api/opendtu/measurements': pushBody,
  'POST /api/opendtu/measurements/': pushBody,
  'POST /api/v1/readings': ({ serial }) => ({
    readings: [{ serial, sampled_at: new Date().toISOString(), power_w: 16.9 }],
  }),
  'PATCH /api/v1/devices/pending': () => ({ auto_add: false }),
  'PATCH /api/v1/inverters/:id': () => ({ name: 'Umbenannt', rated_power_w: 600 }),
  'PATCH /api/v1/inverters/:id/channels/:n': () => ({ name: 'Umbenannt', peak_power_w: 430 }),
  'PATCH /api/v1/sites/:id': () => ({ latitude: 47.1, longitude: 11.4 }),
  'POST /inverter_metadata/:serial': () => ({ rated_power: 600, number_of_mppts: 2 }),
};

function pushBody({ serial }: Ids): unknown {
  return {
    timestamp: new Date().toISOString(),
    dtu_serial: '199980140256',
    inverters: [{ serial, reachable: true, producing: true, measurements: { power_ac: 16.9 }, dc_channels: [] }],
  };
}

export function bodyFor(route: Route, ids: Ids): unknown {
  return BODIES[`${route.method} ${route.url}`]?.(ids) ?? { name: 'Umbenannt' };
}

/** What ids in a query might ask for, where a route takes none in its path. */
export function queriesFor(route: Route, { inverter, site, account }: Ids): string[] {
  if (route.method !== 'GET' || route.url.includes(':')) return [''];
  const ids = `inverter=${inverter}&inverter_id=${inverter}&site_id=${site}&site=${site}&user_id=${account}&user=${account}`;
  const topics = ['inverter', 'dashboard', 'dc-channels', 'inverters', 'summary'].map((t) => `topic=${t}:${inverter}`);
  return ['', `?${ids}`, ...(/live/.test(route.url) ? topics.map((topic) => `?${topic}`) : [])];
}

export interface Answer {
  status: number;
  /** Where it sends the asker; empty when nowhere. */
  location: string;
  /** Headers and what came of the body: a stream is read for a moment. */
  text: string;
  sent: string;
}

const STREAM_MS = 400;
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

export function isSafe(route: Route): boolean {
  return SAFE.has(route.method);
}

export async function ask(route: Route, path: string, caller: Caller, body: unknown): Promise<Answer> {
  const headers = new Headers(await caller.headers());
  const sent = isSafe(route) ? '' : JSON.stringify(body);
  if (sent !== '') headers.set('content-type', 'application/json');
  const end = new AbortController();
  const response = await fetch(`${route.origin}${path}`, {
    method: route.method,
    headers,
    redirect: 'manual',
    signal: end.signal,
    ...(sent === '' ? {} : { body: sent }),
  });
  const timer = setTimeout(() => end.abort(), STREAM_MS);
  const head = JSON.stringify([...response.headers]);
  const text = head + (await readAll(response));
  clearTimeout(timer);
  return { status: response.status, location: response.headers.get('location') ?? '', text, sent: path + sent };
}

async function readAll(response: Response): Promise<string> {
  let text = '';
  try {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk as Uint8Array, { stream: true });
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'AbortError')) throw error;
  }
  return text;
}

/** What in an answer is the other account's and was not in the question. */
export function leaked({ text, sent }: Answer, markers: readonly string[]): string[] {
  return markers.filter((marker) => text.includes(marker) && !sent.includes(marker));
}
