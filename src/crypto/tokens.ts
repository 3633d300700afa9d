import { hash, randomBytes } from 'node:crypto';

/** A one-time token of 256 bits of chance, fit for a URL. Shown once; only its hash is kept. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** What is stored of a token or key with enough chance in it that nothing slower is needed. */
export function sha256(text: string): Buffer {
  // In one go: a hash object costs several times what the hash does.
  return hash('sha256', text, 'buffer');
}
