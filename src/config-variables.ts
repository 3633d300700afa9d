import type { Limit, LogLevel, Role, VariableReport } from './config-types.ts';
import { isNetwork } from './domain/address.ts';
import { ConfigError } from './domain/errors.ts';

/** The text of a variable and where it was found; null when it is set nowhere. */
export type ConfigReader = (name: string) => { text: string; origin: 'environment' | 'file' } | null;

interface Definition<T> {
  meaning: string;
  fallback: T;
  parse: (text: string, name: string) => T;
  /** Shown instead of the fallback where that depends on something else. */
  fallbackText?: string;
  secret?: boolean;
  /** Understood and checked already, but nothing acts on it yet: said so, rather than left to be found out. */
  planned?: boolean;
}

const define = <T>(d: Definition<T>): Definition<T> => d;

/** Every variable this system knows, in the order `deye-hard config` and `.env.example` show them. */
const VARIABLES = {
  DATABASE_URL: define<string | null>({
    meaning: 'PostgreSQL to use; a login that may create roles. Unset: an embedded PostgreSQL under DATA_DIR',
    fallback: null,
    parse: databaseUrl,
    secret: true,
  }),
  DATA_DIR: define({
    meaning: 'embedded database, generated secrets, outbox, backups',
    fallback: './data',
    parse: text,
  }),
  HTTP_HOST: define({ meaning: 'address of web and API', fallback: '0.0.0.0', parse: text }),
  HTTP_PORT: define({ meaning: 'port of web and API', fallback: 8000, parse: port }),
  COLLECTOR_HOST: define({ meaning: 'address for Solarman loggers', fallback: '0.0.0.0', parse: text }),
  COLLECTOR_PORT: define({ meaning: 'port for Solarman loggers', fallback: 10000, parse: port }),
  PORT: define<number | null>({
    meaning: "read as the collector's port when only that role runs",
    fallback: null,
    parse: port,
  }),
  COLLECTOR_PUBLIC_HOST: define<string | null>({
    meaning: 'what the set-up guide tells people to type into the logger',
    fallback: null,
    fallbackText: 'host of BASE_URL, or the first address in the local network',
    parse: text,
  }),
  METRICS_PORT: define<number | null>({
    meaning: 'Prometheus metrics and a health check for every role; unset: off',
    fallback: null,
    parse: port,
  }),
  METRICS_HOST: define({ meaning: 'address of the metrics', fallback: '127.0.0.1', parse: text }),
  ROLES: define<ReadonlySet<Role>>({
    meaning: 'what this process does',
    fallback: new Set<Role>(['web', 'collector', 'worker']),
    fallbackText: 'web,collector,worker',
    parse: roleSet,
  }),
  AUTH_SECRET: define<string | null>({
    meaning:
      'signs sessions, at least 32 bytes; generated into DATA_DIR with the embedded database, otherwise required',
    fallback: null,
    parse: authSecret,
    secret: true,
  }),
  ENCRYPTION_KEY: define<readonly string[] | null>({
    meaning: 'Fernet keys, comma-separated, the first encrypts; generated like AUTH_SECRET',
    fallback: null,
    parse: fernetKeys,
    secret: true,
  }),
  BASE_URL: define<URL | null>({
    meaning: 'how people reach the pages; used in links',
    fallback: null,
    fallbackText:
      'http://localhost:8000, or the HTTP_PORT that is set; in links the first address in the local network',
    parse: httpUrl,
  }),
  COOKIE_SECURE: define<boolean | null>({
    meaning: 'cookies only over https',
    fallback: null,
    fallbackText: 'True for an https BASE_URL, else False',
    parse: bool,
  }),
  TRUST_PROXY: define<string | null>({
    meaning: 'proxies whose forwarded address is believed (addresses or networks, comma-separated)',
    fallback: null,
    parse: text,
  }),
  TZ: define({ meaning: 'time zone of new sites', fallback: 'Europe/Berlin', parse: timeZone }),
  STORE_DC_CHANNEL_DATA: define({
    meaning: "False keeps each input's counters and energy, not its W/V/A",
    fallback: true,
    parse: bool,
  }),
  AUTO_REFRESH_RATE: define({
    meaning: 'seconds between reloads where live push is not available',
    fallback: 120,
    parse: whole(5, 86_400),
  }),
  RETENTION_DAYS: define({
    meaning: 'days raw samples are kept; energy is kept for ever',
    fallback: 730,
    parse: whole(8, 36_500),
  }),
  COMPRESS_AFTER_DAYS: define({
    meaning: 'days after which raw samples are compressed',
    fallback: 7,
    parse: whole(1, 3_650),
  }),
  SIGNUP: define<'open' | 'closed'>({
    meaning: 'whether strangers may create accounts: open or closed',
    fallback: 'open',
    parse: oneOf('open', 'closed'),
  }),
  ROLE_PREFIX: define<string | null>({
    meaning: 'prefix of the database roles',
    fallback: null,
    fallbackText: "the database's name",
    parse: rolePrefix,
  }),
  SPACE_PARTITIONS: define({ meaning: 'hash partitions by account on TimescaleDB', fallback: 4, parse: whole(1, 64) }),
  RAW_FRAME_DAYS: define({
    meaning: 'days frames of loggers are kept as they came, to decode them again after an upgrade; 0: none',
    fallback: 0,
    parse: whole(0, 3_650),
  }),
  COLLECTOR_MAX_CONNECTIONS: define({ meaning: 'loggers at once', fallback: 18_000, parse: whole(1, 1_000_000) }),
  COLLECTOR_MAX_PER_ADDRESS: define({
    meaning: 'loggers at once from one address',
    fallback: 200,
    parse: whole(1, 1_000_000),
  }),
  SIGN_IN_LIMIT: define<Limit>({
    meaning: 'failed sign-ins per address and account: a number per second, minute, hour or day',
    fallback: { count: 5, windowS: 60 },
    fallbackText: '5/minute',
    parse: limit,
  }),
  RESET_LIMIT: define<Limit>({
    meaning: 'mails that a stranger may ask for, per address and account',
    fallback: { count: 3, windowS: 3600 },
    fallbackText: '3/hour',
    parse: limit,
  }),
  ADMIN_ALLOW: define<string | null>({
    meaning: 'networks that may reach /admin: addresses or networks (10.0.0.0/8), comma-separated; others get a 404',
    fallback: null,
    fallbackText: 'any',
    parse: networks,
  }),
  COLLECTOR_PROXY_PROTOCOL: define({
    meaning: 'PROXY v2 behind a TCP proxy',
    fallback: false,
    parse: bool,
  }),
  INGEST_HTTP_PORT: define<number | null>({
    meaning: 'a plain-HTTP listener for the push routes only, beside a TLS proxy; unset: off',
    fallback: null,
    parse: port,
  }),
  FASTMAIL__MAIL_SERVER: define<string | null>({
    meaning: 'SMTP server; unset: mails are written to the log and to DATA_DIR/outbox',
    fallback: null,
    parse: text,
  }),
  FASTMAIL__MAIL_PORT: define<number | null>({
    meaning: 'SMTP port',
    fallback: null,
    fallbackText: '587, or 465 with MAIL_SSL_TLS',
    parse: port,
  }),
  FASTMAIL__MAIL_USERNAME: define<string | null>({ meaning: 'SMTP user', fallback: null, parse: text }),
  FASTMAIL__MAIL_PASSWORD: define<string | null>({
    meaning: 'SMTP password',
    fallback: null,
    parse: text,
    secret: true,
  }),
  FASTMAIL__MAIL_FROM: define<string | null>({
    meaning: 'sender address',
    fallback: null,
    fallbackText: 'MAIL_USERNAME where that is an address',
    parse: text,
  }),
  FASTMAIL__MAIL_FROM_NAME: define({ meaning: 'sender name', fallback: 'Deye Hard', parse: text }),
  FASTMAIL__MAIL_STARTTLS: define<boolean | null>({
    meaning: 'True: encrypted by STARTTLS or not sent; False: not encrypted',
    fallback: null,
    fallbackText: 'True with a password, else where the server offers it',
    parse: bool,
  }),
  FASTMAIL__MAIL_SSL_TLS: define({ meaning: 'TLS from the first byte', fallback: false, parse: bool }),
  FASTMAIL__USE_CREDENTIALS: define<boolean | null>({
    meaning: 'sign in to the SMTP server',
    fallback: null,
    fallbackText: 'True with a MAIL_USERNAME',
    parse: bool,
  }),
  FASTMAIL__VALIDATE_CERTS: define({ meaning: 'check its certificate', fallback: true, parse: bool }),
  FASTMAIL__SUPPRESS_SEND: define({
    meaning: 'send none: mails are written to the log and to DATA_DIR/outbox',
    fallback: false,
    parse: bool,
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: define<URL | null>({
    meaning: 'an OpenTelemetry collector that takes traces, e.g. http://localhost:4318; unset: off',
    fallback: null,
    parse: httpUrl,
  }),
  LOG_LEVEL: define<LogLevel | null>({
    meaning: 'trace, debug, info, warn, error or fatal',
    fallback: null,
    fallbackText: 'info',
    parse: logLevel,
  }),
  RUST_LOG: define<LogLevel | null>({ meaning: 'sets an unset LOG_LEVEL', fallback: null, parse: rustLog }),
  DEBUG: define({ meaning: 'also log SQL: texts and times, never values', fallback: false, parse: bool }),
};

export type Values = {
  [Name in keyof typeof VARIABLES]: (typeof VARIABLES)[Name] extends Definition<infer T> ? T : never;
};

/** @throws ConfigError naming the first malformed variable */
export function defineVariables(read: ConfigReader): { values: Values; reports: VariableReport[] } {
  const values: Record<string, unknown> = {};
  const reports: VariableReport[] = [];
  for (const [name, definition] of Object.entries(VARIABLES) as [string, Definition<unknown>][]) {
    const found = read(name);
    values[name] = found === null ? definition.fallback : definition.parse(found.text.trim(), name);
    const fallback = definition.fallback === null ? null : String(definition.fallback);
    reports.push({
      name,
      meaning: definition.planned === true ? `${definition.meaning} (no effect yet)` : definition.meaning,
      value: found === null ? (definition.fallbackText ?? fallback) : definition.secret ? '********' : found.text,
      origin: found?.origin ?? 'default',
      literal: definition.fallbackText === undefined,
    });
  }
  return { values: values as Values, reports };
}

function refuse(name: string, why: string): never {
  throw new ConfigError(`${name} ${why}`);
}

function text(value: string): string {
  return value;
}

function port(value: string, name: string): number {
  return whole(0, 65_535)(value, name);
}

function whole(min: number, max: number): (value: string, name: string) => number {
  return (value, name) => {
    const n = Number(value);
    if (!/^\d+$/.test(value) || n < min || n > max) refuse(name, `must be a whole number from ${min} to ${max}.`);
    return n;
  };
}

function bool(value: string, name: string): boolean {
  const lower = value.toLowerCase();
  if (lower === 'true' || lower === '1') return true;
  if (lower === 'false' || lower === '0') return false;
  return refuse(name, 'must be true or false.');
}

function oneOf<T extends string>(...choices: T[]): (value: string, name: string) => T {
  return (value, name) => {
    const found = choices.find((choice) => choice === value.toLowerCase());
    return found ?? refuse(name, `must be one of ${choices.join(', ')}.`);
  };
}

function networks(value: string, name: string): string {
  const wrong = value.split(',').find((entry) => !isNetwork(entry));
  if (wrong !== undefined)
    refuse(name, `holds "${wrong.trim()}", which is no address and no network (192.168.178.0/24).`);
  return value;
}

const UNIT_S: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3600, day: 86_400 };

/** `5/minute`, `5 per minute`. */
function limit(value: string, name: string): Limit {
  const [, count, unit] = /^([1-9]\d{0,5})\s*(?:\/|per)\s*(second|minute|hour|day)$/i.exec(value) ?? [];
  if (count === undefined || unit === undefined) return refuse(name, 'must be of the form 5/minute.');
  return { count: Number(count), windowS: UNIT_S[unit.toLowerCase()] as number };
}

function roleSet(value: string, name: string): ReadonlySet<Role> {
  const known = oneOf<Role>('web', 'collector', 'worker');
  const roles = value.split(',').map((part) => known(part.trim(), name));
  return new Set(roles);
}

function logLevel(value: string, name: string): LogLevel {
  const lower = value.toLowerCase();
  if (lower === 'warning') return 'warn';
  return oneOf<LogLevel>('trace', 'debug', 'info', 'warn', 'error', 'fatal')(lower, name);
}

/** RUST_LOG may hold per-module directives; only its plain level is of use here. */
function rustLog(value: string): LogLevel | null {
  const level = value.split(',').find((part) => !part.includes('='));
  return (['trace', 'debug', 'info', 'warn', 'error'] as const).find((l) => l === level?.trim().toLowerCase()) ?? null;
}

function httpUrl(value: string, name: string): URL {
  if (!URL.canParse(value)) return refuse(name, 'must be a URL such as https://solar.example.org.');
  const url = new URL(value);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') refuse(name, 'must begin with http:// or https://.');
  return url;
}

function databaseUrl(value: string, name: string): string {
  // The predecessor's form names its Python driver; the rest of the URL is the same.
  const plain = value.replace(/^postgres(ql)?\+\w+:\/\//, 'postgresql://');
  if (!/^postgres(ql)?:\/\//.test(plain) || !URL.canParse(plain)) {
    refuse(name, 'must be of the form postgresql://user:password@host:5432/database.');
  }
  if (new URL(plain).pathname.length < 2) refuse(name, 'must name a database.');
  return plain;
}

function timeZone(value: string, name: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone;
  } catch (cause) {
    throw new ConfigError(`${name} must be an IANA time zone such as Europe/Berlin.`, { cause });
  }
}

function rolePrefix(value: string, name: string): string {
  if (!/^[a-z_][a-z0-9_]{0,40}$/.test(value))
    refuse(name, 'may hold small letters, digits and underscores, 41 at most.');
  return value;
}

/** Secrets printed in the predecessor's and our own documentation: whoever copied one has none. */
const KNOWN_EXAMPLES = [
  'your-secret-key-min-32-characters-long',
  'generate-strong-random-secret-min-32-characters',
  '6DLfBB4KnMuChUJZsMHWz2kJTtNRNTTtoTCCbH7CYyw=',
  'generate-fernet-key-base64-encoded',
];

function authSecret(value: string, name: string): string {
  if (KNOWN_EXAMPLES.includes(value))
    refuse(name, 'is a published example; make one of your own: openssl rand -base64 48');
  if (Buffer.byteLength(value) < 32) refuse(name, 'must have at least 32 bytes: openssl rand -base64 48');
  return value;
}

function fernetKeys(value: string, name: string): readonly string[] {
  const keys = value.split(',').map((key) => key.trim());
  for (const key of keys) {
    if (KNOWN_EXAMPLES.includes(key))
      refuse(name, 'is a published example; make one of your own: openssl rand -base64 32');
    if (!/^[A-Za-z0-9+/_-]{43}=$/.test(key))
      refuse(name, 'must be Fernet keys: 32 bytes in base64 (openssl rand -base64 32).');
  }
  return keys;
}
