import type { PasswordHasher } from '../../crypto/passwords.ts';
import { asTenant } from '../../db/as-tenant.ts';
import type { Pools } from '../../db/pools.ts';
import { InvalidInput, WrongPassword } from '../../domain/errors.ts';
import { changePassword, deleteAccount, issueToken } from '../../store/account-flows.ts';
import { findAccount } from '../../store/accounts.ts';
import { readProfile, updateProfile } from '../../store/profile.ts';
import type { SessionUser } from '../services.ts';
import type { ProfileService } from './account-services.ts';
import type { Post } from './post.ts';
import { TOKEN_HOURS, tokenFor, verifyPath } from './registration.ts';
import { checkedProfile, isEmail, MAX_PASSWORD_LENGTH, passwordProblem } from './rules.ts';

export interface ProfileOptions {
  pools: Pick<Pools, 'app'>;
  post: Post;
  passwords: PasswordHasher;
}

export function createProfile({ pools: { app }, post, passwords }: ProfileOptions): ProfileService {
  async function askPassword(user: SessionUser, password: string): Promise<void> {
    const found = await findAccount(app, user.email);
    const usable = password.length <= MAX_PASSWORD_LENGTH && found?.account.id === user.id;
    if (!(await passwords.verify(usable ? found.passwordHash : null, usable ? password : ''))) {
      throw new WrongPassword('The password is wrong.');
    }
  }

  return {
    read: (userId) => asTenant(app, userId, (tx) => readProfile(tx, userId)),

    async update(userId, profile) {
      const checked = checkedProfile(profile);
      await asTenant(app, userId, (tx) => updateProfile(tx, userId, checked));
    },

    async changeEmail(user, typed, password, { client, locale }, now) {
      const newEmail = typed.trim();
      if (!isEmail(newEmail)) throw new InvalidInput('That is no address.', { new_email: 'not an e-mail address' });
      await askPassword(user, password);
      if (newEmail.toLowerCase() === user.email.toLowerCase()) {
        throw new InvalidInput('That is your address already.', { new_email: 'unchanged' });
      }
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

    async changePassword(user, sessionId, { current, next }, { client, locale }, now) {
      const problem = passwordProblem(next, user.email, [user.firstName, user.lastName]);
      if (problem !== null) throw new InvalidInput('That password will not do.', { new_password1: problem });
      await askPassword(user, current);
      const passwordHash = await passwords.hash(next);
      await asTenant(app, user.id, async (tx) => {
        await changePassword(tx, passwordHash, sessionId, now, client.address);
        const letter = { to: user.email, locale: user.locale ?? locale, userId: user.id };
        await post.send(tx, { ...letter, kind: 'passwordChanged' }, now);
      });
    },

    async deleteAccount(user, password, { client, locale }, now) {
      await askPassword(user, password);
      await asTenant(app, user.id, async (tx) => {
        await deleteAccount(tx, now, client.address);
        // Of nobody's account: it is to arrive although there is none any more.
        await post.send(tx, { kind: 'deleted', to: user.email, locale: user.locale ?? locale, userId: null }, now);
      });
    },
  };
}
