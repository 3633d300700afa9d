import { availableParallelism } from 'node:os';
import type { Config } from '../../config.ts';
import { boundedHasher } from '../../crypto/bounded-hasher.ts';
import { argon2id, type PasswordHasher } from '../../crypto/passwords.ts';
import type { Pools } from '../../db/pools.ts';
import { createAdminService } from '../admin/admin.ts';
import type { Services } from '../services.ts';
import { type Accounts, createAccounts } from './accounts.ts';
import { createLimits } from './limits.ts';
import { createPost } from './post.ts';
import { createAskPassword, createProfile } from './profile.ts';
import { createRegistration } from './registration.ts';
import { createSecondFactor } from './second-factor.ts';
import { createSessions } from './session-list.ts';

export interface AccountServicesOptions {
  pools: Pick<Pools, 'app' | 'admin'>;
  secrets: { authSecret: string; encryptionKeys: readonly string[] };
  config: Pick<Config, 'publicUrl' | 'signup' | 'timeZone' | 'signInLimit' | 'resetLimit' | 'demandSecondFactor'>;
  onError: (error: unknown) => void;
  passwords?: PasswordHasher;
  /** How long answers that must not tell anything take at least; for tests. */
  evenMs?: number;
}

export type AccountServices = Pick<Services, 'admin' | 'registration' | 'profile' | 'sessions' | 'twoFactor'> & {
  accounts: Accounts;
};

/** Everything about accounts, with one bound for all their hashing. */
export function assembleAccounts(options: AccountServicesOptions): AccountServices {
  const { pools, secrets, config, onError, evenMs } = options;
  const { timeZone, publicUrl } = config;
  // One core stays free for everybody who is not signing in.
  const atOnce = Math.max(1, Math.min(4, availableParallelism() - 1));
  const passwords = options.passwords ?? boundedHasher(argon2id, { atOnce, waiting: 200 });
  const post = createPost({ encryptionKeys: secrets.encryptionKeys, publicUrl });
  const limits = createLimits({ app: pools.app, signIn: config.signInLimit, reset: config.resetLimit });
  const askPassword = createAskPassword({ pools, passwords, limits });
  const { encryptionKeys, authSecret } = secrets;
  const secondFactor = createSecondFactor({
    app: pools.app,
    encryptionKeys,
    post,
    askPassword,
    isDemandedOfAdmins: config.demandSecondFactor,
  });
  return {
    accounts: createAccounts({ pools, authSecret, timeZone, passwords, guard: { limits, secondFactor }, onError }),
    admin: createAdminService({ admin: pools.admin, post, limits, twoFactor: secondFactor }),
    twoFactor: secondFactor,
    registration: createRegistration({
      pools,
      post,
      passwords,
      limits,
      timeZone,
      isOpen: config.signup === 'open',
      ...(evenMs === undefined ? {} : { evenMs }),
    }),
    profile: createProfile({ pools, post, passwords, limits, askPassword }),
    sessions: createSessions({ pools }),
  };
}
