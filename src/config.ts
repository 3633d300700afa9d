import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { mailSettings } from './config-mail.ts';
import type { Limit, LogLevel, MailSettings, Role, VariableReport } from './config-types.ts';
import { type ConfigReader, defineVariables } from './config-variables.ts';
import { ConfigError } from './domain/errors.ts';
import { publicHost } from './util/public-host.ts';

/**
 * Everything the process was told, read once and frozen. This is the only file that reads `process.env`.
 * Precedence: environment, then the file named by ENV_FILE (or `.env`), then the default.
 */
export interface Config {
  /** Null: the embedded PostgreSQL under `dataDir`. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  /** Who called sudo; the embedded PostgreSQL, which refuses root, then runs as that account. */
  readonly sudo: { readonly uid: number; readonly gid: number } | undefined;
  readonly http: { readonly host: string; readonly port: number };
  /** A plain-HTTP listener for what devices push to; null: none. */
  readonly ingestHttpPort: number | null;
  readonly collector: {
    readonly host: string;
    readonly port: number;
    /** What people type into the logger. */
    readonly publicHost: string;
    readonly maxConnections: number;
    readonly maxPerAddress: number;
    /** Connections come through a TCP proxy that tells the peer's address (PROXY protocol, version 2). */
    readonly proxyProtocol: boolean;
  };
  /** Prometheus metrics; null: off. */
  readonly metrics: { readonly host: string; readonly port: number } | null;
  readonly roles: ReadonlySet<Role>;
  /** Null until generated (embedded) or given. */
  readonly authSecret: string | null;
  readonly encryptionKeys: readonly string[] | null;
  readonly baseUrl: URL;
  /** For links and addresses that are used on other devices: BASE_URL, else this machine's address in the local network. */
  readonly publicUrl: URL;
  readonly cookieSecure: boolean;
  readonly trustProxy: string | null;
  /** IANA zone of new sites. */
  readonly timeZone: string;
  readonly storeDcChannelData: boolean;
  readonly autoRefreshRateS: number;
  readonly retentionDays: number;
  readonly compressAfterDays: number;
  readonly rolePrefix: string | null;
  readonly spacePartitions: number;
  readonly rawFrameDays: number;
  readonly signup: 'open' | 'closed';
  /** Failures, per network and account. */
  readonly signInLimit: Limit;
  /** Networks that may reach the administration, comma-separated; null: any. */
  readonly adminAllow: string | null;
  /** Mails a stranger may ask for, per network and account. */
  readonly resetLimit: Limit;
  readonly mail: MailSettings;
  /** Administrators are led to set up a second factor; not so in a demonstration. */
  readonly demandSecondFactor: boolean;
  /** An OpenTelemetry collector; null: no traces. */
  readonly tracesEndpoint: URL | null;
  readonly logLevel: LogLevel;
  readonly debug: boolean;
  /** One line each, for things that are set but do nothing here. */
  readonly hints: readonly string[];
  /** For `deye-hard config`: every variable with its value and origin. */
  readonly variables: readonly VariableReport[];
}

/**
 * Reads the configuration.
 * @throws ConfigError naming the variable whose value is malformed
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env, cwd: string = process.cwd()): Config {
  const fileName = env['ENV_FILE'] ?? '.env';
  const file = resolve(cwd, fileName);
  if (env['ENV_FILE'] !== undefined && !existsSync(file)) {
    throw new ConfigError(`ENV_FILE names ${fileName}, but there is no such file.`);
  }
  const fromFile: NodeJS.Dict<string> = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
  const read: ConfigReader = (name) => {
    const own = env[name];
    if (own !== undefined && own !== '') return { text: own, origin: 'environment' };
    const filed = fromFile[name];
    if (filed !== undefined && filed !== '') return { text: filed, origin: 'file' };
    return null;
  };
  const { values: v, reports } = defineVariables(read);

  const roles = v.ROLES as ReadonlySet<Role>;
  const baseUrl = v.BASE_URL ?? new URL(`http://localhost:${v.HTTP_PORT}`);
  const port = v.PORT !== null && roles.size === 1 && roles.has('collector') ? v.PORT : v.COLLECTOR_PORT;
  const hints: string[] = [];
  if (read('API_KEY') !== null) hints.push('API_KEY is not used: the collector stores readings itself.');
  if (read('BACKEND_URL') !== null) hints.push('BACKEND_URL is not used: the collector stores readings itself.');

  return Object.freeze({
    databaseUrl: v.DATABASE_URL,
    dataDir: resolve(cwd, v.DATA_DIR),
    sudo: sudoCaller(env),
    http: { host: v.HTTP_HOST, port: v.HTTP_PORT },
    ingestHttpPort: v.INGEST_HTTP_PORT,
    collector: {
      host: v.COLLECTOR_HOST,
      port,
      publicHost: v.COLLECTOR_PUBLIC_HOST ?? publicHost(baseUrl.hostname, v.COLLECTOR_HOST),
      maxConnections: v.COLLECTOR_MAX_CONNECTIONS,
      maxPerAddress: v.COLLECTOR_MAX_PER_ADDRESS,
      proxyProtocol: v.COLLECTOR_PROXY_PROTOCOL,
    },
    metrics: v.METRICS_PORT === null ? null : { host: v.METRICS_HOST, port: v.METRICS_PORT },
    roles,
    authSecret: v.AUTH_SECRET,
    encryptionKeys: v.ENCRYPTION_KEY,
    baseUrl,
    publicUrl: v.BASE_URL ?? new URL(`http://${publicHost(baseUrl.hostname, v.HTTP_HOST)}:${v.HTTP_PORT}`),
    cookieSecure: v.COOKIE_SECURE ?? baseUrl.protocol === 'https:',
    trustProxy: v.TRUST_PROXY,
    timeZone: v.TZ,
    storeDcChannelData: v.STORE_DC_CHANNEL_DATA,
    autoRefreshRateS: v.AUTO_REFRESH_RATE,
    retentionDays: v.RETENTION_DAYS,
    compressAfterDays: v.COMPRESS_AFTER_DAYS,
    rolePrefix: v.ROLE_PREFIX,
    spacePartitions: v.SPACE_PARTITIONS,
    rawFrameDays: v.RAW_FRAME_DAYS,
    signup: v.SIGNUP,
    signInLimit: v.SIGN_IN_LIMIT,
    resetLimit: v.RESET_LIMIT,
    adminAllow: v.ADMIN_ALLOW,
    mail: mailSettings(v, baseUrl),
    demandSecondFactor: true,
    tracesEndpoint: v.OTEL_EXPORTER_OTLP_ENDPOINT,
    logLevel: v.LOG_LEVEL ?? v.RUST_LOG ?? 'info',
    debug: v.DEBUG,
    hints,
    variables: reports,
  });
}

function sudoCaller(env: NodeJS.ProcessEnv): Config['sudo'] {
  const uid = Number(env['SUDO_UID'] ?? '');
  const gid = Number(env['SUDO_GID'] ?? '');
  return Number.isInteger(uid) && Number.isInteger(gid) && uid > 0 && gid > 0 ? { uid, gid } : undefined;
}
