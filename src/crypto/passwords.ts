import { hash, parseOptions, verify } from '@node-rs/argon2';
import { compare } from 'bcryptjs';

/** Hashes and checks passwords. A port, so that a test can see that every path pays for a hash. */
export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /** `stored` null: there is no such account. Takes as long as a wrong password would, and is false. */
  verify(stored: string | null, password: string): Promise<boolean>;
  /** Whether a stored hash is to be made anew, now that the password is at hand: another function, or another cost. */
  isOutdated(stored: string): boolean;
}

/** OWASP's second choice for argon2id: 19 MiB, two passes; about 20 ms on a small server. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** A hash of chance with the same cost, made once and written down: made on demand, the first stranger would wait twice as long. */
export const DUMMY_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$W7g/wMcosWHN9GvGc3A0XA$S8qZv8bFOt2prVbRlKCadVFmMwdWpZRLxesHU/xiH7w';

const BCRYPT = /^\$2[aby]\$/;

/** Argon2id, the library's default variant. Reads bcrypt too: accounts that came from the predecessor may have it. */
export const argon2id: PasswordHasher = {
  hash: (password) => hash(password, COST),
  async verify(stored, password) {
    if (stored !== null && BCRYPT.test(stored)) return compare(password, stored);
    const matches = await verify(stored ?? DUMMY_HASH, password);
    return stored !== null && matches;
  },
  isOutdated(stored) {
    if (!stored.startsWith('$argon2id$')) return true;
    // A higher cost too: by the time of its check an account would tell that it exists.
    const { memoryCost, timeCost, parallelism } = parseOptions(stored);
    return memoryCost !== COST.memoryCost || timeCost !== COST.timeCost || parallelism !== COST.parallelism;
  },
};
