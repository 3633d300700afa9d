import { createHash, timingSafeEqual } from 'node:crypto';
import { Fernet, FernetError } from '../../crypto/fernet.ts';
import { newRecoveryCodes, recoveryCodeHash } from '../../crypto/recovery-codes.ts';
import { base32, matchingStep, newTotpSeed, otpauthUrl } from '../../crypto/totp.ts';
import { asTenant, type Tx } from '../../db/as-tenant.ts';
import type { DbPool } from '../../db/pools.ts';
import { Conflict, InvalidInput, NotSignedIn, WrongCode } from '../../domain/errors.ts';
import type { UserId } from '../../domain/inverter.ts';
import {
  beginTwoFactor,
  confirmTwoFactor,
  readTwoFactor,
  removeTwoFactor,
  replaceRecoveryCodes,
  type TwoFactorRow,
  takeRecoveryCode,
  takeStep,
} from '../../store/two-factor.ts';
import type { Locale, SessionUser } from '../services.ts';
import type { TwoFactorService, Visitor } from './account-services.ts';
import type { Post } from './post.ts';

/** How long somebody may look for his phone after the password was right. */
const CHALLENGE_S = 300;
const ISSUER = 'Deye Hard';

export interface SecondFactorOptions {
  app: DbPool;
  encryptionKeys: readonly string[];
  post: Post;
  isDemandedOfAdmins: boolean;
  /** @throws WrongPassword */
  askPassword(user: SessionUser, password: string, visitor: Visitor, now: Date): Promise<void>;
}

/** What the first step of a sign-in proved. */
export interface Challenge {
  userId: UserId;
  email: string;
  /** Of the password's hash: a new password ends it. */
  fingerprint: string;
}

/** What signing in needs of it. */
export interface SecondFactor extends TwoFactorService {
  isDemanded(userId: UserId): Promise<boolean>;
  /** @throws WrongCode when it is no code of this moment, was used before, or is no recovery code */
  check(userId: UserId, code: string, address: string, now: Date): Promise<void>;
  challenge(of: { id: UserId; email: string }, passwordHash: string, now: Date): string;
  /** @throws NotSignedIn when it is not ours or too old */
  readChallenge(challenge: string, now: Date): Challenge;
}

export function createSecondFactor(options: SecondFactorOptions): SecondFactor {
  const { app, encryptionKeys, post, askPassword, isDemandedOfAdmins } = options;
  const fernet = new Fernet(encryptionKeys);

  const seedOf = ({ sealedSeed }: TwoFactorRow, now: Date): Buffer => fernet.decrypt(sealedSeed, now);

  function isOn(userId: UserId): Promise<boolean> {
    return asTenant(app, userId, async (tx) => (await readTwoFactor(tx))?.isOn === true);
  }

  async function tell(tx: Tx, kind: 'twoFactorOn' | 'twoFactorOff', user: SessionUser, locale: Locale, now: Date) {
    await post.send(tx, { kind, to: user.email, locale: user.locale ?? locale, userId: user.id }, now);
  }

  return {
    isDemanded: isOn,

    check: (userId, code, address, now) =>
      asTenant(app, userId, async (tx) => {
        const row = await readTwoFactor(tx);
        if (row === null || !row.isOn) return;
        const step = matchingStep(seedOf(row, now), code, now);
        const isGood =
          step === null ? await takeRecoveryCode(tx, recoveryCodeHash(code), now, address) : await takeStep(tx, step);
        if (!isGood) throw new WrongCode('The code is wrong, or was used already.');
      }),

    challenge: ({ id, email }, passwordHash, now) =>
      fernet.encrypt(JSON.stringify({ userId: id, email, fingerprint: fingerprintOf(passwordHash) }), now),

    readChallenge(challenge, now) {
      try {
        return JSON.parse(fernet.decrypt(challenge, now, CHALLENGE_S).toString('utf8')) as Challenge;
      } catch (cause) {
        if (!(cause instanceof FernetError)) throw cause;
        throw new NotSignedIn('That took too long. Please sign in again.', { cause });
      }
    },

    isDue: async (user) => isDemandedOfAdmins && user.isAdmin && !(await isOn(user.id)),

    state: (user, now) =>
      asTenant(app, user.id, async (tx) => {
        const row = await readTwoFactor(tx);
        if (row === null) return { isOn: false, recoveryCodes: 0, setUp: null };
        const seed = row.isOn ? null : seedOf(row, now);
        const setUp = seed === null ? null : { seed: base32(seed), url: otpauthUrl(seed, user.email, ISSUER) };
        return { isOn: row.isOn, recoveryCodes: row.recoveryCodes, setUp };
      }),

    async begin(user, password, visitor, now) {
      await askPassword(user, password, visitor, now);
      const sealed = fernet.encrypt(newTotpSeed(), now);
      const begun = await asTenant(app, user.id, (tx) => beginTwoFactor(tx, sealed, now));
      if (!begun) throw new Conflict('Two-factor sign-in is on already.');
    },

    async confirm(user, sessionId, code, { client, locale }, now) {
      const { codes, hashes } = newRecoveryCodes();
      await asTenant(app, user.id, async (tx) => {
        const row = await readTwoFactor(tx);
        if (row === null || row.isOn) throw new Conflict('There is nothing to confirm.');
        const step = matchingStep(seedOf(row, now), code, now);
        if (step === null) throw new InvalidInput('The code is wrong.', { otp: 'wrong' });
        if (!(await confirmTwoFactor(tx, step, hashes, sessionId, now, client.address))) {
          throw new Conflict('Two-factor sign-in is on already.');
        }
        await tell(tx, 'twoFactorOn', user, locale, now);
      });
      return codes;
    },

    async renewCodes(user, password, visitor, now) {
      await askPassword(user, password, visitor, now);
      const { codes, hashes } = newRecoveryCodes();
      await asTenant(app, user.id, (tx) => replaceRecoveryCodes(tx, hashes, now, visitor.client.address));
      return codes;
    },

    async disable(user, password, visitor, now) {
      await askPassword(user, password, visitor, now);
      await asTenant(app, user.id, async (tx) => {
        if (await removeTwoFactor(tx, now, visitor.client.address)) {
          await tell(tx, 'twoFactorOff', user, visitor.locale, now);
        }
      });
    },
  };
}

/** Tells whether a password is still the one it was, and nothing else about it. */
export function fingerprintOf(passwordHash: string): string {
  return createHash('sha256').update(passwordHash).digest('base64url');
}

export function isFingerprintOf(fingerprint: string, passwordHash: string): boolean {
  const [given, expected] = [Buffer.from(fingerprint), Buffer.from(fingerprintOf(passwordHash))];
  return given.length === expected.length && timingSafeEqual(given, expected);
}
