import { randomUUID } from 'node:crypto';
import { SessionTokens } from '../../crypto/jwt.ts';
import { argon2id, type PasswordHasher } from '../../crypto/passwords.ts';
import { sha256 } from '../../crypto/tokens.ts';
import { asTenant } from '../../db/as-tenant.ts';
import type { Pools } from '../../db/pools.ts';
import { Conflict, NotAllowed, NotSignedIn, OtpRequired, WrongCode } from '../../domain/errors.ts';
import type { UserId } from '../../domain/inverter.ts';
import { noteFailedSignIn, noteOwnAct, renewPasswordHash } from '../../store/account-flows.ts';
import {
  type AccountRow,
  findAccount,
  hasAdministrator,
  insertFirstAdmin,
  isSetupToken,
} from '../../store/accounts.ts';
import { addSession, endSession, findSession, type SessionRow, touchSession } from '../../store/sessions.ts';
import type { AccountService, Client, NewAccount, SessionUser, SignedIn } from '../services.ts';
import type { AccountLimits } from './limits.ts';
import { checkedAccount, isEmail, MAX_PASSWORD_LENGTH } from './rules.ts';
import { isFingerprintOf, type SecondFactor } from './second-factor.ts';

/** How long a session lives without being used. */
export const SESSION_IDLE_S = 90 * 24 * 3600;
/** `last_used_at` is for people; writing it on every request would make each read a write. */
const TOUCH_EVERY_S = 5 * 60;
const MAX_USER_AGENT_LENGTH = 400;

/** What stands between a password and a session. */
export interface Guard {
  limits: AccountLimits;
  secondFactor: SecondFactor;
}

export interface AccountsOptions {
  pools: Pick<Pools, 'app'>;
  authSecret: string;
  /** IANA zone of a new account's first site. */
  timeZone: string;
  passwords?: PasswordHasher;
  /** Without it nothing is counted, and nobody is asked for a second factor: for tests. */
  guard?: Guard;
  /** Told when the use of a session or a newer hash could not be noted: the request it belongs to goes on. */
  onError: (error: unknown) => void;
}

type Identified = Awaited<ReturnType<AccountService['identify']>>;

export interface Accounts extends AccountService {
  /**
   * As `identify`, for the cookie of a browser: its two-day token may be over while the session, which lives 90 days unused, is not.
   * The caller then renews the cookie. @throws NotSignedIn
   */
  resume(token: string, now: Date): Promise<Identified>;
}

/** Sign-in, sessions and the first administrator, on the tables of `store/accounts` and `store/sessions`. */
export function createAccounts(options: AccountsOptions): Accounts {
  const { app } = options.pools;
  const { guard } = options;
  const passwords = options.passwords ?? argon2id;
  const tokens = new SessionTokens(options.authSecret);
  // The last administrator stays one, so that a yes holds for good.
  let isAdministered = false;

  /** The hash of a password that was just typed in, made anew where it was made in an older way. */
  async function renewHash(userId: UserId, stored: string, password: string): Promise<void> {
    if (!passwords.isOutdated(stored)) return;
    const renewed = await passwords.hash(password);
    await asTenant(app, userId, (tx) => renewPasswordHash(tx, stored, renewed));
  }

  async function checkPassword(
    email: string,
    password: string,
  ): Promise<{ account: AccountRow; passwordHash: string }> {
    const found = isEmail(email) ? await findAccount(app, email) : null;
    // Hashed also where there is nobody: otherwise the time of the answer tells which addresses have accounts.
    const usable = password.length <= MAX_PASSWORD_LENGTH;
    const matches = await passwords.verify(usable ? (found?.passwordHash ?? null) : null, usable ? password : '');
    if (found === null || !matches || found.account.isDisabled) {
      throw new NotSignedIn('E-mail address or password is wrong.');
    }
    // Whoever knows the password comes in, also where its new hash cannot be stored just now.
    await renewHash(found.account.id, found.passwordHash, password).catch(options.onError);
    return found;
  }

  async function openSession(account: AccountRow, client: Client, now: Date): Promise<SignedIn> {
    const sessionId = randomUUID();
    await asTenant(app, account.id, async (tx) => {
      await addSession(tx, {
        id: sessionId,
        userId: account.id,
        createdAt: now,
        expiresAt: secondsAfter(now, SESSION_IDLE_S),
        address: client.address,
        userAgent: client.userAgent?.slice(0, MAX_USER_AGENT_LENGTH) ?? null,
      });
      await noteOwnAct(tx, account.id, 'sign-in', client.address);
    });
    return { user: sessionUser(account), sessionId, ...(await tokens.sign(account.id, sessionId, now)) };
  }

  function checkCode(
    { limits, secondFactor }: Guard,
    userId: UserId,
    otp: string,
    client: Client,
    now: Date,
  ): Promise<void> {
    return limits.secondStep(userId, now, () => secondFactor.check(userId, otp, client.address, now));
  }

  /** Counted, and noted when it fails. One that is not even tried, because there were too many, is only in the log. */
  async function counted<T>(email: string, client: Client, now: Date, work: () => Promise<T>): Promise<T> {
    try {
      return guard === undefined ? await work() : await guard.limits.attempt(email, client, now, work);
    } catch (error) {
      if (error instanceof NotSignedIn) {
        const why = error instanceof WrongCode ? 'code' : 'password';
        // What is no address belongs to nobody, and may hold what a database cannot even be asked for.
        const whose = isEmail(email.trim()) ? email.trim() : '';
        await noteFailedSignIn(app, { email: whose, why, address: client.address }, now);
      }
      throw error;
    }
  }

  async function livingSession(userId: UserId, sessionId: string, now: Date): Promise<SessionRow> {
    const session = await findSession(app, sessionId);
    const lives = session !== null && session.endedAt === null && session.expiresAt > now;
    if (!lives || session.account.id !== userId || session.account.isDisabled) {
      throw new NotSignedIn('The session is over. Please sign in again.');
    }
    return session;
  }

  async function identify(token: string, now: Date, graceS: number): Promise<Identified> {
    const { userId, sessionId, expiresAt } = await tokens.read(token, now, graceS);
    const session = await livingSession(userId, sessionId, now);
    if (session.lastUsedAt < secondsAfter(now, -TOUCH_EVERY_S)) {
      // Beside the request: while the disk is full everything can still be read.
      touchSession(app, userId, sessionId, now, secondsAfter(now, SESSION_IDLE_S)).catch(options.onError);
    }
    return { user: sessionUser(session.account), sessionId, tokenExpiresAt: expiresAt };
  }

  return {
    signIn: (email, password, client, now, otp) =>
      counted(email, client, now, async () => {
        const { account, passwordHash } = await checkPassword(email.trim(), password);
        if (guard !== undefined && (await guard.secondFactor.isDemanded(account.id))) {
          if (otp === undefined) throw new OtpRequired(guard.secondFactor.challenge(account, passwordHash, now));
          await checkCode(guard, account.id, otp, client, now);
        }
        return openSession(account, client, now);
      }),

    async signInWithCode(challenge, otp, client, now) {
      const refusal = new NotSignedIn('That took too long. Please sign in again.');
      if (guard === undefined) throw refusal;
      const { userId, email, fingerprint } = guard.secondFactor.readChallenge(challenge, now);
      return counted(email, client, now, async () => {
        const found = await findAccount(app, email);
        const isSame = found?.account.id === userId && isFingerprintOf(fingerprint, found.passwordHash);
        if (!isSame || found.account.isDisabled) throw refusal;
        await checkCode(guard, userId, otp, client, now);
        return openSession(found.account, client, now);
      });
    },

    signOut: (userId, sessionId, now) => endSession(app, userId, sessionId, now),
    identify: (token, now) => identify(token, now, 0),
    resume: (token, now) => identify(token, now, SESSION_IDLE_S),

    async renew(userId, sessionId, now) {
      await livingSession(userId, sessionId, now);
      return tokens.sign(userId, sessionId, now);
    },

    async hasAdministrator() {
      isAdministered ||= await hasAdministrator(app);
      return isAdministered;
    },

    isSetupTokenValid: (token) => isSetupToken(app, sha256(token)),

    async createFirstAdmin(token: string, account: NewAccount) {
      const refusal = new NotAllowed('The link is no longer valid. The server prints a new one when it starts.');
      // Looked at first, so that a stranger can make nobody hash.
      if (!(await isSetupToken(app, sha256(token)))) throw refusal;
      const { email, password, firstName, lastName } = checkedAccount(account);
      const passwordHash = await passwords.hash(password);
      const id = await insertFirstAdmin(app, sha256(token), {
        email,
        passwordHash,
        firstName,
        lastName,
        timeZone: options.timeZone,
      }).catch((error: unknown) => {
        if (!(error instanceof Conflict)) throw error;
        throw new Conflict('There is an account with this e-mail address already.', { cause: error });
      });
      if (id === null) throw refusal;
      return { id, email };
    },
  };
}

export function sessionUser(account: AccountRow): SessionUser {
  const { isDisabled: _, ...user } = account;
  return user;
}

function secondsAfter(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1000);
}
