import pg from 'pg';
import type { Config } from '../config.ts';
import { ConfigError } from '../domain/errors.ts';
import type { Logger } from '../telemetry/logger.ts';
import { connectClient } from './client.ts';
import { acquireEmbeddedPostgres } from './engines/embedded/embedded.ts';
import { prepareTimescale } from './engines/engine.ts';
import { configureTimescale, reserveJobs, type TimescaleSettings } from './engines/timescale.ts';
import { type MigrationRun, type MigrationSettings, migrateUp } from './migrate.ts';
import { withOwner } from './pools.ts';
import { ensureRoles, type RoleNames, roleNames } from './roles.ts';
import { requiredSecrets, type Secrets, secretsFromDataDir } from './secrets.ts';
import { logStatements, type StatementObserver } from './statements.ts';

const EMBEDDED_DATABASE = 'deye_hard';

/** The database this process works with, found or started, not yet necessarily migrated. */
export interface Database {
  readonly embedded: boolean;
  /** The login that may create roles; never used to serve. */
  readonly adminUrl: string;
  readonly roles: RoleNames;
  readonly secrets: Secrets;
  readonly migrations: MigrationSettings;
  /** What the configuration says about hypertables, where the samples lie in such. */
  readonly hypertables: TimescaleSettings;
  /** What the configuration wants every statement told to; for whoever opens further connections. */
  readonly observe?: StatementObserver | null;
  owner<T>(work: (client: pg.Client) => Promise<T>): Promise<T>;
  /** Gives the embedded server up; the last process that uses it stops it. */
  release(): Promise<void>;
}

/**
 * Finds the configured PostgreSQL, or starts (or joins) the embedded one.
 * @param signal gives up waiting, for the lock or a long crash recovery
 * @throws ConfigError, Unavailable; the signal's reason when aborted
 */
export async function openDatabase(config: Config, log: Logger, signal?: AbortSignal): Promise<Database> {
  if (config.databaseUrl !== null) {
    const secrets = requiredSecrets(config);
    return describe(config, log, { adminUrl: config.databaseUrl, secrets, embedded: false }, async () => undefined);
  }
  const secrets = await secretsFromDataDir(config.dataDir, config);
  const server = await acquireEmbeddedPostgres({
    dataDir: config.dataDir,
    log,
    sudo: config.sudo,
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    await createDatabase(server.connectionString());
    const adminUrl = server.connectionString(EMBEDDED_DATABASE);
    return describe(config, log, { adminUrl, secrets, embedded: true }, () => server.release());
  } catch (error) {
    await server.release();
    throw error;
  }
}

/** Roles, extension, schema and the engine's own upkeep, brought up to date. Safe to run from several processes at once. */
export async function prepareDatabase(database: Database, log: Logger): Promise<MigrationRun> {
  const { adminUrl, roles, secrets, migrations } = database;
  await assertSupported(adminUrl);
  await ensureRoles(adminUrl, roles, secrets.authSecret);
  const admin = await connectClient({ connectionString: adminUrl });
  try {
    const timescale = await prepareTimescale(admin);
    if (timescale === 'created') log.info('created the timescaledb extension');
    if (timescale !== 'not preloaded' && !(await reserveJobs(admin, roles.owner))) {
      log.warn('everybody may make background jobs: deye-hard doctor prints what a superuser has to run');
    }
  } finally {
    await admin.end();
  }
  const startedAt = performance.now();
  const run = await migrateUp(migrations);
  logMigrations(run, Math.round(performance.now() - startedAt), log);
  if (run.engine === 'timescale') await database.owner((client) => configureTimescale(client, database.hypertables));
  return run;
}

/** One line, however many there were: the first start applies them all. */
function logMigrations({ changed }: MigrationRun, tookMs: number, log: Logger): void {
  for (const { name } of changed) log.debug({ migration: name }, 'migration applied');
  const newest = changed.at(-1);
  if (newest === undefined) return;
  const schemaVersion = Number.parseInt(newest.name, 10);
  const count = changed.length === 1 ? '1 migration' : `${changed.length} migrations`;
  log.info(
    { migrations: changed.length, schemaVersion, tookMs },
    `${count} applied, schema version ${schemaVersion}, took ${tookMs} ms`,
  );
}

function describe(
  config: Config,
  log: Logger,
  { adminUrl, secrets, embedded }: Pick<Database, 'adminUrl' | 'secrets' | 'embedded'>,
  release: () => Promise<void>,
): Database {
  const observe = config.debug ? logStatements(log) : null;
  const roles = roleNames(adminUrl, config.rolePrefix);
  return {
    embedded,
    adminUrl,
    roles,
    secrets,
    migrations: { adminUrl, roles, spacePartitions: config.spacePartitions },
    hypertables: {
      compressAfterDays: config.compressAfterDays,
      retentionDays: config.retentionDays,
      spacePartitions: config.spacePartitions,
    },
    observe,
    owner: (work) => withOwner(adminUrl, roles, work, observe),
    release,
  };
}

async function createDatabase(adminUrl: string): Promise<void> {
  const client = await connectClient({ connectionString: adminUrl });
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [EMBEDDED_DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(EMBEDDED_DATABASE)}`);
  } catch (error) {
    // Another process was quicker; that is what was wanted. (23505: it was quicker by a hair.)
    if (!(error instanceof pg.DatabaseError) || (error.code !== '42P04' && error.code !== '23505')) throw error;
  } finally {
    await client.end();
  }
}

const OLDEST_SERVER = 150_000;

async function assertSupported(adminUrl: string): Promise<void> {
  const client = await connectClient({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 });
  try {
    const { rows } = await client.query<{ version: string }>(`SELECT current_setting('server_version_num') AS version`);
    if (Number(rows[0]?.version ?? 0) < OLDEST_SERVER) throw new ConfigError('PostgreSQL 15 or newer is needed.');
  } finally {
    await client.end();
  }
}
