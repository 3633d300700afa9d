import { Fernet } from '../../crypto/fernet.ts';
import type { Tx } from '../../db/as-tenant.ts';
import type { UserId } from '../../domain/inverter.ts';
import { chooseLanguage } from '../../i18n/locale.ts';
import { composeMail, type MailKind } from '../../mail/compose.tsx';
import { sealMail } from '../../mail/sealed.ts';
import { queueMail } from '../../store/mail.ts';
import type { Locale } from '../services.ts';

export interface Letter {
  kind: MailKind;
  to: string;
  locale: Locale;
  /** Whose account it is about; null: it must outlive the account, or belongs to none. */
  userId: UserId | null;
  /** A path of this server with its query. */
  path?: string;
  /** How long the link works. */
  hours?: number;
}

/** Puts mails into the outbox, each in the transaction of what it tells of. */
export interface Post {
  send(tx: Tx, letter: Letter, now: Date): Promise<void>;
}

export function createPost(options: { encryptionKeys: readonly string[]; publicUrl: URL }): Post {
  const fernet = new Fernet(options.encryptionKeys);
  // As a folder, so that a path is put behind one in BASE_URL instead of in its place.
  const base = new URL(options.publicUrl.href.replace(/\/?$/, '/'));
  return {
    async send(tx, { kind, to, locale, userId, path, hours }, now) {
      const url = path === undefined ? undefined : new URL(path.replace(/^\//, ''), base).href;
      const message = composeMail(kind, {
        to,
        language: chooseLanguage(locale, undefined),
        server: base.host,
        ...(url === undefined ? {} : { link: { url, ...(hours === undefined ? {} : { hours }) } }),
      });
      await queueMail(tx, { userId, kind, sealed: sealMail(fernet, message, now) }, now);
    },
  };
}
