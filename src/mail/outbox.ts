import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import type { MailSender } from '../config-types.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { MailTransport } from './message.ts';
import { mimeParts } from './mime.ts';

const KEPT_MS = 7 * 24 * 3600_000;

/**
 * For a server without SMTP: every mail becomes a file `<time>-<id>.eml` that any mail program opens, and a line in the log, because
 * its links must reach somebody. Only whoever runs the server sees either.
 */
export function outboxTransport(folder: string, from: MailSender, log: Pick<Logger, 'info'>): MailTransport {
  const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
  return {
    async deliver(message, id, now) {
      const { message: raw } = await composer.sendMail(mimeParts(message, from, now));
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const name = `${now.toISOString().replace(/[:.]/g, '-')}-${id}.eml`;
      await writeFile(join(folder, name), raw as Buffer, { mode: 0o600 });
      log.info(
        { to: message.to, subject: message.subject, text: message.text },
        `a mail, also in ${join(folder, name)}`,
      );
    },

    async tidy(now) {
      for (const name of await namesIn(folder)) {
        if (!name.endsWith('.eml')) continue;
        const { mtimeMs } = await stat(join(folder, name));
        if (mtimeMs < now.getTime() - KEPT_MS) await rm(join(folder, name), { force: true });
      }
    },
  };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
