import { readdir, readFile } from 'node:fs/promises';
import { Kysely, type Migration, type MigrationProvider, Migrator, NO_MIGRATIONS, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { ConfigError, InvalidInput } from '../domain/errors.ts';
import { detectEngine, type Engine } from './engines/engine.ts';
import type { RoleNames } from './roles.ts';

/**
 * Migrations are SQL files with "-- migrate:up" and "-- migrate:down". All pending ones run in one transaction as the owner: either
 * the schema is the new one or it is untouched. What cannot run in a transaction is a worker job, not a migration.
 */
const MIGRATIONS_FOLDER = new URL('../../migrations/', import.meta.url);

export interface MigrationSettings {
  adminUrl: string;
  roles: RoleNames;
  spacePartitions: number;
}

export interface MigrationState {
  name: string;
  appliedAt: Date | null;
}

export interface MigrationRun {
  engine: Engine;
  changed: { name: string; direction: 'Up' | 'Down' }[];
}

/** Applies what is pending, up to and including `to` where given. @throws the first migration's error */
export function migrateUp(settings: MigrationSettings, to?: string): Promise<MigrationRun> {
  return run(settings, (migrator) => (to === undefined ? migrator.migrateToLatest() : migrator.migrateTo(to)));
}

/** Takes the newest migration back, or all down to (and keeping) `to`; `to: 'none'` takes everything back. */
export function migrateDown(settings: MigrationSettings, to?: string): Promise<MigrationRun> {
  return run(settings, (migrator) => {
    if (to === undefined) return migrator.migrateDown();
    return migrator.migrateTo(to === 'none' ? NO_MIGRATIONS : to);
  });
}

export async function migrationStatus(settings: MigrationSettings): Promise<MigrationState[]> {
  return withMigrator(settings, async (migrator) => {
    const all = await besideWorker(() => migrator.getMigrations());
    return all.map((m) => ({ name: m.name, appliedAt: m.executedAt ?? null }));
  });
}

async function run(
  settings: MigrationSettings,
  work: (migrator: Migrator) => ReturnType<Migrator['migrateToLatest']>,
): Promise<MigrationRun> {
  return withMigrator(settings, async (migrator, engine) => {
    const { error, results } = await besideWorker(async () => {
      const outcome = await work(migrator);
      // What went wrong within a migration is not tried again.
      if (outcome.results === undefined && isRelationGone(outcome.error)) throw outcome.error;
      return outcome;
    });
    if (error !== undefined) {
      const failed = results?.find((result) => result.status === 'Error')?.migrationName;
      const reason = error instanceof Error ? error.message : String(error);
      throw new ConfigError(failed === undefined ? reason : `Migration ${failed} failed: ${reason}`, { cause: error });
    }
    const done = (results ?? []).filter((result) => result.status === 'Success');
    return { engine, changed: done.map((r) => ({ name: r.migrationName, direction: r.direction })) };
  });
}

const LOOKS = 10;

/**
 * The migrator looks at every table of the database before it begins, and stumbles over one that goes in that very moment: a week that the
 * worker of another process has packed. Looking again is all that is needed.
 */
async function besideWorker<T>(look: () => Promise<T>): Promise<T> {
  for (let left = LOOKS; ; left--) {
    try {
      return await look();
    } catch (error) {
      if (left <= 1 || !isRelationGone(error)) throw error;
    }
  }
}

function isRelationGone(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '42P01';
}

async function withMigrator<T>(
  settings: MigrationSettings,
  work: (migrator: Migrator, engine: Engine) => Promise<T>,
): Promise<T> {
  const pool = new pg.Pool({
    connectionString: settings.adminUrl,
    max: 1,
    application_name: 'deye-hard migrate',
    // Everything that is made here belongs to the owner.
    options: `-c role=${settings.roles.owner}`,
  });
  // One that breaks while idle says so by an event; the next statement is what reports it.
  pool.on('error', () => undefined);
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  try {
    const engine = await detectEngine(pool);
    const migrator = new Migrator({
      db,
      provider: sqlFiles(settings, engine),
      migrationTableSchema: 'migration',
      allowUnorderedMigrations: false,
    });
    return await work(migrator, engine);
  } finally {
    await db.destroy();
  }
}

function sqlFiles(settings: MigrationSettings, engine: Engine): MigrationProvider {
  return {
    async getMigrations(): Promise<Record<string, Migration>> {
      const files = (await readdir(MIGRATIONS_FOLDER)).filter((file) => file.endsWith('.sql')).sort();
      const migrations: Record<string, Migration> = {};
      for (const file of files) {
        const text = await readFile(new URL(file, MIGRATIONS_FOLDER), 'utf8');
        const parts = splitMigration(file, fillIn(text, settings, engine));
        migrations[file.replace(/\.sql$/, '')] = {
          up: (db) => executeAll(db, parts.up),
          down: (db) => executeAll(db, parts.down),
        };
      }
      return migrations;
    },
  };
}

async function executeAll(db: Kysely<unknown>, text: string): Promise<void> {
  // Without parameters the text goes by the simple protocol, which takes many statements at once.
  await sql.raw(text).execute(db);
}

/** @throws ConfigError when a marker is missing */
export function splitMigration(file: string, text: string): { up: string; down: string } {
  const match = /^-- migrate:up$([\s\S]*?)^-- migrate:down$([\s\S]*)/m.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new ConfigError(`Migration ${file} needs a line "-- migrate:up" and, after it, a line "-- migrate:down".`);
  }
  return { up: match[1], down: match[2] };
}

/** Puts in role names and settings, and leaves out what is for another engine. */
export function fillIn(
  text: string,
  settings: Pick<MigrationSettings, 'roles' | 'spacePartitions'>,
  engine: Engine,
): string {
  const values: Record<string, string> = { engine, space_partitions: String(settings.spacePartitions) };
  for (const [role, name] of Object.entries(settings.roles)) values[role] = pg.escapeIdentifier(name);
  return text
    .replace(/^-- only:(\w+)$([\s\S]*?)^-- end only$/gm, (_, only: string, body: string) =>
      only === engine ? body : '',
    )
    .replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
      const value = values[name];
      if (value === undefined) throw new InvalidInput(`A migration uses {{${name}}}, which has no value.`);
      return value;
    });
}
