import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fernet, FernetError } from '../../src/crypto/fernet.ts';
import { reencryptor } from '../../src/crypto/reencrypt.ts';
import { matchingStep, totpCode, totpStep } from '../../src/crypto/totp.ts';
import { Conflict, InvalidInput, NotSignedIn, OtpRequired, TooMany, WrongPassword } from '../../src/domain/errors.ts';
import { unsealMail } from '../../src/mail/sealed.ts';
import type { Visitor } from '../../src/services/accounts/account-services.ts';
import { type AccountServices, assembleAccounts } from '../../src/services/accounts/assemble.ts';
import type { SessionUser, SignedIn } from '../../src/services/services.ts';
import { insertAccount, replacePassword } from '../../src/store/owner-accounts.ts';
import { removeTwoFactorOf, resealAll } from '../../src/store/two-factor.ts';
import { failLoudly } from '../support/fail-loudly.ts';
import { createTestDatabase, databaseOf, type TestDatabase } from '../support/test-database.ts';

const now = new Date('2026-06-01T12:00:05Z');
const later = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);
const visitor: Visitor = { client: { address: '192.0.2.7', userAgent: 'Test/1.0' }, locale: 'de' };
const PASSWORD = 'Sonnenaufgang 6';
const quick = {
  hash: async (password: string) => `$argon2id$test$${password}`,
  verify: async (stored: string | null, password: string) => stored === `$argon2id$test$${password}`,
  isOutdated: () => false,
};

let db: TestDatabase;
let services: AccountServices;
let people = 0;

beforeAll(async () => {
  db = await createTestDatabase();
  services = assembleAccounts({
    pools: db.pools,
    secrets: databaseOf(db).secrets,
    config: {
      publicUrl: new URL('https://solar.example.org'),
      signup: 'open',
      timeZone: 'Europe/Berlin',
      signInLimit: { count: 1000, windowS: 60 },
      resetLimit: { count: 1000, windowS: 60 },
      demandSecondFactor: true,
    },
    onError: failLoudly,
    passwords: quick,
    evenMs: 0,
  });
});
afterAll(() => db.drop());

async function member(isAdmin = false): Promise<{ user: SessionUser; signedIn: SignedIn }> {
  const email = `person${++people}@example.org`;
  const passwordHash = await quick.hash(PASSWORD);
  const account = {
    email,
    passwordHash,
    firstName: '',
    lastName: '',
    timeZone: 'Europe/Berlin',
    isAdmin,
    isVerified: true,
  };
  await db.owner((owner) => insertAccount(owner, account));
  const signedIn = await services.accounts.signIn(email, PASSWORD, visitor.client, now);
  return { user: signedIn.user, signedIn };
}

/** From the address that the app opens, as the app does. */
function seedOf(url: string): Buffer {
  const secret = new URL(url).searchParams.get('secret') ?? '';
  const bits = [...secret]
    .map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0'))
    .join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

/** Somebody with a second factor, whose app `code` asks. */
async function guarded() {
  const { user, signedIn } = await member();
  await services.twoFactor.begin(user, PASSWORD, visitor, now);
  const seed = seedOf((await services.twoFactor.state(user, now)).setUp?.url ?? '');
  const code = (at: Date): string => totpCode(seed, totpStep(at));
  const codes = await services.twoFactor.confirm(user, signedIn.sessionId, code(now), visitor, now);
  const signIn = (otp?: string, at = later(60)) =>
    services.accounts.signIn(user.email, PASSWORD, visitor.client, at, otp);
  return { user, signedIn, seed, code, codes, signIn };
}

describe('setting up a second factor', () => {
  it('asks for the password, then for a code; nothing is demanded before', async () => {
    const { user, signedIn } = await member();
    await expect(services.twoFactor.begin(user, 'wrong', visitor, now)).rejects.toThrow(WrongPassword);
    expect(await services.twoFactor.state(user, now)).toEqual({ isOn: false, recoveryCodes: 0, setUp: null });
    await services.twoFactor.begin(user, PASSWORD, visitor, now);
    const { setUp } = await services.twoFactor.state(user, now);
    expect(setUp?.url).toContain(`secret=${setUp?.seed}`);
    const confirm = (code: string) => services.twoFactor.confirm(user, signedIn.sessionId, code, visitor, now);
    const seed = seedOf(setUp?.url ?? '');
    const wrong = ['000000', '111111', '222222', '333333'].find((code) => matchingStep(seed, code, now) === null) ?? '';
    await expect(confirm(wrong)).rejects.toThrow(InvalidInput);
    await services.accounts.signIn(user.email, PASSWORD, visitor.client, now);
    const codes = await confirm(totpCode(seed, totpStep(now)));
    expect(new Set(codes).size).toBe(10);
    expect(codes[0]).toMatch(/^[A-Z2-7]{4}(-[A-Z2-7]{4}){3}$/);
    expect(await services.twoFactor.state(user, now)).toEqual({ isOn: true, recoveryCodes: 10, setUp: null });
    await expect(confirm(totpCode(seed, totpStep(now)))).rejects.toThrow(Conflict);
    await expect(services.twoFactor.begin(user, PASSWORD, visitor, now)).rejects.toThrow(Conflict);
  });

  it('ends every session that showed no code, and is told by mail', async () => {
    const { user, signedIn } = await member();
    const elsewhere = await services.accounts.signIn(user.email, PASSWORD, visitor.client, now);
    await services.twoFactor.begin(user, PASSWORD, visitor, now);
    const seed = seedOf((await services.twoFactor.state(user, now)).setUp?.url ?? '');
    await services.twoFactor.confirm(user, signedIn.sessionId, totpCode(seed, totpStep(now)), visitor, now);
    await expect(services.accounts.identify(elsewhere.token, now)).rejects.toThrow(NotSignedIn);
    await services.accounts.identify(signedIn.token, now);
    const { rows } = await db.owner((client) =>
      client.query<{ message: string }>(`SELECT message FROM store.mail WHERE user_id = $1 AND kind = 'twoFactorOn'`, [
        user.id,
      ]),
    );
    const mail = unsealMail(new Fernet(databaseOf(db).secrets.encryptionKeys), rows[0]?.message ?? '', now);
    expect(mail).toMatchObject({ to: user.email, subject: 'Zwei-Faktor-Anmeldung eingeschaltet – Deye Hard' });
  });

  it('is kept so that whoever reads the database has neither seed nor codes', async () => {
    const { user, seed, codes } = await guarded();
    const { rows } = await db.owner((client) =>
      client.query(
        'SELECT f.*, c.* FROM store.two_factor f JOIN store.recovery_code c USING (user_id) WHERE user_id = $1',
        [user.id],
      ),
    );
    const stored = JSON.stringify(rows);
    for (const secret of [...codes, seed.toString('base64'), seed.toString('hex')])
      expect(stored).not.toContain(secret);
  });
});

describe('signing in with a second factor', () => {
  it('needs a code of the moment besides the right password', async () => {
    const { signIn, code, user } = await guarded();
    await expect(signIn()).rejects.toThrow(OtpRequired);
    await expect(signIn('000000x')).rejects.toThrow(NotSignedIn);
    // Without the right password nobody learns that there is a second factor.
    const wrong = services.accounts.signIn(user.email, 'wrong', visitor.client, later(60), code(later(60)));
    await expect(wrong).rejects.toThrow(NotSignedIn);
    expect((await signIn(code(later(60)))).user.id).toBe(user.id);
  });

  it('takes no code twice, nor one from before it', async () => {
    const { signIn, code } = await guarded();
    await signIn(code(later(60)));
    await expect(signIn(code(later(60)))).rejects.toThrow(NotSignedIn);
    await expect(signIn(code(later(30)))).rejects.toThrow(NotSignedIn);
    const both = await Promise.allSettled([1, 2].map(() => signIn(code(later(120)), later(120))));
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('in two steps: what proved the first is good for five minutes, for this password, and for nobody else', async () => {
    const { signIn, code, user } = await guarded();
    const challenge = ((await signIn().catch((e: unknown) => e)) as OtpRequired).challenge;
    expect(Buffer.from(challenge, 'base64url').toString('latin1')).not.toContain(user.email);
    const second = (at: Date, sealed = challenge) =>
      services.accounts.signInWithCode(sealed, code(at), visitor.client, at);
    await expect(second(later(60 + 301))).rejects.toThrow(NotSignedIn);
    await expect(second(later(90), `${challenge.slice(0, -4)}AAAA`)).rejects.toThrow(NotSignedIn);
    expect((await second(later(90))).user.id).toBe(user.id);
    await db.owner((client) => replacePassword(client, user.id, '$argon2id$test$other', now));
    await expect(second(later(120))).rejects.toThrow(NotSignedIn);
  });

  it('takes each recovery code once, however it is written', async () => {
    const { signIn, codes, user } = await guarded();
    await signIn(codes[3]?.toLowerCase().replaceAll('-', ' '));
    await expect(signIn(codes[3])).rejects.toThrow(NotSignedIn);
    await signIn(codes[4]);
    expect((await services.twoFactor.state(user, now)).recoveryCodes).toBe(8);
    const renewed = await services.twoFactor.renewCodes(user, PASSWORD, visitor, now);
    await expect(signIn(codes[5])).rejects.toThrow(NotSignedIn);
    await signIn(renewed[0]);
    await expect(services.twoFactor.renewCodes(user, 'wrong', visitor, now)).rejects.toThrow(WrongPassword);
  });

  it('is not got around by a new password', async () => {
    const { user, signIn } = await guarded();
    await services.registration.requestReset(user.email, visitor, now);
    const { rows } = await db.owner((client) =>
      client.query<{ message: string }>(`SELECT message FROM store.mail WHERE user_id = $1 AND kind = 'reset'`, [
        user.id,
      ]),
    );
    const { text } = unsealMail(new Fernet(databaseOf(db).secrets.encryptionKeys), rows[0]?.message ?? '', now);
    const token = /token=([\w-]+)/.exec(text)?.[1] ?? '';
    await services.registration.resetPassword(token, PASSWORD, visitor, now);
    await expect(signIn()).rejects.toThrow(OtpRequired);
  });

  it('lets nobody try more than twenty codes an hour, from wherever', async () => {
    const { user, code } = await guarded();
    for (let n = 0; n < 20; n++) {
      const client = { address: `198.51.100.${n}`, userAgent: null };
      const guess = services.accounts.signIn(user.email, PASSWORD, client, later(60), 'AAAA-AAAA-AAAA-AAAA');
      await expect(guess).rejects.toThrow(NotSignedIn);
    }
    const right = services.accounts.signIn(user.email, PASSWORD, visitor.client, later(61), code(later(61)));
    await expect(right).rejects.toThrow(TooMany);
    await services.accounts.signIn(user.email, PASSWORD, visitor.client, later(3700), code(later(3700)));
  });

  it('is over when it is switched off, which asks for the password', async () => {
    const { user, signIn } = await guarded();
    await expect(services.twoFactor.disable(user, 'wrong', visitor, now)).rejects.toThrow(WrongPassword);
    await services.twoFactor.disable(user, PASSWORD, visitor, now);
    await signIn();
  });
});

it('can be taken away by the operator, which is noted', async () => {
  const { user, signIn } = await guarded();
  const remove = () => db.owner((client) => removeTwoFactorOf(client, user.id, now));
  expect([await remove(), await remove()]).toEqual([true, false]);
  await signIn();
  const { rows } = await db.owner((client) =>
    client.query(`SELECT actor_id FROM api.audit_log WHERE user_id = $1 AND action = 'two-factor.off'`, [user.id]),
  );
  expect(rows).toEqual([{ actor_id: null }]);
});

it('an administrator must have one, everybody else may', async () => {
  const [admin, other] = [await member(true), await member()];
  expect([await services.twoFactor.isDue(admin.user), await services.twoFactor.isDue(other.user)]).toEqual([
    true,
    false,
  ]);
  await services.twoFactor.begin(admin.user, PASSWORD, visitor, now);
  const seed = seedOf((await services.twoFactor.state(admin.user, now)).setUp?.url ?? '');
  await services.twoFactor.confirm(admin.user, admin.signedIn.sessionId, totpCode(seed, totpStep(now)), visitor, now);
  expect(await services.twoFactor.isDue(admin.user)).toBe(false);
});

describe('another encryption key', () => {
  it('takes over all that is encrypted, so that the old one can go', async () => {
    const { user, signIn, code } = await guarded();
    const [old = ''] = databaseOf(db).secrets.encryptionKeys;
    const fresh = randomBytes(32).toString('base64url').concat('=');
    const unreadable = await db.owner(async (client) => {
      await client.query(`UPDATE store.mail SET message = 'nonsense' WHERE id = (SELECT max(id) FROM store.mail)`);
      return resealAll(client, reencryptor([fresh, old], now));
    });
    expect(unreadable).toMatchObject({ unreadable: 1, seeds: expect.any(Number) as number });
    expect(unreadable.seeds).toBeGreaterThan(0);
    const { rows } = await db.owner((client) =>
      client.query<{ sealed: string }>(
        'SELECT seed AS sealed FROM store.two_factor UNION ALL SELECT message FROM store.mail WHERE message <> $1',
        ['nonsense'],
      ),
    );
    for (const { sealed } of rows) {
      expect(() => new Fernet([old]).decrypt(sealed, now)).toThrow(FernetError);
      new Fernet([fresh]).decrypt(sealed, now);
    }
    // Back again, for whoever else works with this database.
    await db.owner((client) => resealAll(client, reencryptor([old, fresh], now)));
    expect((await signIn(code(later(60)))).user.id).toBe(user.id);
  });
});
