import type { PasswordHasher } from '../../crypto/passwords.ts';
import { newToken, sha256 } from '../../crypto/tokens.ts';
import { asTenant, inTransaction } from '../../db/as-tenant.ts';
import type { Pools } from '../../db/pools.ts';
import { InvalidInput, NotAllowed } from '../../domain/errors.ts';
import {
  confirmAddress,
  findToken,
  insertSignUp,
  issueToken,
  resetPassword,
  type TokenPurpose,
  type TokenRow,
  type TokenToIssue,
} from '../../store/account-flows.ts';
import { findAccount } from '../../store/accounts.ts';
import { atLeast } from '../../util/at-least.ts';
import type { RegistrationService, Visitor } from './account-services.ts';
import type { AccountLimits } from './limits.ts';
import type { Post } from './post.ts';
import { checkedAccount, isEmail, passwordProblem } from './rules.ts';

/** How long a mailed link works. One that only confirms may lie over night; one that opens the account may not. */
export const TOKEN_HOURS: Readonly<Record<TokenPurpose, number>> = { verify: 24, email: 24, reset: 1 };
/** Longer than what is done for an address that has an account takes, hashing aside, so that the answers for others are no quicker. */
const EVEN_MS = 300;

export interface RegistrationOptions {
  pools: Pick<Pools, 'app'>;
  post: Post;
  passwords: PasswordHasher;
  limits: AccountLimits;
  isOpen: boolean;
  /** IANA zone of a new account's first site. */
  timeZone: string;
  /** How long each answer takes at least; for tests. */
  evenMs?: number;
}

/** A token with what is kept of it. */
export function tokenFor(purpose: TokenPurpose, now: Date): { token: string; issued: TokenToIssue } {
  const token = newToken();
  const expiresAt = new Date(now.getTime() + TOKEN_HOURS[purpose] * 3600_000);
  return { token, issued: { hash: sha256(token), createdAt: now, expiresAt } };
}

export const verifyPath = (token: string): string => `/verify?token=${token}`;

export function createRegistration(options: RegistrationOptions): RegistrationService {
  const { post, passwords, limits, isOpen, timeZone, evenMs = EVEN_MS } = options;
  const { app } = options.pools;

  async function signUp(
    account: { email: string; password: string; firstName: string; lastName: string },
    { client, locale }: Visitor,
    now: Date,
  ): Promise<void> {
    const isWanted = await limits.strangersMail(account.email, client, now);
    // Hashed before it is known whether the address is free, and so in either case.
    const passwordHash = await passwords.hash(account.password);
    const { token, issued } = tokenFor('verify', now);
    await inTransaction(app, async (tx) => {
      const userId = await insertSignUp(tx, { ...account, passwordHash, timeZone, locale }, issued, client.address);
      const letter = { to: account.email, locale, userId };
      if (userId === null && !isWanted) return;
      if (userId === null) return post.send(tx, { ...letter, kind: 'exists', path: '/login' }, now);
      const hours = TOKEN_HOURS.verify;
      return post.send(tx, { ...letter, kind: 'verify', path: verifyPath(token), hours }, now);
    });
  }

  async function requestReset(email: string, { client, locale }: Visitor, now: Date): Promise<void> {
    const isWanted = await limits.strangersMail(email, client, now);
    const found = isEmail(email) ? await findAccount(app, email) : null;
    if (found === null || found.account.isDisabled || !isWanted) return;
    const { account } = found;
    const { token, issued } = tokenFor('reset', now);
    await asTenant(app, account.id, async (tx) => {
      await issueToken(tx, 'reset', issued, null, client.address);
      await post.send(
        tx,
        {
          kind: 'reset',
          to: account.email,
          locale: account.locale ?? locale,
          userId: account.id,
          path: `/reset_password?token=${token}`,
          hours: TOKEN_HOURS.reset,
        },
        now,
      );
    });
  }

  return {
    isOpen,

    async signUp(account, visitor, now) {
      if (!isOpen) throw new NotAllowed('New accounts are made by an administrator here.');
      const checked = checkedAccount(account);
      await atLeast(evenMs, signUp(checked, visitor, now));
    },

    async confirmAddress(token, { client, locale }, now) {
      const hash = sha256(token);
      const confirmed = await inTransaction(app, async (tx) => {
        const done = await confirmAddress(tx, hash, now, client.address);
        if (done === null) return false;
        const { userId, oldEmail, email } = done;
        if (oldEmail.toLowerCase() !== email.toLowerCase()) {
          const letter = { kind: 'addressChanged', to: oldEmail, locale: done.locale ?? locale, userId } as const;
          await post.send(tx, letter, now);
        }
        return true;
      });
      return confirmed || isDone(await findToken(app, hash)) ? 'confirmed' : 'invalid';
    },

    async resendConfirmation(user, { client, locale }, now) {
      if (user.isVerified) return;
      await limits.membersMail(user.id, now);
      const { token, issued } = tokenFor('verify', now);
      await asTenant(app, user.id, async (tx) => {
        await issueToken(tx, 'verify', issued, null, client.address);
        const path = verifyPath(token);
        const letter = { kind: 'verify', to: user.email, locale: user.locale ?? locale, userId: user.id } as const;
        await post.send(tx, { ...letter, path, hours: TOKEN_HOURS.verify }, now);
      });
    },

    requestReset: (email, visitor, now) => atLeast(evenMs, requestReset(email.trim(), visitor, now)),

    isResetTokenValid: async (token, now) => isGoodForReset(await findToken(app, sha256(token)), now),

    async resetPassword(token, password, { client, locale }, now) {
      const refusal = new NotAllowed('The link is no longer valid. Please ask for a new one.');
      const hash = sha256(token);
      // Looked at first, so that a stranger can make nobody hash.
      const link = await findToken(app, hash);
      if (link === null || !isGoodForReset(link, now)) throw refusal;
      const problem = passwordProblem(password, link.email);
      if (problem !== null) throw new InvalidInput('That password will not do.', { new_password1: problem });
      const passwordHash = await passwords.hash(password);
      const done = await inTransaction(app, async (tx) => {
        const reset = await resetPassword(tx, hash, passwordHash, now, client.address);
        if (reset === null) return false;
        const { userId, email } = reset;
        await post.send(tx, { kind: 'passwordChanged', to: email, locale: reset.locale ?? locale, userId }, now);
        return true;
      });
      if (!done) throw refusal;
    },
  };
}

function isGoodForReset(link: TokenRow | null, now: Date): boolean {
  return link !== null && link.purpose === 'reset' && link.usedAt === null && link.expiresAt > now;
}

/** Whether a used link did what it was for. */
function isDone(link: TokenRow | null): boolean {
  if (link === null || link.usedAt === null || link.verifiedAt === null) return false;
  return link.purpose === 'verify' || link.newEmail?.toLowerCase() === link.email.toLowerCase();
}
