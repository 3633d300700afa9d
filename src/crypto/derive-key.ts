import { hkdfSync } from 'node:crypto';

/** What keys are made for. Two purposes never share a key, so that a signature made for one is worthless for the other. */
export type KeyPurpose = 'session tokens' | 'form tokens';

/** A 256-bit key made from AUTH_SECRET for one purpose (HKDF-SHA-256, RFC 5869). */
export function deriveKey(authSecret: string, purpose: KeyPurpose): Buffer {
  return Buffer.from(hkdfSync('sha256', authSecret, 'deye-hard', purpose, 32));
}
