import { createHmac } from 'node:crypto';

/** By which a key is recognised without being told: 64 bits of an HMAC under the key itself, which is 256 bits of chance. */
export function keyFingerprint(encryptionKey: string): string {
  return createHmac('sha256', Buffer.from(encryptionKey, 'base64url'))
    .update('deye-hard backup')
    .digest('hex')
    .slice(0, 16);
}
