import { createTransport } from 'nodemailer';
import type { MailSender, SmtpSettings } from '../config-types.ts';
import { type MailMessage, MailRefused, type MailTransport } from './message.ts';
import { mimeParts } from './mime.ts';

const TIMEOUT_MS = 20_000;

/** Sends by a mail server. One connection a mail: they are few. */
export function smtpTransport(settings: SmtpSettings, from: MailSender): MailTransport {
  const transport = connect(settings);
  return {
    async deliver(message, _, now) {
      try {
        await transport.sendMail(mimeParts(message, from, now));
      } catch (error) {
        throw refusal(error, message);
      }
    },
    async tidy() {
      // Nothing is kept here.
    },
  };
}

/** What stands in the way of sending by this server: asked as far as signing in; null when nothing does. */
export async function smtpProblem(settings: SmtpSettings): Promise<string | null> {
  try {
    await connect(settings).verify();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function connect({ server, port, tls, credentials, validateCerts }: SmtpSettings) {
  return createTransport({
    host: server,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'required',
    ignoreTLS: tls === 'never',
    tls: { rejectUnauthorized: validateCerts },
    ...(credentials === null ? {} : { auth: { user: credentials.username, pass: credentials.password } }),
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
  });
}

/** What the server said, without the recipient's address: it ends up in the log. */
function refusal(error: unknown, { to }: MailMessage): MailRefused {
  const {
    code = '',
    responseCode = 0,
    command = '',
    message,
  } = error as Error & {
    code?: string;
    responseCode?: number;
    command?: string;
  };
  const said = message.replaceAll(to, '…').replace(/\S+@\S+/g, '…');
  // A 5yz answer to anything else (the sign-in, the sender) is a fault of the set-up: it can be mended, and the mail is still wanted.
  const isFinal = responseCode >= 500 && (command === 'RCPT TO' || command === 'DATA');
  return new MailRefused(`${code} ${said}`.trim().slice(0, 300), { isFinal });
}
