import { isIP } from 'node:net';
import type { MailSettings, SmtpSettings } from './config-types.ts';
import type { Values } from './config-variables.ts';
import { ConfigError } from './domain/errors.ts';

type MailValues = Pick<Values, Extract<keyof Values, `FASTMAIL__${string}`>>;

const ADDRESS = /^[^\s@<>]+@[^\s@<>]+$/;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/;

/**
 * The mail settings as a whole, under the predecessor's names.
 * @throws ConfigError naming the variable that does not go with the others
 */
export function mailSettings(v: MailValues, baseUrl: URL): MailSettings {
  const name = v.FASTMAIL__MAIL_FROM_NAME;
  const given = v.FASTMAIL__MAIL_FROM ?? addressOrNull(v.FASTMAIL__MAIL_USERNAME);
  if (given !== null && !ADDRESS.test(given)) {
    throw new ConfigError('FASTMAIL__MAIL_FROM must be an address such as solar@example.org.');
  }
  const smtp = smtpSettings(v);
  if (smtp !== null && given === null) {
    throw new ConfigError('FASTMAIL__MAIL_FROM must be set with FASTMAIL__MAIL_SERVER.');
  }
  const host = baseUrl.hostname.replace(/^\[|\]$/g, '');
  const domain = isIP(host) === 0 ? host : 'localhost';
  return { smtp: v.FASTMAIL__SUPPRESS_SEND ? null : smtp, from: { name, address: given ?? `noreply@${domain}` } };
}

function smtpSettings(v: MailValues): SmtpSettings | null {
  const server = v.FASTMAIL__MAIL_SERVER;
  if (server === null) return null;
  const isImplicit = v.FASTMAIL__MAIL_SSL_TLS;
  if (isImplicit && v.FASTMAIL__MAIL_STARTTLS === true) {
    throw new ConfigError('FASTMAIL__MAIL_STARTTLS and FASTMAIL__MAIL_SSL_TLS cannot both be True.');
  }
  const credentials = credentialsOf(v);
  // Without being told: a password never crosses a network in the clear, also when somebody on the way takes the offer of TLS out.
  const byItself = credentials !== null && !LOOPBACK.test(server) ? 'required' : 'offered';
  const told = v.FASTMAIL__MAIL_STARTTLS === true ? 'required' : 'never';
  return {
    server,
    port: v.FASTMAIL__MAIL_PORT ?? (isImplicit ? 465 : 587),
    tls: isImplicit ? 'implicit' : v.FASTMAIL__MAIL_STARTTLS === null ? byItself : told,
    credentials,
    validateCerts: v.FASTMAIL__VALIDATE_CERTS,
  };
}

function credentialsOf(v: MailValues): SmtpSettings['credentials'] {
  const username = v.FASTMAIL__MAIL_USERNAME;
  if (!(v.FASTMAIL__USE_CREDENTIALS ?? username !== null)) return null;
  if (username === null) {
    throw new ConfigError('FASTMAIL__MAIL_USERNAME must be set with FASTMAIL__USE_CREDENTIALS.');
  }
  return { username, password: v.FASTMAIL__MAIL_PASSWORD ?? '' };
}

function addressOrNull(text: string | null): string | null {
  return text !== null && ADDRESS.test(text) ? text : null;
}
