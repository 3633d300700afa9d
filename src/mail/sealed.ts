import type { Fernet } from '../crypto/fernet.ts';
import type { MailMessage } from './message.ts';

/** A mail as it waits in the database: encrypted, because its links open accounts. */
export function sealMail(fernet: Fernet, message: MailMessage, now: Date): string {
  return fernet.encrypt(JSON.stringify(message), now);
}

/** @throws FernetError when it was sealed with a key that is no longer there */
export function unsealMail(fernet: Fernet, sealed: string, now: Date): MailMessage {
  return JSON.parse(fernet.decrypt(sealed, now).toString('utf8')) as MailMessage;
}
