import type { PasswordHasher } from '../../crypto/passwords.ts';
import { asTenant } from '../../db/as-tenant.ts';
import type { Pools } from '../../db/pools.ts';
import { InvalidInput, WrongPassword } from '../../domain/errors.ts';
import { changePassword, deleteAccount, issueToken } from '../../store/account-flows.ts';
import { findAccount } from '../../store/accounts.ts';
import { readProfile, updateProfile } from '../../store/profile.ts';
import type { SessionUser } from '../services.ts';
import type { ProfileService, Visitor } from './account-services.ts';
import type { AccountLimits } from './limits.ts';
import type { Post } from './post.ts';
import { TOKEN_HOURS, tokenFor, verifyPath } from './registration.ts';
import { checkedProfile, isEmail, MAX_PASSWORD_LENGTH, passwordProblem } from './rules.ts';

export interface ProfileOptions {
  pools: Pick<Pools, 'app'>;
  post: Post;
  passwords: PasswordHasher;
  limits: AccountLimits;
}

/** Asks once more for the password of somebody who is signed in. @throws WrongPassword, TooMany */
export type AskPassword = (user: SessionUser, password: string, visitor: Visitor, now: Date) => Promise<void>;

export function createAskPassword({ pools: { app }, passwords, limits }: Omit<ProfileOptions, 'post'>): AskPassword {
  return (user, password, { client }, now) =>
    limits.attempt(user.email, client, now, async () => {
      const found = await findAccount(app, user.email);
      const usable = password.length <= MAX_PASSWORD_LENGTH && found?.account.id === user.id;
      if (!(await passwords.verify(usable ? found.passwordHash : null, usable ? password : ''))) {
        throw new WrongPassword('The password is wrong.');
      }
    });
}

export function createProfile(options: ProfileOptions & { askPassword: AskPassword }): ProfileService {
  const { post, passwords, limits, askPassword } = options;
  const { app } = options.pools;
  return {
    read: (userId) => asTenant(app, userId, (tx) => readProfile(tx, userId)),

    async update(userId, profile) {
      const checked = checkedProfile(profile);
      await asTenant(app, userId, (tx) => updateProfile(tx, userId, checked));
    },

    async changeEmail(user, typed, password, visitor, now) {
      const { client, locale } = visitor;
      const newEmail = typed.trim();
      if (!isEmail(newEmail)) throw new InvalidInput('That is no address.', { new_email: 'not an e-mail address' });
      await askPassword(user, password, visitor, now);
      if (newEmail.toLowerCase() === user.email.toLowerCase()) {
        throw new InvalidInput('That is your address already.', { new_email: 'unchanged' });
      }
      await limits.membersMail(user.id, now);
      const { token, issued } = tokenFor('email', now);
      // The same for an address that has an account: its owner is told, and whoever asks sees no difference.
      const isTaken = (await findAccount(app, newEmail)) !== null;
      await asTenant(app, user.id, async (tx) => {
        await issueToken(tx, 'email', issued, newEmail, client.address);
        const letter = { locale: user.locale ?? locale, userId: user.id };
        if (isTaken) await post.send(tx, { ...letter, kind: 'exists', to: newEmail, path: '/login' }, now);
        else {
          const link = { path: verifyPath(token), hours: TOKEN_HOURS.email };
          await post.send(tx, { ...letter, kind: 'newAddress', to: newEmail, ...link }, now);
        }
        await post.send(tx, { ...letter, kind: 'addressAsked', to: user.email }, now);
      });
    },

    async changePassword(user, sessionId, { current, next }, visitor, now) {
      const { client, locale } = visitor;
      const problem = passwordProblem(next, user.email, [user.firstName, user.lastName]);
      if (problem !== null) throw new InvalidInput('That password will not do.', { new_password1: problem });
      await askPassword(user, current, visitor, now);
      const passwordHash = await passwords.hash(next);
      await asTenant(app, user.id, async (tx) => {
        await changePassword(tx, passwordHash, sessionId, now, client.address);
        const letter = { to: user.email, locale: user.locale ?? locale, userId: user.id };
        await post.send(tx, { ...letter, kind: 'passwordChanged' }, now);
      });
    },

    async deleteAccount(user, password, visitor, now) {
      const { client, locale } = visitor;
      await askPassword(user, password, visitor, now);
      await asTenant(app, user.id, async (tx) => {
        await deleteAccount(tx, now, client.address);
        // Of nobody's account: it is to arrive although there is none any more.
        await post.send(tx, { kind: 'deleted', to: user.email, locale: user.locale ?? locale, userId: null }, now);
      });
    },
  };
}
