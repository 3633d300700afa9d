import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openPools, type Pools } from '../../src/db/pools.ts';
import { NotSignedIn, TooMany, Unavailable, WrongPassword } from '../../src/domain/errors.ts';
import { type AccountLimits, createLimits } from '../../src/services/accounts/limits.ts';
import { insertAccount } from '../../src/store/owner-accounts.ts';
import { insertSession } from '../../src/store/sessions.ts';
import { failLoudly } from '../support/fail-loudly.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const now = new Date('2026-06-01T12:00:00Z');
const later = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);
const from = (address: string) => ({ address, userAgent: null });
const HERE = from('192.0.2.7');
const wrong = (): Promise<never> => Promise.reject(new NotSignedIn('wrong'));
const right = async (): Promise<string> => 'in';

let db: TestDatabase;
let pools: Pools;
/** Two processes: each with connections and limits of its own. */
let one: AccountLimits;
let two: AccountLimits;

beforeAll(async () => {
  db = await createTestDatabase();
  pools = openPools({ ...db, onError: failLoudly });
  const settings = { signIn: { count: 5, windowS: 60 }, reset: { count: 3, windowS: 3600 } };
  one = createLimits({ app: db.pools.app, ...settings });
  two = createLimits({ app: pools.app, ...settings });
});
afterAll(async () => {
  await pools.end();
  await db.drop();
});
beforeEach(() => db.owner((client) => client.query('DELETE FROM store.attempt')));

async function fail(limits: AccountLimits, times: number, email: string, client = HERE, at = now): Promise<void> {
  for (let n = 0; n < times; n++) await expect(limits.attempt(email, client, at, wrong)).rejects.toThrow(NotSignedIn);
}

describe('failed sign-ins', () => {
  it('are counted by all processes together, and the wait is told', async () => {
    await fail(one, 3, 'a@example.org');
    await fail(two, 2, ' A@Example.org ');
    const attempt = vi.fn(right);
    const refused = (await two.attempt('a@example.org', HERE, later(20), attempt).catch((e: unknown) => e)) as TooMany;
    expect(refused).toBeInstanceOf(TooMany);
    expect(refused.retryAfterS).toBe(40);
    await expect(one.attempt('a@example.org', HERE, later(59), attempt)).rejects.toThrow(TooMany);
    expect(attempt).not.toHaveBeenCalled();
    expect(await one.attempt('a@example.org', HERE, later(60), attempt)).toBe('in');
  });

  it('count for each network and account apart; a success begins anew', async () => {
    await fail(one, 5, 'a@example.org');
    expect(await one.attempt('a@example.org', from('192.0.2.8'), now, right)).toBe('in');
    expect(await one.attempt('b@example.org', HERE, now, right)).toBe('in');
    await fail(one, 4, 'c@example.org');
    await one.attempt('c@example.org', HERE, now, right);
    await fail(one, 5, 'c@example.org');
  });

  it('of a household count together, also where it has many addresses', async () => {
    for (let n = 1; n <= 5; n++) await fail(one, 1, 'a@example.org', from(`2001:db8:0:7::${n}`));
    await expect(one.attempt('a@example.org', from('2001:db8:0:7:ffff::9'), now, right)).rejects.toThrow(TooMany);
    expect(await one.attempt('a@example.org', from('2001:db8:0:8::1'), now, right)).toBe('in');
  });

  it('of a network with ever new addresses of accounts end too', async () => {
    for (let n = 0; n < 50; n++) await fail(one, 1, `stranger${n}@example.org`);
    await expect(two.attempt('stranger51@example.org', HERE, now, right)).rejects.toThrow(TooMany);
  });

  it('are those that were wrong, not outages and not successes', async () => {
    const away = (): Promise<never> => Promise.reject(new Unavailable('away'));
    for (let n = 0; n < 8; n++)
      await expect(one.attempt('a@example.org', HERE, now, away)).rejects.toThrow(Unavailable);
    for (let n = 0; n < 8; n++) await one.attempt('a@example.org', HERE, now, right);
    const asked = (): Promise<never> => Promise.reject(new WrongPassword('wrong'));
    for (let n = 0; n < 5; n++)
      await expect(one.attempt('a@example.org', HERE, now, asked)).rejects.toThrow(WrongPassword);
    await expect(one.attempt('a@example.org', HERE, now, right)).rejects.toThrow(TooMany);
  });

  it('at once, in two processes: only five pass', async () => {
    let tried = 0;
    const guess = async (): Promise<never> => {
      tried++;
      await new Promise((resolve) => setTimeout(resolve, 20));
      return wrong();
    };
    const all = Array.from({ length: 12 }, (_, n) =>
      (n % 2 === 0 ? one : two).attempt('a@example.org', HERE, now, guess),
    );
    const outcomes = await Promise.allSettled(all);
    expect(tried).toBe(5);
    expect(outcomes.filter((o) => o.status === 'rejected' && o.reason instanceof TooMany)).toHaveLength(7);
  });

  it('of right passwords at once, all pass', async () => {
    const slow = async (): Promise<string> => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return 'in';
    };
    const all = Array.from({ length: 12 }, (_, n) =>
      (n % 2 === 0 ? one : two).attempt('a@example.org', HERE, now, slow),
    );
    expect(new Set(await Promise.all(all))).toEqual(new Set(['in']));
  });

  it('from everywhere lock nobody out where he was let in before; strangers are treated alike', async () => {
    const account = {
      passwordHash: 'x',
      firstName: '',
      lastName: '',
      timeZone: 'Europe/Berlin',
      isAdmin: false,
      isVerified: true,
    };
    const userId = await db.owner((owner) => insertAccount(owner, { ...account, email: 'victim@example.org' }));
    const session = { id: crypto.randomUUID(), userId, createdAt: now, expiresAt: later(3600), userAgent: null };
    await insertSession(db.pools.app, { ...session, address: '203.0.113.9' });
    for (let n = 0; n < 100; n++) {
      await fail(one, 1, 'victim@example.org', from(`198.51.${n}.1`));
      await fail(one, 1, 'nobody@example.org', from(`198.51.${n}.1`));
    }
    for (const email of ['victim@example.org', 'nobody@example.org']) {
      await expect(two.attempt(email, from('198.51.200.1'), later(1), right)).rejects.toThrow(TooMany);
    }
    expect(await two.attempt('victim@example.org', from('203.0.113.9'), later(1), right)).toBe('in');
    await fail(two, 5, 'victim@example.org', from('203.0.113.9'), later(2));
    await expect(two.attempt('victim@example.org', from('203.0.113.9'), later(2), right)).rejects.toThrow(TooMany);
  });

  it('are kept as hashes, which name nobody', async () => {
    await fail(one, 1, 'a@example.org');
    const { rows } = await db.owner((client) => client.query('SELECT * FROM store.attempt'));
    expect(rows).toHaveLength(3);
    expect(JSON.stringify(rows)).not.toMatch(/example|192\.0\.2/);
    expect(rows.every((row) => row['running'] === false)).toBe(true);
  });
});

describe('mails', () => {
  it('that a stranger asks for are three an hour for an address', async () => {
    for (let n = 0; n < 3; n++) expect(await one.strangersMail('a@example.org', HERE, now)).toBe(true);
    const refused = (await two.strangersMail('A@example.org', HERE, later(600)).catch((e: unknown) => e)) as TooMany;
    expect(refused).toBeInstanceOf(TooMany);
    expect(refused.retryAfterS).toBe(3000);
    expect(await two.strangersMail('b@example.org', HERE, later(600))).toBe(true);
    expect(await two.strangersMail('a@example.org', HERE, later(3600))).toBe(true);
  });

  it('to one address from everywhere stop without a word', async () => {
    for (let n = 0; n < 9; n++)
      expect(await one.strangersMail('a@example.org', from(`198.51.100.${n}`), now)).toBe(true);
    expect(await one.strangersMail('a@example.org', from('198.51.100.77'), now)).toBe(false);
  });

  it('from one network to ever new addresses end', async () => {
    for (let n = 0; n < 30; n++) expect(await one.strangersMail(`${n}@example.org`, HERE, now)).toBe(true);
    await expect(one.strangersMail('31@example.org', HERE, now)).rejects.toThrow(TooMany);
  });

  it('that a member asks for are three an hour', async () => {
    for (let n = 0; n < 3; n++) await one.membersMail(7, now);
    await expect(two.membersMail(7, now)).rejects.toThrow(TooMany);
    await two.membersMail(8, now);
  });
});
