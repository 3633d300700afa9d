import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { argon2id } from '../../src/crypto/passwords.ts';
import { observeStatements } from '../../src/db/statements.ts';
import { SESSION_COOKIE } from '../../src/http/authentication.ts';
import { insertAccount } from '../../src/store/owner-accounts.ts';
import { EventReader } from '../support/event-reader.ts';
import { present } from '../support/present.ts';
import { buildTestApp, type ServedApp } from '../support/served-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** An account with hundreds of inverters asks the database as often as one with a few: everything of them is read together. */

const PASSWORD = 'Sonnenaufgang 6';
/** Charts have six colours: of more inverters than that they show the strongest and the others together. */
const SIZES = [1, 10, 200] as const;
type Size = (typeof SIZES)[number];

let db: TestDatabase;
let served: ServedApp;
const accounts = new Map<Size, { userId: number; inverterIds: number[]; origin: string; cookie: string }>();
/** What the connections that serve requests were asked since it was last emptied. */
let asked: string[] = [];
const readers: EventReader[] = [];

beforeAll(async () => {
  db = await createTestDatabase();
  db.pools.app.on('connect', (client) =>
    observeStatements(client, (text) => {
      asked.push(text);
      return () => undefined;
    }),
  );
  served = await buildTestApp(db, { listens: true });
  const passwordHash = await argon2id.hash(PASSWORD);
  for (const size of SIZES) {
    const email = `with${size}@example.org`;
    const names = { firstName: '', lastName: '', timeZone: 'Europe/Berlin', isAdmin: false, isVerified: true };
    const userId = await db.owner((c) => insertAccount(c, { email, passwordHash, ...names }));
    const inverterIds = await db.owner(async (c) => {
      const { rows } = await c.query<{ id: number }>(
        `INSERT INTO api.inverter (user_id, site_id, kind, serial, name)
         SELECT $1, s.id, 'opendtu', 'n' || n, 'Dach ' || n FROM api.site s, generate_series(1, $2) n WHERE s.user_id = $1
         RETURNING id`,
        [userId, size],
      );
      const ids = rows.map(({ id }) => id);
      await measured(c, userId, ids);
      return ids;
    });
    const origin = present(served.routes.find(({ url }) => url === '/api/v1/live')).origin;
    const body = new URLSearchParams({ username: email, password: PASSWORD });
    const answer = await fetch(`${origin}/auth/jwt/login`, { method: 'POST', body });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    accounts.set(size, { userId, inverterIds, origin, cookie: `${SESSION_COOKIE}=${token}` });
  }
});
afterEach(() => {
  for (const reader of readers.splice(0)) reader.close();
});
afterAll(async () => {
  await served.stop();
  await db.drop();
});

/** A sample of each a minute ago, with two inputs. */
async function measured(c: Parameters<Parameters<TestDatabase['owner']>[0]>[0], userId: number, ids: number[]) {
  const at = new Date(Date.now() - 60_000);
  await c.query(
    `INSERT INTO store.ac_sample (user_id, inverter_id, ts, power_dw) SELECT $1, i, $3, 1000 + i FROM unnest($2::int[]) i`,
    [userId, ids, at],
  );
  await c.query(
    `INSERT INTO store.dc_sample (user_id, inverter_id, channel, ts, power_dw)
     SELECT $1, i, n, $3, 500 + n FROM unnest($2::int[]) i, generate_series(1, 2) n`,
    [userId, ids, at],
  );
  await c.query(
    `INSERT INTO store.counter (user_id, inverter_id, first_good_wh, booked_wh, last_ts, last_live_ts, last_fresh_ts, last_received_at,
       interval_s)
     SELECT $1, i, '{0}', '{5}', $3, $3, $3, $3, 60 FROM unnest($2::int[]) i`,
    [userId, ids, at],
  );
}

describe('the live stream of an account', () => {
  it('asks as often for one inverter as for two hundred: when it begins, and when all of them report', async () => {
    const counts = new Map<string, Record<number, number>>();
    const count = (what: string, size: Size): void => {
      counts.set(what, { ...counts.get(what), [size]: asked.length });
    };
    for (const size of SIZES) {
      const { userId, inverterIds, origin, cookie } = present(accounts.get(size));
      // Whoever asks for the first time is looked up and noted.
      await fetch(`${origin}/api/v1/inverters`, { headers: { cookie } });
      asked = [];
      const reader = await EventReader.open(`${origin}/api/v1/live`, { cookie });
      readers.push(reader);
      const readings = (): Record<string, unknown>[] =>
        reader.named('reading').map(({ data }) => JSON.parse(data) as Record<string, unknown>);
      await reader.until('how everything is', () => readings().length === size);
      count('newcomer', size);
      asked = [];
      const announcement = inverterIds.map((id) => `${userId}:${id}`).join(',');
      await db.owner((c) => c.query(`SELECT pg_notify('deye_hard_reading', $1)`, [announcement]));
      await reader.until('all of them', () => readings().length === 2 * size);
      count('report', size);
      const told = readings().slice(size);
      expect(new Set(told.map((one) => one['inverter_id']))).toEqual(new Set(inverterIds));
      for (const one of told) {
        const id = Number(one['inverter_id']);
        expect(one).toMatchObject({ power_w: (1000 + id) / 10, avg_power_last_hour_w: (1000 + id) / 10 });
        expect(one['channels']).toMatchObject([
          { channel: 1, power_w: 50.1 },
          { channel: 2, power_w: 50.2 },
        ]);
      }
    }
    // A transaction, its tenant, the inverters, their inputs and their means.
    expect(counts.get('report')).toEqual({ 1: 6, 10: 6, 200: 6 });
    const { 1: ofOne } = present(counts.get('newcomer'));
    expect(counts.get('newcomer')).toEqual({ 1: ofOne, 10: ofOne, 200: ofOne });
  });
});

describe('an account with two hundred inverters', () => {
  it.each(['/', '/dashboard/summary', '/inverters', '/api/v1/inverters', '/api/v1/summary/current'])(
    'asks for %s as often as one with ten',
    async (path) => {
      const counts: number[] = [];
      for (const size of [10, 200] as const) {
        const { origin, cookie } = present(accounts.get(size));
        asked = [];
        const answer = await fetch(`${origin}${path}`, { headers: { cookie } });
        expect(answer.status).toBe(200);
        await answer.text();
        counts.push(asked.length);
      }
      expect(counts[0]).toBeGreaterThan(2);
      expect(counts[1]).toBe(counts[0]);
    },
  );
});
