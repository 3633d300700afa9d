import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Fernet (https://github.com/fernet/spec): AES-128-CBC under HMAC-SHA-256, version 0x80. Written here because the packages to be had
 * fail the specification's own vectors.
 */

const VERSION = 0x80;
const IV_AT = 9;
const CIPHERTEXT_AT = 25;
const BLOCK = 16;
const HMAC_BYTES = 32;
const SMALLEST_TOKEN = CIPHERTEXT_AT + BLOCK + HMAC_BYTES;
/** How far the clock of whoever made the token may be ahead of ours. */
const MAX_CLOCK_SKEW_S = 60;

/** The token was not made with one of our keys, was altered, or is too old. Which of these, is not told. */
export class FernetError extends Error {
  override readonly name = 'FernetError';
}

interface Key {
  signing: Buffer;
  encryption: Buffer;
}

export class Fernet {
  readonly #keys: readonly Key[];

  /** @param keys base64url, 32 bytes each. The first encrypts, all decrypt. @throws FernetError when one is malformed or none is given */
  constructor(keys: readonly string[]) {
    if (keys.length === 0) throw new FernetError('Encryption needs at least one key.');
    this.#keys = keys.map(parseKey);
  }

  /** @param iv only for the specification's vectors; chance otherwise */
  encrypt(message: string | Buffer, now: Date, iv: Buffer = randomBytes(BLOCK)): string {
    const { signing, encryption } = this.#keys[0] as Key;
    const head = Buffer.alloc(IV_AT);
    head[0] = VERSION;
    head.writeBigUInt64BE(BigInt(Math.floor(now.getTime() / 1000)), 1);
    const cipher = createCipheriv('aes-128-cbc', encryption, iv);
    const signed = Buffer.concat([head, iv, cipher.update(message), cipher.final()]);
    const token = Buffer.concat([signed, hmac(signing, signed)]).toString('base64url');
    return token.padEnd(Math.ceil(token.length / 4) * 4, '=');
  }

  /**
   * The message of a token made with any of the keys.
   * @param ttlS oldest age accepted, seconds; without it neither age nor clock skew is looked at
   * @throws FernetError
   */
  decrypt(token: string, now: Date, ttlS?: number): Buffer {
    const bytes = decodeToken(token);
    if (ttlS !== undefined) {
      const ageS = Math.floor(now.getTime() / 1000) - Number(bytes.readBigUInt64BE(1));
      if (ageS > ttlS || ageS < -MAX_CLOCK_SKEW_S) throw refused();
    }
    const signed = bytes.subarray(0, -HMAC_BYTES);
    const key = this.#keys.find((k) => timingSafeEqual(hmac(k.signing, signed), bytes.subarray(-HMAC_BYTES)));
    if (key === undefined) throw refused();
    const decipher = createDecipheriv('aes-128-cbc', key.encryption, signed.subarray(IV_AT, CIPHERTEXT_AT));
    try {
      return Buffer.concat([decipher.update(signed.subarray(CIPHERTEXT_AT)), decipher.final()]);
    } catch (cause) {
      throw refused(cause);
    }
  }
}

function parseKey(text: string): Key {
  const bytes = fromBase64Url(text);
  if (bytes?.length !== 32) throw new FernetError('An encryption key must be 32 bytes in base64url.');
  return { signing: bytes.subarray(0, 16), encryption: bytes.subarray(16) };
}

function decodeToken(token: string): Buffer {
  const bytes = fromBase64Url(token);
  if (bytes === null || bytes[0] !== VERSION || bytes.length < SMALLEST_TOKEN) throw refused();
  return bytes;
}

/** Node skips what is not base64url instead of refusing it, so the result is held against what was given. */
function fromBase64Url(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text.replace(/={0,2}$/, '') ? bytes : null;
}

function hmac(key: Buffer, bytes: Buffer): Buffer {
  return createHmac('sha256', key).update(bytes).digest();
}

function refused(cause?: unknown): FernetError {
  return new FernetError('The token is not valid.', cause === undefined ? undefined : { cause });
}
