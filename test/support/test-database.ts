import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { type Database, prepareDatabase } from '../../src/db/database.ts';
import { openPools, type Pools, withOwner } from '../../src/db/pools.ts';
import { type RoleNames, roleNames } from '../../src/db/roles.ts';
import { createLogger } from '../../src/telemetry/logger.ts';

/** A migrated, empty database with the serving pools open, as the roles that really serve. */
export interface TestDatabase {
  adminUrl: string;
  roles: RoleNames;
  authSecret: string;
  pools: Pools;
  /** As the owner: for what a test arranges, and for looking past row security at what was really stored. */
  owner<T>(work: (client: pg.Client) => Promise<T>): Promise<T>;
  /** Ends the pools and removes the database with its roles. */
  drop(): Promise<void>;
}

/** As configuration has it, but for what many small databases need less of. */
export const HYPERTABLES = { compressAfterDays: 7, retentionDays: 730, spacePartitions: 1 };

/** What the product is given where it finds its database itself. */
export function databaseOf({
  adminUrl,
  roles,
  authSecret,
}: Pick<TestDatabase, 'adminUrl' | 'roles' | 'authSecret'>): Database {
  return {
    embedded: false,
    adminUrl,
    roles,
    secrets: { authSecret, encryptionKeys: ['dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q='] },
    migrations: { adminUrl, roles, spacePartitions: HYPERTABLES.spacePartitions },
    hypertables: HYPERTABLES,
    owner: (work) => withOwner(adminUrl, roles, work),
    release: async () => undefined,
  };
}

/** A database of one's own on the server of the test run (`one-postgres.ts`). */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${process.pid}_${randomBytes(4).toString('hex')}`;
  await administer(serverUrl('postgres'), [`CREATE DATABASE ${name}`]);
  const adminUrl = serverUrl(name);
  const roles = roleNames(adminUrl, null);
  const authSecret = randomBytes(32).toString('base64url');
  await prepareDatabase(databaseOf({ adminUrl, roles, authSecret }), createLogger('fatal'));
  const pools = openPools({
    adminUrl,
    authSecret,
    roles,
    onError: () => undefined, // An idle connection that breaks is replaced; a test that depends on it fails by itself.
  });
  return {
    adminUrl,
    roles,
    authSecret,
    pools,
    owner: (work) => withOwner(adminUrl, roles, work),
    async drop() {
      await pools.end();
      const dropRoles = Object.values(roles).map((role) => `DROP ROLE ${role}`);
      await administer(serverUrl('postgres'), [`DROP DATABASE ${name} WITH (FORCE)`, ...dropRoles]);
    },
  };
}

async function administer(url: string, statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

function serverUrl(database: string): string {
  const url = new URL(process.env['TEST_POSTGRES_URL'] ?? '');
  url.pathname = `/${database}`;
  return url.toString();
}
