import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiPlugin } from '../../src/api/index.ts';
import { NotSignedIn } from '../../src/domain/errors.ts';
import { Hub } from '../../src/live/hub.ts';
import { createInverterService } from '../../src/services/inverters.ts';
import { createSiteService } from '../../src/services/sites.ts';
import { createStatisticsService } from '../../src/services/statistics.ts';
import { EventReader } from '../support/event-reader.ts';
import { present } from '../support/present.ts';
import { BEARER, fakeAccounts, type TestApp, testApp } from '../support/test-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** Settings, sites, events, the live stream and unchanged answers, on real PostgreSQL. The one who asks is account 1. */

const NOW = new Date('2026-06-21T11:00:00Z');
const NEIGHBOUR = { authorization: 'Bearer token-of-2' };

let db: TestDatabase;
let http: TestApp;
let hub: Hub;
/** The token of a session that has ended. */
let ended = '';
let origin: string;
let id: number;
let siteId: number;
let foreignSite: number;
const readers: EventReader[] = [];

/** Of an administrator who has not set it up. */
let isSecondFactorDue = false;

beforeAll(async () => {
  db = await createTestDatabase();
  hub = new Hub();
  const inverters = createInverterService(db.pools.app, { isOnlyAccount: async () => true });
  const statistics = createStatisticsService(db.pools.app);
  const rest = {
    accounts: {},
    apiKeys: {},
    inbox: { list: async () => [] },
    loggers: {},
    health: {},
    profile: {},
    sessions: {},
    exports: {},
    twoFactor: { isDue: async () => isSecondFactorDue },
  };
  const services = { ...rest, inverters, statistics, sites: createSiteService(db.pools.app) } as never;
  const batches = { readings: async () => [] };
  const live = { times: { coalesceMs: 5, refreshMs: 20 } };
  const accounts: typeof fakeAccounts = {
    ...fakeAccounts,
    async identify(token, now) {
      if (token === ended) throw new NotSignedIn('The session is over.');
      return fakeAccounts.identify(token, now);
    },
  };
  http = await testApp([apiPlugin({ services, batches, hub, live, now: () => NOW })], { accounts });
  for (const email of ['a@example.org', 'b@example.org']) {
    await sql(`SELECT api.insert_account($1, 'x', 'A', 'B', false, true, 'Europe/Berlin')`, [email]);
  }
  const sites = await sql<{ id: number; user_id: number }>('SELECT id, user_id FROM api.site ORDER BY user_id');
  [siteId, foreignSite] = sites.map((site) => site.id) as [number, number];
  expect(sites.map((site) => site.user_id)).toEqual([1, 2]);
  const added = await ask('POST', '/api/v1/inverters', { name: 'Dach', serial: '116183771004', kind: 'opendtu' });
  id = (added.json() as { id: number }).id;
  origin = await http.app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  for (const reader of readers) reader.close();
  await http.app.close();
  await db.drop();
});

async function sql<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
  return db.owner(async (owner) => (await owner.query<Row>(text, values)).rows);
}

const ask = (
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  url: string,
  payload?: object,
  headers: Record<string, string> = BEARER,
) => http.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });

describe('an inverter’s settings', () => {
  it('change one by one; null gives a figure back to the device', async () => {
    const path = `/api/v1/inverters/${id}`;
    const first = await ask('PATCH', path, { rated_power_w: 1500, mppt_count: 4 });
    expect(first.json()).toMatchObject({ name: 'Dach', rated_power_w: 1500, mppt_count: 4, site_id: siteId });
    expect((await ask('PATCH', path, { mppt_count: null })).json()).toMatchObject({
      rated_power_w: 1500,
      mppt_count: null,
    });
    expect((await ask('PATCH', path, {})).json()).toMatchObject({ name: 'Dach', rated_power_w: 1500 });
  });

  it.each<[object, string]>([
    [{ rated_power_w: 0 }, 'rated_power_w'],
    [{ rated_power_w: 1.5 }, 'rated_power_w'],
    [{ mppt_count: 9 }, 'mppt_count'],
    [{ name: ' ' }, 'name'],
  ])('%j is refused by its field', async (body, field) => {
    const answer = await ask('PATCH', `/api/v1/inverters/${id}`, body);
    expect([answer.statusCode, Object.keys((answer.json() as { details: { fields: object } }).details.fields)]).toEqual(
      [422, [field]],
    );
  });

  it('do not take it to another account’s site, which is as one that is not there', async () => {
    const answers = [foreignSite, 2_000_000_000].map((site) =>
      ask('PATCH', `/api/v1/inverters/${id}`, { site_id: site }),
    );
    const [foreign, absent] = await Promise.all(answers);
    expect([foreign?.statusCode, foreign?.body]).toEqual([422, absent?.body]);
  });

  it('of an input: a name and its modules', async () => {
    const path = `/api/v1/inverters/${id}/channels/1`;
    expect((await ask('PATCH', path, { name: 'Süd' })).statusCode).toBe(404);
    await sql(`INSERT INTO api.channel (user_id, inverter_id, channel, device_name) VALUES (1, $1, 1, 'Panel 1')`, [
      id,
    ]);
    expect((await ask('PATCH', path, { peak_power_w: 430 })).json()).toEqual({
      channel: 1,
      name: 'Panel 1',
      peak_power_w: 430,
    });
    expect((await ask('PATCH', path, { name: ' Süd ' })).json()).toMatchObject({ name: 'Süd', peak_power_w: 430 });
    expect((await ask('PATCH', path, { name: null })).json()).toMatchObject({ name: 'Panel 1' });
    expect((await ask('PATCH', path, { name: 'x' }, NEIGHBOUR)).statusCode).toBe(404);
  });

  it('of an input nothing was heard of yet, as far as it is known how many there are', async () => {
    const path = (n: number): string => `/api/v1/inverters/${id}/channels/${n}`;
    await ask('PATCH', `/api/v1/inverters/${id}`, { mppt_count: 3 });
    const named = await ask('PATCH', path(3), { name: 'Carport', peak_power_w: 400 });
    expect([named.statusCode, named.json()]).toEqual([200, { channel: 3, name: 'Carport', peak_power_w: 400 }]);
    expect((await ask('PATCH', path(4), { name: 'x' })).statusCode).toBe(404);
    expect((await ask('PATCH', path(2), { name: 'x' }, NEIGHBOUR)).statusCode).toBe(404);
    const known = await sql<{ channel: number }>('SELECT channel::int FROM api.channel ORDER BY 1');
    expect(known).toEqual([{ channel: 1 }, { channel: 3 }]);
  });

  it('by serial, for programs of the predecessor', async () => {
    const body = { rated_power: 600, number_of_mppts: 2 };
    const answer = await ask('POST', '/inverter_metadata/116183771004', body);
    expect([answer.statusCode, answer.json()]).toEqual([
      200,
      { id, serial_logger: '116183771004', name: 'Dach', ...body, sw_version: '-' },
    ]);
    expect((await ask('POST', '/inverter_metadata/116183771004', body, NEIGHBOUR)).statusCode).toBe(404);
  });

  it('by serial, of anybody’s inverter by an administrator who is signed in, and noted', async () => {
    const [serial, body] = ['116183771004', { rated_power: 800, number_of_mppts: 4 }];
    const admin = { authorization: 'Bearer token-of-3' };
    await sql(`SELECT api.insert_account('c@example.org', 'x', 'A', 'B', true, true, 'Europe/Berlin')`);
    const answer = await ask('POST', `/inverter_metadata/${serial}`, body, admin);
    expect([answer.statusCode, answer.json()]).toMatchObject([200, { id, serial_logger: serial, ...body }]);
    expect((await ask('GET', `/api/v1/inverters/${id}/current`)).json()).toMatchObject({ rated_power_w: 800 });
    expect(await sql(`SELECT actor_id, user_id FROM api.audit_log WHERE action = 'inverter.described'`)).toEqual([
      { actor_id: 3, user_id: 1 },
    ]);
    expect((await ask('POST', '/inverter_metadata/nothing', body, admin)).statusCode).toBe(404);
    // Two accounts may have devices of one serial: then it is not clear whose is meant.
    await ask('POST', '/api/v1/inverters', { name: 'Auch', serial, kind: 'opendtu' }, NEIGHBOUR);
    expect((await ask('POST', `/inverter_metadata/${serial}`, body, admin)).statusCode).toBe(409);
    isSecondFactorDue = true;
    expect((await ask('POST', `/inverter_metadata/${serial}`, body, admin)).statusCode).toBe(404);
    isSecondFactorDue = false;
    await sql(
      `INSERT INTO api.user_account (email, password_hash, is_admin) VALUES ('another@example.org', 'x', true)`,
    );
    await sql('UPDATE api.user_account SET is_admin = false WHERE id = 3');
    expect((await ask('POST', `/inverter_metadata/${serial}`, body, admin)).statusCode).toBe(404);
  });
});

describe('sites', () => {
  it('are listed and changed, with what was left out as it was', async () => {
    const before = {
      id: siteId,
      name: expect.any(String),
      time_zone: 'Europe/Berlin',
      latitude: null,
      longitude: null,
    };
    expect((await ask('GET', '/api/v1/sites')).json()).toEqual({ items: [before], next_cursor: null });
    const path = `/api/v1/sites/${siteId}`;
    const placed = await ask('PATCH', path, { name: 'Hof', latitude: 47.1, longitude: 11.4 });
    const after = { id: siteId, name: 'Hof', time_zone: 'Europe/Berlin', latitude: 47.1, longitude: 11.4 };
    expect([placed.statusCode, placed.json()]).toEqual([200, after]);
    expect((await ask('PATCH', path, { time_zone: 'Europe/Vienna' })).json()).toEqual({
      ...after,
      time_zone: 'Europe/Vienna',
    });
    expect((await ask('GET', '/api/v1/inverters')).json()).toMatchObject({ items: [{ time_zone: 'Europe/Vienna' }] });
    expect((await ask('PATCH', path, { latitude: null, longitude: null })).json()).toMatchObject({ latitude: null });
  });

  it.each<[object, string]>([
    [{ time_zone: 'Europe/Atlantis' }, 'time_zone'],
    [{ latitude: 47.1 }, 'longitude'],
    [{ latitude: 91, longitude: 0 }, 'latitude'],
  ])('%j is refused by its field', async (body, field) => {
    const answer = await ask('PATCH', `/api/v1/sites/${siteId}`, body);
    expect([answer.statusCode, Object.keys((answer.json() as { details: { fields: object } }).details.fields)]).toEqual(
      [422, [field]],
    );
  });

  it('of others are not there', async () => {
    expect((await ask('PATCH', `/api/v1/sites/${foreignSite}`, { name: 'x' })).statusCode).toBe(404);
  });
});

describe('events', () => {
  it('come newest first, page by page, those of one moment once each', async () => {
    await sql(
      `INSERT INTO api.quality_event (user_id, inverter_id, channel, at, kind, detail)
       SELECT 1, $1, 0, '2026-06-20T10:00:00.123456Z'::timestamptz - (n / 3) * interval '1 hour', 'gap', jsonb_build_object('n', n)
       FROM generate_series(0, 6) n`,
      [id],
    );
    const seen: number[] = [];
    for (let cursor: number | null = 0; cursor !== null; ) {
      const answer = await ask('GET', `/api/v1/inverters/${id}/events?limit=2&cursor=${cursor}`);
      const page = answer.json() as { items: { time: string; detail: { n: number } }[]; next_cursor: number | null };
      seen.push(...page.items.map(({ detail }) => detail.n));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual([2, 1, 0, 5, 4, 3, 6]);
    expect((await ask('GET', `/api/v1/inverters/${id}/events`, undefined, NEIGHBOUR)).statusCode).toBe(404);
  });
});

describe('a range beyond all time', () => {
  it.each([
    ['power?bucket=1d&to=9999-12-31T23:59:59Z', 'to'],
    ['energy?from=0001-01-01', 'from'],
    ['export?to=9999-12-31', 'to'],
  ])('%s is refused by its field', async (query, field) => {
    const answer = await ask('GET', `/api/v1/inverters/${id}/${query}`);
    expect([answer.statusCode, Object.keys((answer.json() as { details: { fields: object } }).details.fields)]).toEqual(
      [422, [field]],
    );
  });

  it('of a thousand years by day holds what is known', async () => {
    await sql(
      `INSERT INTO store.energy_15m (user_id, inverter_id, ts, energy_wh, estimated_wh, power_sum_dw, power_count, power_max_dw)
       VALUES (1, $1, '2026-06-20T10:00:00Z', '{5}', '{0}', '{10}', '{1}', '{10}')`,
      [id],
    );
    await sql('INSERT INTO store.counter (user_id, inverter_id) VALUES (1, $1) ON CONFLICT DO NOTHING', [id]);
    const answer = await ask('GET', `/api/v1/inverters/${id}/energy?from=1970-01-01&to=2999-12-31&bucket=day`);
    expect((answer.json() as { points: object[] }).points).toHaveLength(1);
    await sql('DELETE FROM store.energy_15m');
  });
});

describe('a series that did not change', () => {
  it('is answered with 304 to whoever has it, and whole again when it did', async () => {
    const url = `/api/v1/inverters/${id}/energy?from=2026-06-20&to=2026-06-21`;
    const first = await ask('GET', url);
    const tag = present(first.headers['etag']);
    expect([first.statusCode, first.headers['cache-control']]).toEqual([200, 'private, no-cache']);
    const again = await ask('GET', url, undefined, { ...BEARER, 'if-none-match': tag });
    expect([again.statusCode, again.body, again.headers['etag']]).toEqual([304, '', tag]);
    const other = { ...BEARER, 'if-none-match': 'W/"something else"' };
    expect((await ask('GET', url, undefined, other)).statusCode).toBe(200);
    expect((await ask('GET', url, undefined, { ...NEIGHBOUR, 'if-none-match': tag })).statusCode).toBe(404);
  });
});

describe('the live stream', () => {
  async function listen(headers: Record<string, string> = {}): Promise<EventReader> {
    const reader = await EventReader.open(`${origin}/api/v1/live`, { ...BEARER, ...headers });
    readers.push(reader);
    return reader;
  }
  const dataOf = (reader: EventReader, name: string): Record<string, unknown>[] =>
    reader.named(name).map(({ data }) => JSON.parse(data) as Record<string, unknown>);
  /** As if a sample had come in: the counter's row is what says when. */
  const received = (at: Date): Promise<object[]> =>
    sql(
      `INSERT INTO api.counter (user_id, inverter_id, last_received_at) VALUES (1, $1, $2)
       ON CONFLICT (user_id, inverter_id) DO UPDATE SET last_received_at = excluded.last_received_at`,
      [id, at],
    );
  const announce = (): void => hub.publish({ type: 'reading', userId: 1, inverterId: id });

  it('needs a key that may read', async () => {
    expect((await EventReader.open(`${origin}/api/v1/live`)).status).toBe(401);
  });

  it('begins with how everything is, and goes on with what happens, to the account’s own listeners', async () => {
    await received(NOW);
    const [own, foreign] = [await listen(), await listen(NEIGHBOUR)];
    await own.until('the first reading', () => own.named('reading').length === 1);
    expect(dataOf(own, 'state')).toEqual([{ inverter_id: id, state: 'never_seen' }]);
    expect(dataOf(own, 'reading')[0]).toMatchObject({ inverter_id: id, name: 'Dach', received_at: NOW.toISOString() });
    const later = new Date(NOW.getTime() + 60_000);
    await received(later);
    announce();
    await own.until('the second reading', () => own.named('reading').length === 2);
    expect(own.named('reading')[1]?.id).toBe(String(later.getTime()));
    await ask('PATCH', `/api/v1/inverters/${id}`, { name: 'Dach II' });
    await own.until('the new name', () => own.named('device').length === 1);
    expect(dataOf(own, 'device')).toEqual([{ inverter_id: id, change: 'changed' }]);
    expect(foreign.named('reading')).toEqual([]);

    const back = await listen({ 'last-event-id': String(later.getTime() - 30_000) });
    await back.until('what was missed', () => back.named('reading').length === 1);
    const upToDate = await listen({ 'last-event-id': String(later.getTime() + 10_000) });
    await upToDate.until('its states', () => upToDate.named('state').length === 1);
    expect(upToDate.named('reading')).toEqual([]);
  });

  it('ends with the session it began with, and no other', async () => {
    const [own, other] = [await listen(), await listen(NEIGHBOUR)];
    ended = 'token-of-1';
    for (const userId of [1, 2]) hub.sessionsChanged(userId);
    await own.until('the end', () => own.isClosed);
    await other.until('the first word', () => other.named('clock').length > 0);
    expect(other.isClosed).toBe(false);
    ended = '';
  });
});
