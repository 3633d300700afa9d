import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectionFor } from '../../src/db/roles.ts';
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
      await expect(proveIsolation({ ...db.pools, app: pool })).rejects.toMatchObject({
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

  it.each([
    ['CREATEROLE', 'has CREATEROLE'],
    ['REPLICATION', 'has REPLICATION'],
  ])('refuses a login with %s', async (attribute, says) => {
    const { app } = db.roles;
    const problems = await whileWrong(`ALTER ROLE ${app} ${attribute}`, `ALTER ROLE ${app} NO${attribute}`);
    expect(problems.join()).toContain(says);
  });

  it('refuses a login that is a superuser’s in disguise', async () => {
    const pool = new pg.Pool({ connectionString: db.adminUrl, options: `-c role=${db.roles.app}`, max: 1 });
    try {
      expect((await isolationProblems(pool, 'app')).join()).toContain('can be it again at any time');
    } finally {
      await pool.end();
    }
  });

  it('refuses a membership, also one that inherits nothing', async () => {
    const { app, lookup } = db.roles;
    const problems = await whileWrong(`GRANT ${lookup} TO ${app}`, `REVOKE ${lookup} FROM ${app}`);
    expect(problems.join()).toContain(`is a member of ${lookup}`);
    await admin.query(`ALTER ROLE ${app} NOINHERIT`);
    const silent = await whileWrong(`GRANT pg_read_all_data TO ${app}`, `REVOKE pg_read_all_data FROM ${app}`);
    await admin.query(`ALTER ROLE ${app} INHERIT`);
    expect(silent.join()).toContain('is a member of pg_read_all_data');
  });

  it('refuses a login that acts for an account before any is set', async () => {
    const options = '-c app.current_user_id=1';
    const pool = new pg.Pool({ ...connectionFor(db.adminUrl, db.roles, 'app', db.authSecret), options, max: 1 });
    try {
      expect((await isolationProblems(pool, 'app')).join()).toContain('acts for account 1 before any is set');
    } finally {
      await pool.end();
    }
  });

  /** Mistakes that show no row yet: found in the catalogue, before there is anything to leak. */
  it.each([
    [
      'a table without forced row security',
      'ALTER TABLE api.site NO FORCE ROW LEVEL SECURITY',
      'ALTER TABLE api.site FORCE ROW LEVEL SECURITY',
      'finds api.site without forced row security',
    ],
    [
      'a new table without any',
      'CREATE TABLE api.diary (user_id int)',
      'DROP TABLE api.diary',
      'finds api.diary without forced row security',
    ],
    [
      'a policy that does not ask for the account, over a table that is still empty',
      'CREATE POLICY everybody ON api.channel TO {{app}} USING (true)',
      'DROP POLICY everybody ON api.channel',
      'is let through by policy everybody on api.channel',
    ],
    [
      'a policy through which anything may be written',
      'CREATE POLICY anything ON api.session FOR INSERT TO {{app}} WITH CHECK (true)',
      'DROP POLICY anything ON api.session',
      'is let through by policy anything on api.session',
    ],
    [
      'a window that is no barrier',
      'ALTER VIEW api.raw_frame RESET (security_barrier)',
      'ALTER VIEW api.raw_frame SET (security_barrier)',
      'sees through view api.raw_frame, which is no security barrier',
    ],
    [
      'a window that shows everybody everything',
      'CREATE VIEW api.open WITH (security_barrier) AS SELECT * FROM api.site; GRANT SELECT ON api.open TO {{app}}',
      'DROP VIEW api.open',
      'sees through view api.open, which does not ask for the account',
    ],
    [
      'something materialised',
      'CREATE MATERIALIZED VIEW api.copy AS SELECT * FROM api.site; GRANT SELECT ON api.copy TO {{app}}',
      'DROP MATERIALIZED VIEW api.copy',
      'may read api.copy, which no row security can be put on',
    ],
    // Where the schema is TimescaleDB's own, the owner makes no tables in it; a real chunk is opened in timescale-isolation.test.ts.
    ...(process.env['TEST_TIMESCALE_URL'] !== undefined
      ? []
      : [
          [
            'a chunk that is open',
            `CREATE SCHEMA _timescaledb_internal; CREATE TABLE _timescaledb_internal.chunk (user_id int);
             GRANT SELECT ON _timescaledb_internal.chunk TO {{app}}`,
            'DROP SCHEMA _timescaledb_internal CASCADE',
            'may read _timescaledb_internal.chunk, a chunk of samples',
          ] as [string, string, string, string],
        ]),
    [
      'the right to TRUNCATE',
      'GRANT TRUNCATE ON api.site TO {{app}}',
      'REVOKE TRUNCATE ON api.site FROM {{app}}',
      'may TRUNCATE api.site',
    ],
    [
      'a function for everybody',
      'GRANT EXECUTE ON FUNCTION api.auth_user(text) TO PUBLIC',
      'REVOKE EXECUTE ON FUNCTION api.auth_user(text) FROM PUBLIC',
      'may, like everybody, EXECUTE api.auth_user(text)',
    ],
    [
      'a function with its owner’s rights and the caller’s search_path',
      'ALTER FUNCTION api.auth_user(text) RESET search_path',
      'ALTER FUNCTION api.auth_user(text) SET search_path = pg_catalog, pg_temp',
      'may EXECUTE api.auth_user(text), which uses its owner’s rights without a fixed search_path',
    ],
    [
      'a login that may make functions',
      'GRANT CREATE ON SCHEMA api TO {{app}}',
      'REVOKE CREATE ON SCHEMA api FROM {{app}}',
      'may create things in schema api',
    ],
  ])('refuses %s', async (_, wrong, right, says) => {
    const asOwner = (sql: string) => db.owner((owner) => owner.query(sql.replace('{{app}}', db.roles.app)));
    await asOwner(wrong);
    try {
      expect((await isolationProblems(db.pools.app, 'app')).join()).toContain(says);
    } finally {
      await asOwner(right);
    }
  });

  it('refuses an app login that may read nothing at all', async () => {
    const nobody = new pg.Pool({ ...connectionFor(db.adminUrl, db.roles, 'admin', db.authSecret), max: 1 });
    try {
      expect((await isolationProblems(nobody, 'app')).join()).toContain('may read nothing of any account');
    } finally {
      await nobody.end();
    }
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
