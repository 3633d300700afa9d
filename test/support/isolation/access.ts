import pg from 'pg';
import { connectionFor, type RoleNames } from '../../../src/db/roles.ts';
import { createTestDatabase, type TestDatabase } from '../test-database.ts';
import type { Access, Session } from './world.ts';

/** A database of one's own on the server of the test run, with a connection for each role that signs in as it really does. */
export async function accessBySigningIn(): Promise<Access & { db: TestDatabase }> {
  const db = await createTestDatabase();
  const database = new URL(db.adminUrl).pathname.slice(1);
  const superuser = new pg.Client({ connectionString: db.adminUrl });
  const owner = new pg.Client({ connectionString: db.adminUrl, options: `-c role=${db.roles.owner}` });
  await Promise.all([superuser.connect(), owner.connect()]);
  // Thousands of refusals are the point here, and no news for the server's log.
  await superuser.query(`ALTER DATABASE ${database} SET log_min_messages = 'fatal'`);
  return {
    db,
    roles: db.roles,
    database,
    superuser,
    owner,
    signsIn: true,
    async as(login, work) {
      const client = new pg.Client(connectionFor(db.adminUrl, db.roles, login, db.authSecret));
      const notices: string[] = [];
      client.on('notice', (notice) => notices.push(notice.message ?? ''));
      await client.connect();
      try {
        return await work(client, notices);
      } finally {
        await client.end();
      }
    },
    async end() {
      await Promise.all([superuser.end(), owner.end()]);
      await db.drop();
    },
  };
}

/**
 * Every role on the one connection of an engine that has no more, by SET ROLE. What a login can do that a role cannot is not shown so:
 * above all, that it cannot become another.
 */
export function accessBySettingRoles(client: pg.Client, roles: RoleNames, database: string): Access {
  let current: string | null = null;
  const notices: string[] = [];
  client.on('notice', (notice) => notices.push(notice.message ?? ''));
  const sessionOf = (role: string | null): Session => ({
    query: (async (...query: Parameters<pg.Client['query']>) => {
      if (current !== role) {
        await client.query(role === null ? 'RESET ROLE' : `SET ROLE ${pg.escapeIdentifier(role)}`);
        current = role;
      }
      return client.query(...query);
    }) as Session['query'],
  });
  return {
    roles,
    database,
    superuser: sessionOf(null),
    owner: sessionOf(roles.owner),
    signsIn: false,
    async as(login, work) {
      notices.length = 0;
      return work(sessionOf(roles[login]), notices);
    },
    end: async () => undefined,
  };
}
