import { randomBytes } from 'node:crypto';
import { sha256 } from './tokens.ts';
import { base32 } from './totp.ts';

const CODES = 10;

/** Ten codes of 80 bits, shown once, of which only hashes are kept. Each stands in for the device that makes the time-based ones. */
export function newRecoveryCodes(): { codes: string[]; hashes: Buffer[] } {
  const codes = Array.from({ length: CODES }, () => (base32(randomBytes(10)).match(/.{4}/g) ?? []).join('-'));
  return { codes, hashes: codes.map(recoveryCodeHash) };
}

/** However it is written: case, dashes and blanks do not matter. */
export function recoveryCodeHash(code: string): Buffer {
  return sha256(
    code
      .toUpperCase()
      .replace(/[^A-Z2-7]/g, '')
      .slice(0, 64),
  );
}
