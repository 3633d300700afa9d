import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isolationProblems, proveIsolation } from '../../src/db/self-check.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

let db: TestDatabase;
let admin: pg.Client;
beforeAll(async () => {
  db = await createTestDatabase();
  admin = new pg.Client({ connectionString: db.adminUrl });
  await admin.connect();
  await db.owner((c) =>
    c.query(`SELECT api.insert_account('alice@example.org', 'x', 'A', 'B', false, true, 'Europe/Berlin')`),
  );
});
afterAll(async () => {
  await admin.end();
  await db.drop();
});

/** Does something wrong to the database, looks at what the self-check says, and takes it back. */
async function whileWrong(wrong: string, right: string): Promise<string[]> {
  await admin.query(wrong);
  try {
    return await isolationProblems(db.pools.app, 'app');
  } finally {
    await admin.query(right);
  }
}

describe('the start-up self-check', () => {
  it('passes on the logins as they are made', async () => {
    await expect(proveIsolation(db.pools)).resolves.toBeUndefined();
  });

  it('refuses a superuser', async () => {
    const { app } = db.roles;
    expect(await whileWrong(`ALTER ROLE ${app} SUPERUSER`, `ALTER ROLE ${app} NOSUPERUSER`)).toContain(
      `login ${app} is a superuser`,
    );
  });

  it('refuses a login that bypasses row security', async () => {
    const { app } = db.roles;
    const problems = await whileWrong(`ALTER ROLE ${app} BYPASSRLS`, `ALTER ROLE ${app} NOBYPASSRLS`);
    expect(problems).toContain(`login ${app} has BYPASSRLS`);
  });

  it('refuses a login that may act as the owner, which was the predecessor’s state', async () => {
    const { app, owner } = db.roles;
    const problems = await whileWrong(`GRANT ${owner} TO ${app}`, `REVOKE ${owner} FROM ${app}`);
    expect(problems.join()).toContain('owns, or may act as the owner of, the tables');
  });

  it('refuses to serve as the owner itself', async () => {
    const pool = new pg.Pool({ connectionString: db.adminUrl, options: `-c role=${db.roles.owner}`, max: 1 });
    try {
      expect((await isolationProblems(pool, 'app')).join()).toContain('owns, or may act as the owner of');
      await expect(proveIsolation({ app: pool, ingest: db.pools.ingest })).rejects.toMatchObject({
        code: 'config_error',
      });
    } finally {
      await pool.end();
    }
  });

  it('refuses a right on the schema of the samples', async () => {
    const problems = await whileWrong(
      `GRANT USAGE ON SCHEMA store TO ${db.roles.app}`,
      `REVOKE USAGE ON SCHEMA store FROM ${db.roles.app}`,
    );
    expect(problems.join()).toContain('has a right on schema store');
  });

  it('refuses a policy that lets rows through without an account', async () => {
    const problems = await whileWrong(
      `CREATE POLICY everybody ON api.user_account TO ${db.roles.app} USING (true)`,
      `DROP POLICY everybody ON api.user_account`,
    );
    expect(problems.join()).toContain('sees rows of api.user_account without an account');
  });

  it('refuses row security that is switched off', async () => {
    const problems = await whileWrong(
      'ALTER TABLE api.user_account DISABLE ROW LEVEL SECURITY',
      'ALTER TABLE api.user_account ENABLE ROW LEVEL SECURITY',
    );
    expect(problems.join()).toContain('sees rows of api.user_account without an account');
  });

  it('refuses temporary tables', async () => {
    const problems = await whileWrong(
      `GRANT TEMPORARY ON DATABASE ${new URL(db.adminUrl).pathname.slice(1)} TO ${db.roles.app}`,
      `REVOKE TEMPORARY ON DATABASE ${new URL(db.adminUrl).pathname.slice(1)} FROM ${db.roles.app}`,
    );
    expect(problems.join()).toContain('may create temporary tables');
  });

  it('refuses an ingest login that may read somebody’s history', async () => {
    await admin.query(`GRANT SELECT ON api.ac_sample TO ${db.roles.ingest}`);
    try {
      expect((await isolationProblems(db.pools.ingest, 'ingest')).join()).toContain('may read api.ac_sample');
    } finally {
      await admin.query(`REVOKE SELECT ON api.ac_sample FROM ${db.roles.ingest}`);
    }
  });
});
