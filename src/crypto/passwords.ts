import { hash, verify } from '@node-rs/argon2';

/** Hashes and checks passwords. A port, so that a test can see that every path pays for a hash. */
export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /** `stored` null: there is no such account. Takes as long as a wrong password would, and is false. */
  verify(stored: string | null, password: string): Promise<boolean>;
}

/** OWASP's second choice for argon2id: 19 MiB, two passes; about 20 ms on a small server. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** A hash of chance with the same cost, made once and written down: made on demand, the first stranger would wait twice as long. */
export const DUMMY_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$W7g/wMcosWHN9GvGc3A0XA$S8qZv8bFOt2prVbRlKCadVFmMwdWpZRLxesHU/xiH7w';

/** Argon2id, the library's default variant. */
export const argon2id: PasswordHasher = {
  hash: (password) => hash(password, COST),
  async verify(stored, password) {
    const matches = await verify(stored ?? DUMMY_HASH, password);
    return stored !== null && matches;
  },
};
