import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { argon2id } from '../../src/crypto/passwords.ts';
import { sha256 } from '../../src/crypto/tokens.ts';
import { asTenant } from '../../src/db/as-tenant.ts';
import { openPools } from '../../src/db/pools.ts';
import { Conflict, InvalidInput, NotAllowed, NotSignedIn, Unavailable } from '../../src/domain/errors.ts';
import { type Accounts, createAccounts, SESSION_IDLE_S } from '../../src/services/accounts/accounts.ts';
import { issueSetupToken } from '../../src/services/accounts/setup.ts';
import { type ApiKeys, createApiKeys } from '../../src/services/api-keys.ts';
import type { SignedIn } from '../../src/services/services.ts';
import { touchApiKey } from '../../src/store/api-keys.ts';
import { disableAccount, insertAccount, replacePassword } from '../../src/store/owner-accounts.ts';
import { endSession, touchSession } from '../../src/store/sessions.ts';
import { failLoudly } from '../support/fail-loudly.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const now = new Date('2026-06-01T12:00:00Z');
const later = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);
const DAY_S = 24 * 3600;
const client = { address: '192.0.2.7', userAgent: 'Test/1.0' };
const PASSWORD = 'Sonnenaufgang 6';

let database: TestDatabase;
let accounts: Accounts;
let hashed: string;
let people = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  accounts = createAccounts({ ...database, onError: failLoudly, timeZone: 'Europe/Berlin' });
  hashed = await argon2id.hash(PASSWORD);
});
afterAll(() => database.drop());

/** Somebody who exists. */
async function person(): Promise<{ id: number; email: string }> {
  const email = `person${++people}@example.org`;
  const id = await database.owner((owner) =>
    insertAccount(owner, {
      email,
      passwordHash: hashed,
      firstName: 'Erika',
      lastName: 'Muster',
      timeZone: 'Europe/Berlin',
      isAdmin: false,
      isVerified: true,
    }),
  );
  return { id, email };
}

async function one<Row>(text: string, values: unknown[]): Promise<Row> {
  return database.owner(async (owner) => (await owner.query(text, values)).rows[0] as Row);
}

describe('signing in', () => {
  it('a hundred and first time ends the session that was not used for longest', async () => {
    const { id, email } = await person();
    const used = (minutesAgo: number): Date => later(-60 * minutesAgo);
    await database.owner((owner) =>
      owner.query(
        `INSERT INTO api.session (id, user_id, created_at, last_used_at, expires_at)
         SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, $1, $2, $3::timestamptz - n * interval '1 minute', $4 FROM generate_series(1, 100) n`,
        [id, used(1000), now, later(DAY_S)],
      ),
    );
    await accounts.signIn(email, PASSWORD, client, now);
    const ended = await one<{ ids: string[] }>(
      'SELECT array_agg(id) AS ids FROM api.session WHERE user_id = $1 AND ended_at IS NOT NULL',
      [id],
    );
    expect(ended.ids).toEqual(['00000000-0000-4000-8000-000000000100']);
  });

  it('opens a session that its token speaks for', async () => {
    const { id, email } = await person();
    const signedIn = await accounts.signIn(email, PASSWORD, client, now);
    const user = { id, email, firstName: 'Erika', lastName: 'Muster', locale: null, isAdmin: false, isVerified: true };
    expect(signedIn.user).toEqual(user);
    expect(signedIn.expiresAt).toEqual(later(2 * DAY_S));
    expect(await accounts.identify(signedIn.token, now)).toEqual({
      user,
      sessionId: signedIn.sessionId,
      tokenExpiresAt: signedIn.expiresAt,
    });
    const stored = await one('SELECT * FROM api.session WHERE id = $1', [signedIn.sessionId]);
    expect(stored).toMatchObject({ user_id: id, address: '192.0.2.7', user_agent: 'Test/1.0', created_at: now });
  });

  it('takes the address in any spelling of its letters, and with blanks around it', async () => {
    const { id, email } = await person();
    expect((await accounts.signIn(` ${email.toUpperCase()} `, PASSWORD, client, now)).user.id).toBe(id);
  });

  it('cuts a long user agent, and does without one', async () => {
    const { email } = await person();
    const long = await accounts.signIn(email, PASSWORD, { address: '::1', userAgent: 'x'.repeat(5000) }, now);
    const none = await accounts.signIn(email, PASSWORD, { address: '::1', userAgent: null }, now);
    const agent = 'SELECT length(user_agent) AS length FROM api.session WHERE id = $1';
    expect(await one(agent, [long.sessionId])).toEqual({ length: 400 });
    expect(await one(agent, [none.sessionId])).toEqual({ length: null });
  });

  it('refuses wrong passwords, strangers and disabled accounts with the same words', async () => {
    const { email } = await person();
    const disabled = await person();
    await database.owner((owner) => disableAccount(owner, disabled.id, now));
    const attempts: [string, string][] = [
      [email, 'wrong'],
      [email, ''],
      [email, 'x'.repeat(100_000)],
      ['stranger@example.org', PASSWORD],
      ['no address', PASSWORD],
      ['zero\u0000byte@example.org', PASSWORD],
      [disabled.email, PASSWORD],
    ];
    const messages = new Set<string>();
    for (const [address, password] of attempts) {
      const error = await accounts.signIn(address, password, client, now).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(NotSignedIn);
      messages.add((error as NotSignedIn).message);
    }
    expect(messages.size).toBe(1);
  });

  it('hashes exactly once whoever asks, so that the time of the answer tells nothing', async () => {
    const { email } = await person();
    const disabled = await person();
    await database.owner((owner) => disableAccount(owner, disabled.id, now));
    const verify = vi.fn(argon2id.verify);
    const watched = createAccounts({
      ...database,
      onError: failLoudly,
      timeZone: 'Europe/Berlin',
      passwords: { ...argon2id, verify },
    });
    for (const address of [email, 'stranger@example.org', 'no address', disabled.email]) {
      verify.mockClear();
      await watched.signIn(address, 'wrong', client, now).catch(() => undefined);
      expect(verify, address).toHaveBeenCalledTimes(1);
    }
  });

  it('says that the database is away, not that the password is wrong', async () => {
    const adminUrl = 'postgresql://nobody@127.0.0.1:1/nowhere';
    const pools = openPools({ ...database, adminUrl, onError: () => undefined });
    const away = createAccounts({ ...database, pools, onError: failLoudly, timeZone: 'Europe/Berlin' });
    await expect(away.signIn('a@example.org', PASSWORD, client, now)).rejects.toThrow(Unavailable);
    await pools.end();
  });
});

describe('a session', () => {
  let owner: { id: number; email: string };
  let signedIn: SignedIn;
  beforeEach(async () => {
    owner = await person();
    signedIn = await accounts.signIn(owner.email, PASSWORD, client, now);
  });
  const identified = (at = now): Promise<unknown> => accounts.identify(signedIn.token, at);

  it('ends at once when it is signed out, and its siblings do not', async () => {
    const other = await accounts.signIn(owner.email, PASSWORD, client, now);
    await accounts.signOut(owner.id, signedIn.sessionId, now);
    await expect(identified()).rejects.toThrow(NotSignedIn);
    await expect(accounts.renew(owner.id, signedIn.sessionId, now)).rejects.toThrow(NotSignedIn);
    expect(await accounts.identify(other.token, now)).toMatchObject({ sessionId: other.sessionId });
    await accounts.signOut(owner.id, signedIn.sessionId, now); // again is fine
  });

  it('cannot be ended, touched or renewed by another account', async () => {
    const stranger = await person();
    await accounts.signOut(stranger.id, signedIn.sessionId, now);
    await touchSession(database.pools.app, stranger.id, signedIn.sessionId, later(600), later(700));
    await expect(accounts.renew(stranger.id, signedIn.sessionId, now)).rejects.toThrow(NotSignedIn);
    const stored = await one('SELECT ended_at, last_used_at FROM api.session WHERE id = $1', [signedIn.sessionId]);
    expect(stored).toEqual({ ended_at: null, last_used_at: now });
  });

  it('is closed to another account by the database itself', async () => {
    const stranger = await person();
    const seen = await asTenant(database.pools.app, stranger.id, async (tx) => {
      await tx.query('UPDATE api.session SET ended_at = now()');
      return (await tx.query('SELECT id FROM api.session')).rows;
    });
    expect(seen).toEqual([]);
    expect(await identified()).toMatchObject({ sessionId: signedIn.sessionId });
    const insertion = asTenant(database.pools.app, stranger.id, (tx) =>
      tx.query(
        `INSERT INTO api.session (id, user_id, created_at, last_used_at, expires_at)
         VALUES (gen_random_uuid(), $1, now(), now(), now())`,
        [owner.id],
      ),
    );
    await expect(insertion).rejects.toThrow(/row-level security/);
  });

  it('ends when its account is disabled or gets a new password', async () => {
    await database.owner((client) => replacePassword(client, owner.id, hashed, now));
    await expect(identified()).rejects.toThrow(NotSignedIn);
    const again = await accounts.signIn(owner.email, PASSWORD, client, now);
    await database.owner((client) =>
      client.query('UPDATE api.user_account SET disabled_at = now() WHERE id = $1', [owner.id]),
    );
    await expect(accounts.identify(again.token, now)).rejects.toThrow(NotSignedIn);
  });

  it('does not outlive its row', async () => {
    await database.owner((client) => client.query('DELETE FROM api.session WHERE id = $1', [signedIn.sessionId]));
    await expect(identified()).rejects.toThrow(NotSignedIn);
  });

  it('writes its last use at most every five minutes', async () => {
    const lastUsed = async (): Promise<unknown> =>
      one('SELECT last_used_at AS at, expires_at AS until FROM api.session WHERE id = $1', [signedIn.sessionId]);
    await identified(later(299));
    expect(await lastUsed()).toEqual({ at: now, until: later(SESSION_IDLE_S) });
    await identified(later(301));
    // It is written beside the request.
    await expect.poll(lastUsed).toEqual({ at: later(301), until: later(301 + SESSION_IDLE_S) });
    await identified(later(500));
    expect(await lastUsed()).toMatchObject({ at: later(301) });
    // Another process whose clock is behind does not turn it back.
    await touchSession(database.pools.app, owner.id, signedIn.sessionId, later(100), later(200));
    expect(await lastUsed()).toMatchObject({ at: later(301) });
  });

  it('gets fresh tokens while it lives', async () => {
    const fresh = await accounts.renew(owner.id, signedIn.sessionId, later(1.5 * DAY_S));
    expect(fresh.expiresAt).toEqual(later(3.5 * DAY_S));
    expect(await accounts.identify(fresh.token, later(3 * DAY_S))).toMatchObject({ sessionId: signedIn.sessionId });
    await expect(identified(later(3 * DAY_S))).rejects.toThrow(NotSignedIn);
  });

  it('of a browser lives 90 days unused, its token two', async () => {
    await expect(identified(later(89 * DAY_S))).rejects.toThrow(NotSignedIn);
    await expect(accounts.resume(signedIn.token, later(91 * DAY_S))).rejects.toThrow(NotSignedIn);
    expect(await accounts.resume(signedIn.token, later(89 * DAY_S))).toMatchObject({ sessionId: signedIn.sessionId });
    // Used on day 89, it lives until day 179; the token of day 0 is not read for longer than 90 days after its end, though.
    const until = 'SELECT expires_at AS at FROM api.session WHERE id = $1';
    await expect.poll(() => one(until, [signedIn.sessionId])).toEqual({ at: later(179 * DAY_S) });
    const { token } = await accounts.renew(owner.id, signedIn.sessionId, later(89 * DAY_S));
    expect(await accounts.resume(token, later(178 * DAY_S))).toMatchObject({ sessionId: signedIn.sessionId });
  });

  it('ended stays ended for a browser too', async () => {
    await endSession(database.pools.app, owner.id, signedIn.sessionId, now);
    await expect(accounts.resume(signedIn.token, later(3 * DAY_S))).rejects.toThrow(NotSignedIn);
  });
});

describe('API keys', () => {
  let keys: ApiKeys;
  let failures: unknown[];
  let owner: { id: number; email: string };
  beforeEach(async () => {
    failures = [];
    keys = createApiKeys({ ...database, onError: (error) => failures.push(error) });
    owner = await person();
  });
  const create = (name = 'DTU', expiresAt: Date | null = null) =>
    keys.create(owner.id, { name, scope: 'ingest', expiresAt }, now);
  const revoke = (id: number): Promise<unknown> =>
    database.owner((client) => client.query('UPDATE api.api_key SET revoked_at = now() WHERE id = $1', [id]));

  it('are shown once and stored as a hash', async () => {
    const created = await create(' DTU on the roof ');
    expect(created).toMatchObject({ name: 'DTU on the roof', scope: 'ingest' });
    expect(created.key).toMatch(/^[A-Z2-9]{4}(-[A-Z2-9]{4}){3}$/);
    const stored = await one<Record<string, unknown>>('SELECT * FROM api.api_key WHERE id = $1', [created.id]);
    expect(stored).toMatchObject({ user_id: owner.id, hint: `…${created.key.slice(-4)}` });
    expect(JSON.stringify(stored)).not.toContain(created.key);
  });

  it('say who and what for', async () => {
    const { key, id } = await create();
    const { user, keyId, scope } = await keys.identify(` ${key}\n`, now);
    expect({ userId: user.id, keyId, scope }).toEqual({ userId: owner.id, keyId: id, scope: 'ingest' });
  });

  it.each(['', 'test-api-key-here', 'ABCD-EFGH-JKMN-PQRS'])('refuse %j', async (key) => {
    await expect(keys.identify(key, now)).rejects.toThrow(NotSignedIn);
  });

  it('need a usable name and an end in the future', async () => {
    for (const name of ['', '  ', 'x'.repeat(101), 'a\u0000b']) {
      await expect(create(name)).rejects.toThrow(InvalidInput);
    }
    await expect(create('late', now)).rejects.toThrow(InvalidInput);
  });

  it('cost one query, then none for half a minute', async () => {
    const { key } = await create();
    const query = vi.spyOn(database.pools.app, 'query');
    await keys.identify(key, now);
    expect(query).toHaveBeenCalledTimes(1);
    await keys.identify(key, later(29));
    expect(query).toHaveBeenCalledTimes(1);
    await keys.identify(key, later(31));
    expect(query).toHaveBeenCalledTimes(2);
    query.mockRestore();
  });

  it('in use are asked for again in time, once, while nobody waits for it', async () => {
    const { key, id } = await create();
    await keys.identify(key, now);
    const query = vi.spyOn(database.pools.app, 'query');
    expect(keys.recall(key, later(19))?.keyId).toBe(id);
    expect(query).not.toHaveBeenCalled();
    for (let i = 0; i < 3; i++) expect(keys.recall(key, later(21))?.keyId).toBe(id);
    expect(query).toHaveBeenCalledTimes(1);
    await keys.settled();
    expect(keys.recall(key, later(35))?.keyId).toBe(id);
    expect(query).toHaveBeenCalledTimes(1);
    query.mockRestore();
    await revoke(id);
    expect(keys.recall(key, later(45))?.keyId).toBe(id);
    await keys.settled();
    expect(keys.recall(key, later(45))).toBeNull();
  });

  it('are asked for once for all who come with them, and again for those who come after the notice', async () => {
    const { key } = await create();
    const query = vi.spyOn(database.pools.app, 'query');
    const asked = [keys.identify(key, now), keys.identify(key, now)];
    expect(query).toHaveBeenCalledTimes(1);
    keys.invalidate();
    asked.push(keys.identify(key, now));
    expect(query).toHaveBeenCalledTimes(2);
    expect(new Set((await Promise.all(asked)).map(({ keyId }) => keyId)).size).toBe(1);
    query.mockRestore();
  });

  it('are not remembered when they are bad, nor looked for when they cannot be keys', async () => {
    const query = vi.spyOn(database.pools.app, 'query');
    await keys.identify('test-api-key-here', now).catch(() => undefined);
    expect(query).not.toHaveBeenCalled();
    await keys.identify('ABCD-EFGH-JKMN-PQRS', now).catch(() => undefined);
    await keys.identify('ABCD-EFGH-JKMN-PQRS', now).catch(() => undefined);
    expect(query).toHaveBeenCalledTimes(2);
    query.mockRestore();
  });

  it('revoked: known until the notice, or half a minute at most', async () => {
    const { key, id } = await create();
    await keys.identify(key, now);
    await revoke(id);
    await expect(keys.identify(key, later(31))).rejects.toThrow(NotSignedIn);
    const second = await create();
    await keys.identify(second.key, now);
    await revoke(second.id);
    await keys.identify(second.key, later(1));
    keys.invalidate();
    await expect(keys.identify(second.key, later(1))).rejects.toThrow(NotSignedIn);
  });

  it('looked up while the notice came are not remembered', async () => {
    const { key, id } = await create();
    const lookup = keys.identify(key, now);
    keys.invalidate();
    await lookup;
    await revoke(id);
    await expect(keys.identify(key, now)).rejects.toThrow(NotSignedIn);
  });

  it('end on their day, remembered or not', async () => {
    const { key } = await create('short', later(10));
    await keys.identify(key, later(5));
    await expect(keys.identify(key, later(10))).rejects.toThrow(NotSignedIn);
    keys.invalidate();
    await expect(keys.identify(key, later(11))).rejects.toThrow(NotSignedIn);
  });

  it('of a disabled account are refused', async () => {
    const { key } = await create();
    await database.owner((client) => disableAccount(client, owner.id, now));
    await expect(keys.identify(key, now)).rejects.toThrow(NotSignedIn);
  });

  it('note their use beside the request, at most every five minutes', async () => {
    const { key, id } = await create();
    const lastUsed = async (): Promise<unknown> => {
      await keys.settled();
      return (await one<{ at: unknown }>('SELECT last_used_at AS at FROM api.api_key WHERE id = $1', [id])).at;
    };
    expect(await lastUsed()).toBeNull();
    await keys.identify(key, now);
    expect(await lastUsed()).toEqual(now);
    await keys.identify(key, later(299));
    expect(await lastUsed()).toEqual(now);
    await keys.identify(key, later(301));
    expect(await lastUsed()).toEqual(later(301));
    expect(failures).toEqual([]);
  });

  it('are answered although noting their use fails, and the failure is told', async () => {
    const { key } = await create();
    await keys.identify(key, now);
    await keys.identify(key, later(280)); // remembered from here on: noting the use is all that is left to do
    const connect = vi.spyOn(database.pools.app, 'connect').mockImplementation(() => {
      throw new Error('no connection left');
    });
    await keys.identify(key, later(301));
    await keys.settled();
    connect.mockRestore();
    expect(failures).toHaveLength(1);
  });

  it('of another account cannot be made, touched or seen', async () => {
    const { id } = await create();
    const stranger = await person();
    await touchApiKey(database.pools.app, stranger.id, id, now);
    const stored = await one('SELECT last_used_at FROM api.api_key WHERE id = $1', [id]);
    expect(stored).toEqual({ last_used_at: null });
    const seen = await asTenant(database.pools.app, stranger.id, (tx) => tx.query('SELECT id FROM api.api_key'));
    expect(seen.rows).toEqual([]);
    const insertion = asTenant(database.pools.app, stranger.id, (tx) =>
      tx.query(
        `INSERT INTO api.api_key (user_id, name, scope, key_hash, hint, created_at) VALUES ($1, 'x', 'full', $2, '', now())`,
        [owner.id, sha256('x')],
      ),
    );
    await expect(insertion).rejects.toThrow(/row-level security/);
  });
});

describe('the first administrator', () => {
  let fresh: TestDatabase;
  let service: Accounts;
  beforeEach(async () => {
    fresh = await createTestDatabase();
    service = createAccounts({ ...fresh, onError: failLoudly, timeZone: 'Europe/Vienna' });
  });
  afterEach(() => fresh.drop());
  const issue = (): Promise<string | null> => fresh.owner((owner) => issueSetupToken(owner, now));
  const admin = { email: ' Chef@Example.org ', password: 'Morgenrot 2026', firstName: ' Ada ', lastName: 'L.' };

  it('is made through the printed link, once', async () => {
    const token = (await issue()) ?? '';
    expect(await service.isSetupTokenValid(token)).toBe(true);
    const made = await service.createFirstAdmin(token, admin, now);
    expect(made.email).toBe('Chef@Example.org');
    const { user } = await service.signIn('chef@example.org', admin.password, client, now);
    expect(user).toMatchObject({ id: made.id, firstName: 'Ada', isAdmin: true, isVerified: true });
    const zone = await fresh.owner((owner) => owner.query('SELECT user_id, time_zone FROM api.site'));
    expect(zone.rows).toEqual([{ user_id: made.id, time_zone: 'Europe/Vienna' }]);

    expect(await service.isSetupTokenValid(token)).toBe(false);
    const second = service.createFirstAdmin(token, { ...admin, email: 'second@example.org' }, now);
    await expect(second).rejects.toThrow(NotAllowed);
    expect(await issue()).toBeNull();
  });

  it('cannot be made with a guessed link, nor one of an earlier start', async () => {
    expect(await service.isSetupTokenValid('')).toBe(false);
    const old = (await issue()) ?? '';
    const current = (await issue()) ?? '';
    expect([await service.isSetupTokenValid(old), await service.isSetupTokenValid(current)]).toEqual([false, true]);
    await expect(service.createFirstAdmin(old, admin, now)).rejects.toThrow(NotAllowed);
    const stored = await fresh.owner((owner) => owner.query('SELECT token_hash FROM api.setup_token'));
    expect(stored.rows).toEqual([{ token_hash: sha256(current) }]);
  });

  it('is not hashed for a stranger, and the link survives bad input and a taken address', async () => {
    const hash = vi.fn(argon2id.hash);
    const watched = createAccounts({
      ...fresh,
      onError: failLoudly,
      timeZone: 'Europe/Berlin',
      passwords: { ...argon2id, hash },
    });
    await expect(watched.createFirstAdmin('guess', admin, now)).rejects.toThrow(NotAllowed);
    expect(hash).not.toHaveBeenCalled();
    const token = (await issue()) ?? '';
    const bad = watched.createFirstAdmin(token, { ...admin, email: 'x', password: 'short' }, now);
    const error = (await bad.catch((e: unknown) => e)) as InvalidInput;
    expect(Object.keys(error.fields)).toEqual(['email', 'password']);
    const member = { ...admin, passwordHash: hashed, timeZone: 'Europe/Berlin', isAdmin: false, isVerified: true };
    await fresh.owner((owner) => insertAccount(owner, { ...member, email: 'CHEF@example.org' }));
    await expect(watched.createFirstAdmin(token, admin, now)).rejects.toThrow(Conflict);
    expect(await watched.isSetupTokenValid(token)).toBe(true);
  });

  it('is one, although two hold the link at the same moment', async () => {
    const token = (await issue()) ?? '';
    const made = [1, 2].map((n) => service.createFirstAdmin(token, { ...admin, email: `chef${n}@example.org` }, now));
    const outcomes = await Promise.allSettled(made);
    const refused = outcomes.filter((o) => o.status === 'rejected');
    expect(refused.map((o) => o.reason as unknown)).toEqual([expect.any(NotAllowed)]);
    const stored = await fresh.owner((owner) => owner.query('SELECT FROM api.user_account'));
    expect(stored.rowCount).toBe(1);
  });

  it('leaves no link behind when made on the command line, and then nobody asks for one any more', async () => {
    const token = (await issue()) ?? '';
    const queries = vi.spyOn(fresh.pools.app, 'query');
    expect(await service.hasAdministrator()).toBe(false);
    const ordinary = { ...admin, passwordHash: hashed, timeZone: 'Europe/Berlin', isAdmin: false, isVerified: true };
    await fresh.owner((owner) => insertAccount(owner, { ...ordinary, email: 'member@example.org' }));
    expect(await service.hasAdministrator()).toBe(false);
    expect(queries).toHaveBeenCalledTimes(2);
    const member = { ...admin, passwordHash: hashed, timeZone: 'Europe/Berlin', isAdmin: true, isVerified: true };
    await fresh.owner((owner) => insertAccount(owner, { ...member, email: 'cli@example.org' }));
    expect([await service.hasAdministrator(), await service.hasAdministrator()]).toEqual([true, true]);
    expect(queries).toHaveBeenCalledTimes(3);
    expect(await service.isSetupTokenValid(token)).toBe(false);
    expect(await issue()).toBeNull();
    expect((await fresh.owner((owner) => owner.query('SELECT FROM api.setup_token'))).rowCount).toBe(0);
  });
});
