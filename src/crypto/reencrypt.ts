import { Fernet, FernetError } from './fernet.ts';

/**
 * Encrypts with the first key what any of them encrypted.
 * @returns a function that answers null for what none of the keys can read
 */
export function reencryptor(keys: readonly string[], now: Date): (sealed: string) => string | null {
  const fernet = new Fernet(keys);
  return (sealed) => {
    try {
      return fernet.encrypt(fernet.decrypt(sealed, now), now);
    } catch (error) {
      if (!(error instanceof FernetError)) throw error;
      return null;
    }
  };
}
