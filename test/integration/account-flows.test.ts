import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Fernet } from '../../src/crypto/fernet.ts';
import { argon2id } from '../../src/crypto/passwords.ts';
import { asTenant } from '../../src/db/as-tenant.ts';
import { InvalidInput, NotAllowed, NotFound, NotSignedIn, WrongPassword } from '../../src/domain/errors.ts';
import type { MailMessage } from '../../src/mail/message.ts';
import { unsealMail } from '../../src/mail/sealed.ts';
import type { Visitor } from '../../src/services/accounts/account-services.ts';
import { type AccountServices, assembleAccounts } from '../../src/services/accounts/assemble.ts';
import type { SessionUser } from '../../src/services/services.ts';
import { disableAccount, replacePassword } from '../../src/store/owner-accounts.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { purgeInverters } from '../../src/worker/jobs/purge-inverters.ts';
import { failLoudly } from '../support/fail-loudly.ts';
import { accessBySigningIn } from '../support/isolation/access.ts';
import { createWorld, fingerprint } from '../support/isolation/world.ts';
import { createTestDatabase, databaseOf, type TestDatabase } from '../support/test-database.ts';

const now = new Date('2026-06-01T12:00:00Z');
const later = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);
const HOUR_S = 3600;
const visitor: Visitor = { client: { address: '192.0.2.7', userAgent: 'Test/1.0' }, locale: 'de' };
const PASSWORD = 'Sonnenaufgang 6';
const NO_LIMITS = {
  signInLimit: { count: 1000, windowS: 60 },
  resetLimit: { count: 1000, windowS: 60 },
  demandSecondFactor: true,
};
const NEXT = 'Abendrot und Morgenrot';

let db: TestDatabase;
let services: AccountServices;
let people = 0;
/** Hashing for real once is enough; the flows are about what is hashed when. */
let hashes = 0;
const quick = {
  async hash(password: string) {
    hashes++;
    return `$argon2id$test$${password}`;
  },
  async verify(stored: string | null, password: string) {
    hashes++;
    return stored === `$argon2id$test$${password}`;
  },
  isOutdated: () => false,
};

function assemble(db: TestDatabase, changed: { signup?: 'open' | 'closed'; evenMs?: number } = {}): AccountServices {
  return assembleAccounts({
    pools: db.pools,
    secrets: databaseOf(db).secrets,
    config: {
      publicUrl: new URL('https://solar.example.org/app'),
      signup: changed.signup ?? 'open',
      ...NO_LIMITS,
      timeZone: 'Europe/Vienna',
    },
    onError: failLoudly,
    passwords: quick,
    evenMs: changed.evenMs ?? 0,
  });
}

beforeAll(async () => {
  db = await createTestDatabase();
  services = assemble(db);
});
afterAll(() => db.drop());
beforeEach(async () => {
  hashes = 0;
  await db.owner((client) => client.query('DELETE FROM store.mail'));
});

interface Sent extends MailMessage {
  kind: string;
  userId: number | null;
  /** The token of its link. */
  token: string;
}

/** What lies in the outbox, and takes it out. */
async function mails(): Promise<Sent[]> {
  const { rows } = await db.owner((client) =>
    client.query<{ kind: string; user_id: number | null; message: string }>('DELETE FROM store.mail RETURNING *'),
  );
  const fernet = new Fernet(databaseOf(db).secrets.encryptionKeys);
  return rows.map(({ kind, user_id, message }) => {
    const mail = unsealMail(fernet, message, now);
    return { kind, userId: user_id, ...mail, token: /token=([\w-]+)/.exec(mail.text)?.[1] ?? '' };
  });
}

async function oneMail(): Promise<Sent> {
  const all = await mails();
  expect(all).toHaveLength(1);
  return all[0] as Sent;
}

const newPerson = () => ({
  email: `person${++people}@example.org`,
  password: PASSWORD,
  firstName: 'Erika',
  lastName: 'M.',
});

async function signedUp(): Promise<{ email: string; user: SessionUser; verifyToken: string }> {
  const account = newPerson();
  await services.registration.signUp(account, visitor, now);
  const { token } = await oneMail();
  const { user } = await services.accounts.signIn(account.email, PASSWORD, visitor.client, now);
  return { email: account.email, user, verifyToken: token };
}

async function member(): Promise<{ email: string; user: SessionUser }> {
  const { email, verifyToken } = await signedUp();
  await services.registration.confirmAddress(verifyToken, visitor, now);
  const { user } = await services.accounts.signIn(email, PASSWORD, visitor.client, now);
  return { email, user };
}

const audit = async (userId: number): Promise<string[]> => {
  const { rows } = await db.owner((client) =>
    client.query<{ action: string; actor_id: number; address: string }>(
      // Sign-ins are shown in admin.test.ts.
      `SELECT action, actor_id, address FROM api.audit_log WHERE user_id = $1 AND action NOT LIKE 'sign-in%' ORDER BY id`,
      [userId],
    ),
  );
  expect(rows.every((row) => row.actor_id === userId && row.address === '192.0.2.7')).toBe(true);
  return rows.map((row) => row.action);
};

describe('signing up', () => {
  it('mails a link, which confirms the address and signs nobody in', async () => {
    const account = newPerson();
    await services.registration.signUp({ ...account, email: ` ${account.email} ` }, visitor, now);
    const mail = await oneMail();
    expect(mail).toMatchObject({ kind: 'verify', to: account.email, subject: 'E-Mail-Adresse bestätigen – Deye Hard' });
    expect(mail.text).toContain(`https://solar.example.org/app/verify?token=${mail.token}`);
    const before = await services.accounts.signIn(account.email, PASSWORD, visitor.client, now);
    expect(before.user).toMatchObject({ isVerified: false, isAdmin: false, locale: 'de', firstName: 'Erika' });
    expect(await services.registration.confirmAddress(mail.token, visitor, later(60))).toBe('confirmed');
    // A mail program that looks at links before people do takes nothing away from them.
    expect(await services.registration.confirmAddress(mail.token, visitor, later(90))).toBe('confirmed');
    const { user } = await services.accounts.identify(before.token, later(100));
    expect(user.isVerified).toBe(true);
    expect(await services.profile.read(user.id)).toMatchObject({ timeZone: 'Europe/Vienna', locale: 'de' });
    expect(await audit(user.id)).toEqual(['account.create', 'account.confirm.verify']);
  });

  it('with an address that has an account: the same answer, and its owner is told', async () => {
    const { email } = await member();
    hashes = 0;
    await services.registration.signUp({ ...newPerson(), email: email.toUpperCase(), password: NEXT }, visitor, now);
    expect(hashes).toBe(1);
    expect(await oneMail()).toMatchObject({ kind: 'exists', to: email.toUpperCase(), userId: null, token: '' });
    await expect(services.accounts.signIn(email, NEXT, visitor.client, now)).rejects.toThrow(NotSignedIn);
    hashes = 0;
    await services.registration.signUp(newPerson(), visitor, now);
    expect(hashes).toBe(1);
  });

  it('of two at once with one address, one gets it', async () => {
    const account = newPerson();
    await Promise.all([1, 2].map(() => services.registration.signUp(account, visitor, now)));
    expect((await mails()).map(({ kind }) => kind).sort()).toEqual(['exists', 'verify']);
  });

  it('names every wrong field, and is refused where sign-up is closed', async () => {
    const wrong = services.registration.signUp(
      { email: 'x', password: 'password', firstName: '', lastName: '' },
      visitor,
      now,
    );
    expect(Object.keys(((await wrong.catch((e: unknown) => e)) as InvalidInput).fields)).toEqual(['email', 'password']);
    const closed = assemble(db, { signup: 'closed' }).registration;
    expect(closed.isOpen).toBe(false);
    await expect(closed.signUp(newPerson(), visitor, now)).rejects.toThrow(NotAllowed);
    expect(await mails()).toEqual([]);
  });

  it('a link is good for a day, and not a made-up one', async () => {
    const { verifyToken } = await signedUp();
    expect(await services.registration.confirmAddress('guess', visitor, now)).toBe('invalid');
    expect(await services.registration.confirmAddress(verifyToken, visitor, later(24 * HOUR_S))).toBe('invalid');
  });

  it('another link can be had while the address is not confirmed; the first stays good', async () => {
    const { user, verifyToken } = await signedUp();
    await services.registration.resendConfirmation(user, visitor, later(60));
    const again = await oneMail();
    expect(again).toMatchObject({ kind: 'verify', to: user.email, userId: user.id });
    expect(again.token).not.toBe(verifyToken);
    expect(await services.registration.confirmAddress(verifyToken, visitor, later(61))).toBe('confirmed');
    expect(await services.registration.confirmAddress(again.token, visitor, later(62))).toBe('confirmed');
    await services.registration.resendConfirmation({ ...user, isVerified: true }, visitor, later(63));
    expect(await mails()).toEqual([]);
  });
});

describe('a forgotten password', () => {
  it('is replaced by the mailed link, once; every session and every other link ends', async () => {
    const { email, user } = await member();
    const { token: session } = await services.accounts.signIn(email, PASSWORD, visitor.client, now);
    await services.registration.requestReset(` ${email.toUpperCase()} `, visitor, now);
    const first = await oneMail();
    await services.registration.requestReset(email, visitor, now);
    const second = await oneMail();
    expect(first).toMatchObject({ kind: 'reset', to: email, userId: user.id });
    expect(await services.registration.isResetTokenValid(first.token, later(10))).toBe(true);
    await services.registration.resetPassword(first.token, NEXT, visitor, later(10));
    expect(await oneMail()).toMatchObject({ kind: 'passwordChanged', to: email });
    await expect(services.accounts.identify(session, later(11))).rejects.toThrow(NotSignedIn);
    await expect(services.accounts.signIn(email, PASSWORD, visitor.client, now)).rejects.toThrow(NotSignedIn);
    expect((await services.accounts.signIn(email, NEXT, visitor.client, now)).user.id).toBe(user.id);
    for (const { token } of [first, second]) {
      expect(await services.registration.isResetTokenValid(token, later(12))).toBe(false);
      await expect(services.registration.resetPassword(token, PASSWORD, visitor, later(12))).rejects.toThrow(
        NotAllowed,
      );
    }
    expect(await audit(user.id)).toContain('password.reset');
  });

  it('for an address without an account, a disabled one, or none at all: the same answer and no mail', async () => {
    const { email, user } = await member();
    await db.owner((client) => disableAccount(client, user.id, now));
    for (const address of ['stranger@example.org', email, 'no address', 'zero\u0000@example.org']) {
      expect(await services.registration.requestReset(address, visitor, now), address).toBeUndefined();
    }
    expect(await mails()).toEqual([]);
  });

  it('takes as long for an address without an account as for one with', async () => {
    const { email } = await member();
    const even = assemble(db, { evenMs: 200 }).registration;
    for (const address of [email, 'stranger@example.org', 'no address']) {
      const startedAt = performance.now();
      await even.requestReset(address, visitor, now);
      // A timer never fires early (but for its rounding).
      expect(performance.now() - startedAt, address).toBeGreaterThan(198);
    }
  });

  it('needs a link of its time and kind, and a password that will do; bad ones use nothing up and hash nothing', async () => {
    const { email, verifyToken } = await signedUp();
    await services.registration.requestReset(email, visitor, now);
    const { token } = await oneMail();
    hashes = 0;
    const { registration } = services;
    await expect(registration.resetPassword(verifyToken, NEXT, visitor, now)).rejects.toThrow(NotAllowed);
    await expect(registration.resetPassword(token, NEXT, visitor, later(HOUR_S))).rejects.toThrow(NotAllowed);
    await expect(registration.resetPassword(token, 'short', visitor, now)).rejects.toThrow(InvalidInput);
    await expect(registration.resetPassword(token, email, visitor, now)).rejects.toThrow(InvalidInput);
    expect(hashes).toBe(0);
    expect(await registration.confirmAddress(token, visitor, now)).toBe('invalid');
    await registration.resetPassword(token, NEXT, visitor, now);
    // The link came by mail: the address is proven with it.
    expect((await services.accounts.signIn(email, NEXT, visitor.client, now)).user.isVerified).toBe(true);
  });

  it('by two at once with one link is set once', async () => {
    const { email } = await member();
    await services.registration.requestReset(email, visitor, now);
    const { token } = await oneMail();
    const tries = [NEXT, `${NEXT} 2`].map((password) =>
      services.registration.resetPassword(token, password, visitor, now),
    );
    const outcomes = await Promise.allSettled(tries);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('replaced by the operator ends mailed links too', async () => {
    const { email, user } = await member();
    await services.registration.requestReset(email, visitor, now);
    const { token } = await oneMail();
    await db.owner((client) => replacePassword(client, user.id, `$argon2id$test$${NEXT}`, now));
    expect(await services.registration.isResetTokenValid(token, now)).toBe(false);
  });

  it('of a disabled account stays what it is, also by a link from before', async () => {
    const { email, user } = await member();
    await services.registration.requestReset(email, visitor, now);
    const { token } = await oneMail();
    await db.owner((client) => disableAccount(client, user.id, now));
    await expect(services.registration.resetPassword(token, NEXT, visitor, now)).rejects.toThrow(NotAllowed);
  });
});

describe('another e-mail address', () => {
  it('counts once it is confirmed; both addresses are told, and links to the old one are worth nothing then', async () => {
    const { email, user } = await member();
    const to = `new-${email}`;
    await services.registration.requestReset(email, visitor, now);
    const reset = await oneMail();
    await services.profile.changeEmail(user, ` ${to} `, PASSWORD, visitor, now);
    const [asked, told] = (await mails()).sort((a, b) => b.kind.localeCompare(a.kind));
    expect(asked).toMatchObject({ kind: 'newAddress', to });
    expect(told).toMatchObject({ kind: 'addressAsked', to: email, token: '' });
    expect((await services.accounts.signIn(email, PASSWORD, visitor.client, now)).user.email).toBe(email);
    expect(await services.registration.confirmAddress(asked?.token ?? '', visitor, later(60))).toBe('confirmed');
    expect(await oneMail()).toMatchObject({ kind: 'addressChanged', to: email });
    await expect(services.accounts.signIn(email, PASSWORD, visitor.client, now)).rejects.toThrow(NotSignedIn);
    expect((await services.accounts.signIn(to, PASSWORD, visitor.client, now)).user).toMatchObject({
      id: user.id,
      email: to,
    });
    expect(await services.registration.isResetTokenValid(reset.token, later(61))).toBe(false);
    expect(await services.registration.confirmAddress(asked?.token ?? '', visitor, later(62))).toBe('confirmed');
  });

  it('that has an account: the same answer, its owner is told, and nothing can be confirmed', async () => {
    const [mine, other] = [await member(), await member()];
    await services.profile.changeEmail(mine.user, other.email, PASSWORD, visitor, now);
    const sent = await mails();
    expect(sent.map(({ kind, to }) => [kind, to]).sort()).toEqual([
      ['addressAsked', mine.email],
      ['exists', other.email],
    ]);
    expect(sent.every(({ token }) => token === '')).toBe(true);
  });

  it('taken by somebody else meanwhile is not given twice', async () => {
    const { user, email } = await member();
    const to = `wanted-${email}`;
    await services.profile.changeEmail(user, to, PASSWORD, visitor, now);
    const asked = (await mails()).find(({ kind }) => kind === 'newAddress');
    await services.registration.signUp({ ...newPerson(), email: to }, visitor, now);
    expect(await services.registration.confirmAddress(asked?.token ?? '', visitor, now)).toBe('invalid');
    expect((await services.accounts.signIn(email, PASSWORD, visitor.client, now)).user.email).toBe(email);
  });

  it('needs the password; of two that were asked for, only the last counts', async () => {
    const { user, email } = await member();
    const { profile, registration } = services;
    await expect(profile.changeEmail(user, 'a@example.org', 'wrong', visitor, now)).rejects.toThrow(WrongPassword);
    await expect(profile.changeEmail(user, 'nonsense', PASSWORD, visitor, now)).rejects.toThrow(InvalidInput);
    await expect(profile.changeEmail(user, email.toUpperCase(), PASSWORD, visitor, now)).rejects.toThrow(InvalidInput);
    expect(await mails()).toEqual([]);
    await profile.changeEmail(user, `first-${email}`, PASSWORD, visitor, now);
    const first = (await mails()).find(({ kind }) => kind === 'newAddress');
    await profile.changeEmail(user, `second-${email}`, PASSWORD, visitor, now);
    const second = (await mails()).find(({ kind }) => kind === 'newAddress');
    expect(await registration.confirmAddress(first?.token ?? '', visitor, now)).toBe('invalid');
    expect(await registration.confirmAddress(second?.token ?? '', visitor, now)).toBe('confirmed');
  });
});

describe('another password', () => {
  it('counts at once, ends every other session and every mailed link, and is told by mail', async () => {
    const { email, user } = await member();
    const here = await services.accounts.signIn(email, PASSWORD, visitor.client, now);
    const there = await services.accounts.signIn(email, PASSWORD, visitor.client, now);
    await services.registration.requestReset(email, visitor, now);
    const reset = await oneMail();
    const passwords = { current: PASSWORD, next: NEXT };
    await services.profile.changePassword(user, here.sessionId, passwords, visitor, now);
    expect(await oneMail()).toMatchObject({ kind: 'passwordChanged', to: email });
    expect((await services.accounts.identify(here.token, now)).sessionId).toBe(here.sessionId);
    await expect(services.accounts.identify(there.token, now)).rejects.toThrow(NotSignedIn);
    await expect(services.accounts.signIn(email, PASSWORD, visitor.client, now)).rejects.toThrow(NotSignedIn);
    await services.accounts.signIn(email, NEXT, visitor.client, now);
    expect(await services.registration.isResetTokenValid(reset.token, now)).toBe(false);
    expect(await audit(user.id)).toContain('password.change');
  });

  it('needs the present one, and must be good', async () => {
    const { user } = await member();
    const change = (current: string, next: string) =>
      services.profile.changePassword(user, '00000000-0000-0000-0000-000000000000', { current, next }, visitor, now);
    await expect(change('wrong', NEXT)).rejects.toThrow(WrongPassword);
    await expect(change(PASSWORD, 'deyehard')).rejects.toThrow(InvalidInput);
    await expect(change('x'.repeat(100_000), NEXT)).rejects.toThrow(WrongPassword);
    expect(await mails()).toEqual([]);
  });
});

describe('an old hash', () => {
  it('is made anew by the first sign-in, bcrypt too', async () => {
    const real = assembleAccounts({
      pools: db.pools,
      secrets: databaseOf(db).secrets,
      config: {
        publicUrl: new URL('https://solar.example.org'),
        signup: 'open',
        timeZone: 'Europe/Berlin',
        ...NO_LIMITS,
      },
      onError: failLoudly,
    });
    const { hash } = await import('bcryptjs');
    const { user, email } = await member();
    const store = (stored: string): Promise<unknown> =>
      db.owner((client) =>
        client.query('UPDATE api.user_account SET password_hash = $2 WHERE id = $1', [user.id, stored]),
      );
    const stored = async (): Promise<string> => {
      const { rows } = await db.owner((client) =>
        client.query<{ password_hash: string }>('SELECT password_hash FROM api.user_account WHERE id = $1', [user.id]),
      );
      return rows[0]?.password_hash ?? '';
    };
    await store(await hash(PASSWORD, 4));
    await expect(real.accounts.signIn(email, 'wrong', visitor.client, now)).rejects.toThrow(NotSignedIn);
    expect(await stored()).toMatch(/^\$2b\$/);
    await real.accounts.signIn(email, PASSWORD, visitor.client, now);
    const renewed = await stored();
    expect(argon2id.isOutdated(renewed)).toBe(false);
    await real.accounts.signIn(email, PASSWORD, visitor.client, now);
    expect(await stored()).toBe(renewed);
  });
});

describe('the profile', () => {
  it('is kept trimmed, and says what is wrong', async () => {
    const { user } = await member();
    const profile = { firstName: ' Ada ', lastName: '', locale: 'en', timeZone: 'Asia/Tokyo' } as const;
    await services.profile.update(user.id, profile);
    expect(await services.profile.read(user.id)).toEqual({ ...profile, firstName: 'Ada' });
    const wrong = services.profile.update(user.id, { ...profile, firstName: 'a\u0000', timeZone: 'Mars/Olympus' });
    expect(Object.keys(((await wrong.catch((e: unknown) => e)) as InvalidInput).fields)).toEqual([
      'first_name',
      'time_zone',
    ]);
  });
});

describe('sessions', () => {
  it('are listed while they live, ended one by one or all but this', async () => {
    const { user, email } = await member();
    await services.sessions.endAll(user.id, null, visitor.client, now);
    const signIn = (seconds: number) => services.accounts.signIn(email, PASSWORD, visitor.client, later(seconds));
    const [a, b, c] = [await signIn(1), await signIn(2), await signIn(3)];
    const ids = async (): Promise<string[]> => (await services.sessions.list(user.id, later(4))).map(({ id }) => id);
    expect(await ids()).toEqual([c.sessionId, b.sessionId, a.sessionId]);
    expect((await services.sessions.list(user.id, later(4)))[0]).toMatchObject({
      address: '192.0.2.7',
      userAgent: 'Test/1.0',
    });
    await services.sessions.end(user.id, b.sessionId, visitor.client, later(5));
    await expect(services.accounts.identify(b.token, later(5))).rejects.toThrow(NotSignedIn);
    for (const id of [b.sessionId, 'nonsense', '00000000-0000-0000-0000-000000000000']) {
      await expect(services.sessions.end(user.id, id, visitor.client, later(6))).rejects.toThrow(NotFound);
    }
    expect(await services.sessions.endAll(user.id, c.sessionId, visitor.client, later(6))).toBe(1);
    expect(await ids()).toEqual([c.sessionId]);
    const stranger = await member();
    await expect(services.sessions.end(stranger.user.id, c.sessionId, visitor.client, later(7))).rejects.toThrow(
      NotFound,
    );
    await services.sessions.endAll(stranger.user.id, null, visitor.client, later(7));
    expect(await ids()).toEqual([c.sessionId]);
    expect(await services.sessions.list(user.id, later(91 * 24 * HOUR_S))).toEqual([]);
  });

  it('that end are announced, so that open streams close', async () => {
    const { user, email } = await member();
    const { sessionId } = await services.accounts.signIn(email, PASSWORD, visitor.client, now);
    const heard: string[] = [];
    const listener = await db.pools.app.connect();
    try {
      listener.on('notification', ({ payload = '' }) => heard.push(payload));
      await listener.query('LISTEN deye_hard_session');
      const told = async (work: () => Promise<unknown>): Promise<string[]> => {
        heard.length = 0;
        await work();
        await expect.poll(() => heard.length).toBeGreaterThan(0);
        return [...new Set(heard)];
      };
      expect(await told(() => services.sessions.end(user.id, sessionId, visitor.client, now))).toEqual([
        String(user.id),
      ]);
      const set = (change: string) => () =>
        db.owner((client) => client.query(`UPDATE api.user_account SET ${change} WHERE id = $1`, [user.id]));
      expect(await told(set('disabled_at = now()'))).toEqual([String(user.id)]);
      expect(await told(set('is_admin = true'))).toEqual([String(user.id)]);
    } finally {
      listener.release(true);
    }
  });
});

describe('deleting an account', () => {
  it('needs the password; frees the address at once; tells by mail', async () => {
    const { user, email } = await member();
    const { token } = await services.accounts.signIn(email, PASSWORD, visitor.client, now);
    await expect(services.profile.deleteAccount(user, 'wrong', visitor, now)).rejects.toThrow(WrongPassword);
    await services.profile.deleteAccount(user, PASSWORD, visitor, now);
    expect(await oneMail()).toMatchObject({ kind: 'deleted', to: email, userId: null });
    await expect(services.accounts.identify(token, now)).rejects.toThrow(NotSignedIn);
    await expect(services.accounts.signIn(email, PASSWORD, visitor.client, now)).rejects.toThrow(NotSignedIn);
    await services.registration.signUp({ ...newPerson(), email }, visitor, now);
    expect((await oneMail()).kind).toBe('verify');
    expect((await audit(user.id)).at(-1)).toBe('account.delete');
  });

  it('leaves nothing of it anywhere but a bare number in the audit log, and of others everything', async () => {
    const world = { ...(await createWorld(await accessBySigningIn())) };
    try {
      const before = await fingerprint(world, world.foreign);
      const own = await fingerprint(world, world.own);
      expect(Object.keys(own).length).toBeGreaterThan(15);
      const database = { ...db, adminUrl: '' };
      await world.as('app', async (app) => {
        await app.query('BEGIN');
        await app.query(`SELECT set_config('app.current_user_id', $1, true)`, [String(world.own.id)]);
        await app.query(`SELECT api.delete_account(now(), '192.0.2.7')`);
        await app.query('COMMIT');
      });
      // The serials are free at once.
      const serials = await world.superuser.query('SELECT FROM api.inverter WHERE user_id = $1', [world.own.id]);
      expect(serials.rowCount).toBe(0);
      await purgeInverters.run({
        database: { ...databaseOf(database), owner: (work) => work(world.owner as never) },
        settings: { compressAfterDays: 7, retentionDays: 730 },
        log: createLogger('fatal'),
        now: new Date(),
      });
      const left = Object.entries(await fingerprint(world, world.own)).filter(
        ([, print]) => !print.startsWith('0 rows'),
      );
      expect(left.map(([table]) => table).sort()).toEqual(['api.audit_log', 'store.job']);
      const kept = await world.superuser.query(
        `SELECT actor_id, user_id, action, detail::text, address FROM api.audit_log WHERE action = 'account.delete'`,
      );
      expect(kept.rows).toEqual([
        { actor_id: world.own.id, user_id: world.own.id, action: 'account.delete', detail: '{}', address: '192.0.2.7' },
      ]);
      expect(await fingerprint(world, world.foreign)).toEqual(before);
    } finally {
      await world.end();
    }
  });

  it('is one’s own only: the database takes whose it is from the tenant', async () => {
    const [mine, other] = [await member(), await member()];
    await asTenant(db.pools.app, mine.user.id, (tx) => tx.query(`SELECT api.delete_account(now(), '')`));
    await services.accounts.signIn(other.email, PASSWORD, visitor.client, now);
  });
});
