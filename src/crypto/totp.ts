import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Time-based one-time passwords (RFC 6238) on the counter-based ones of RFC 4226: six digits, 30 seconds, SHA-1, which is what every
 * authenticator app speaks and the only thing some of them do.
 */

const STEP_S = 30;
const DIGITS = 6;
/** Clocks of phones and people who type slowly: one step either way (RFC 6238 §5.2). */
const DRIFT_STEPS = 1;
const SEED_BYTES = 20;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** A seed of 160 bits, as RFC 4226 §4 recommends. */
export function newTotpSeed(): Buffer {
  return randomBytes(SEED_BYTES);
}

/** The number of the 30 seconds that a moment lies in. */
export function totpStep(now: Date): number {
  return Math.floor(now.getTime() / 1000 / STEP_S);
}

/** The code of one step. `hash` and `digits` only for the RFC's vectors. */
export function totpCode(
  seed: Buffer,
  step: number,
  digits = DIGITS,
  hash: 'sha1' | 'sha256' | 'sha512' = 'sha1',
): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac(hash, seed).update(counter).digest();
  const at = (mac[mac.length - 1] as number) & 0x0f;
  const number = mac.readUInt32BE(at) & 0x7fffffff;
  return String(number % 10 ** digits).padStart(digits, '0');
}

/** The step whose code this is, now or a step to either side; null when it is none of theirs. Blanks in it do not matter. */
export function matchingStep(seed: Buffer, typed: string, now: Date): number | null {
  const code = typed.replace(/\s/g, '');
  if (!/^\d{6}$/.test(code)) return null;
  const present = totpStep(now);
  let found: number | null = null;
  for (let step = present - DRIFT_STEPS; step <= present + DRIFT_STEPS; step++) {
    if (timingSafeEqual(Buffer.from(totpCode(seed, step)), Buffer.from(code))) found = step;
  }
  return found;
}

/** RFC 4648 §6 without padding, as authenticator apps want it. */
export function base32(bytes: Buffer): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      text += BASE32[(value >>> (bits - 5)) & 31];
      bits -= 5;
    }
  }
  return bits > 0 ? text + BASE32[(value << (5 - bits)) & 31] : text;
}

/** The address that authenticator apps open, on the same phone or from a QR code. */
export function otpauthUrl(seed: Buffer, account: string, issuer: string): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`;
  return `otpauth://totp/${label}?secret=${base32(seed)}&issuer=${encodeURIComponent(issuer)}`;
}
