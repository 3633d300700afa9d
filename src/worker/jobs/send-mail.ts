import { Fernet, FernetError } from '../../crypto/fernet.ts';
import { MailRefused, type MailTransport } from '../../mail/message.ts';
import { unsealMail } from '../../mail/sealed.ts';
import { type DueMail, type MailOutcome, withDueMail } from '../../store/mail.ts';
import type { Job, JobContext } from '../job.ts';

/** Mails a turn; the rest follows in the next. */
const A_TURN = 200;
const FIRST_PAUSE_S = 30;
const LONGEST_PAUSE_S = 3600;
/** After two days a link in it is over, and whoever waited has asked again. */
const GIVE_UP_AFTER_S = 2 * 24 * 3600;

/** Empties the outbox. A mail that is not taken is tried again, each time later; one that can never be taken is given up at once. */
export function sendMail(transport: MailTransport): Job {
  return {
    name: 'send-mail',
    everyS: 5,
    async run(context) {
      await transport.tidy(context.now);
      await context.database.owner(async (client) => {
        for (let n = 0; n < A_TURN; n++) {
          let isServerAway = false;
          const outcome = await withDueMail(client, context.now, async (mail) => {
            const result = await attempt(transport, mail, context);
            isServerAway = !result.sent && result.again !== null;
            return result;
          });
          // One that has to be tried again says something about the server, and the others would only wait for it one by one.
          if (outcome === null || isServerAway) return;
        }
      });
    },
  };
}

async function attempt(
  transport: MailTransport,
  mail: DueMail,
  { database, log, now }: JobContext,
): Promise<MailOutcome> {
  const about = { mail: mail.id, kind: mail.kind, userId: mail.userId };
  try {
    const message = unsealMail(new Fernet(database.secrets.encryptionKeys), mail.sealed, now);
    await transport.deliver(message, mail.id, now);
    log.info(about, 'mail sent');
    return { sent: true };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const isFinal = error instanceof FernetError || (error instanceof MailRefused && error.isFinal);
    const pauseS = Math.min(FIRST_PAUSE_S * 2 ** mail.attempts, LONGEST_PAUSE_S);
    const isTooOld = now.getTime() - mail.createdAt.getTime() > GIVE_UP_AFTER_S * 1000;
    const again = isFinal || isTooOld ? null : new Date(now.getTime() + pauseS * 1000);
    log.warn(
      { ...about, reason, attempts: mail.attempts + 1, again },
      again === null ? 'mail given up' : 'mail not sent',
    );
    return { sent: false, error: reason, again };
  }
}
