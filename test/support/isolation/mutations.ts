import { quoted } from './catalogue.ts';
import { callForForeign, executableWithoutRight, foreignCalls, functionProblems } from './functions.ts';
import { runMatrix } from './matrix.ts';
import { hiddenFromOwner } from './owner.ts';
import { WITHOUT_TENANT } from './policy.ts';
import { undeclaredRights } from './rights.ts';
import { Seeder } from './seed.ts';
import { structuralProblems } from './structure.ts';
import { oddTenants, otherRoles, rememberedTenants, waysAround } from './tricks.ts';
import { gaps, type World } from './world.ts';

/** A mistake somebody could make in a migration, which part of the suite must notice it, and what it says then. */
export interface Mutation {
  name: string;
  /** Roles as `{{app}}`, the accounts' ids as `{{own}}` and `{{foreign}}`. */
  wrong: string;
  right: string;
  /** Only a superuser can make this mistake. */
  bySuperuser?: true;
  /** It needs a partition of plain PostgreSQL. */
  onlyPlain?: true;
  look(world: World): Promise<string[]>;
  says: RegExp;
}

const matrixOf =
  (...only: string[]) =>
  async (world: World): Promise<string[]> =>
    (await runMatrix(world, { only, logins: ['app'] })).violations;

const TENANT = 'user_id = (SELECT api.current_user_id())';
const POLICY = (table: string, then: string): string =>
  `DROP POLICY tenant ON ${table}; CREATE POLICY tenant ON ${table} TO {{app}} ${then}`;
const BOTH = `USING (${TENANT}) WITH CHECK (${TENANT})`;
const SPIED = 'CREATE TABLE api.diary (user_id int NOT NULL, text text); ';

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'a right on a table behind a window',
    wrong: 'GRANT USAGE ON SCHEMA store TO {{app}}; GRANT SELECT ON store.counter TO {{app}}',
    right: 'REVOKE SELECT ON store.counter FROM {{app}}; REVOKE USAGE ON SCHEMA store FROM {{app}}',
    look: matrixOf('store.counter'),
    says: /SELECT \* on store\.counter LEAKED/,
  },
  {
    name: 'a right on one partition',
    onlyPlain: true,
    wrong: 'GRANT USAGE ON SCHEMA store TO {{app}}; GRANT SELECT ON store.dc_sample_default TO {{app}}',
    right: 'REVOKE SELECT ON store.dc_sample_default FROM {{app}}; REVOKE USAGE ON SCHEMA store FROM {{app}}',
    look: matrixOf('store.dc_sample_default'),
    says: /COPY TO on store\.dc_sample_default should be refused, but answered \d+ rows/,
  },
  {
    name: 'a policy whose WITH CHECK lets everything through',
    wrong: POLICY('api.session', `USING (${TENANT}) WITH CHECK (true)`),
    right: POLICY('api.session', BOTH),
    look: matrixOf('api.session'),
    says: /foreign rows: INSERT on api\.session should be refused, but answered 1 rows/,
  },
  {
    name: 'a policy whose USING lets everything through',
    wrong: POLICY('api.pending_device', 'USING (true)'),
    right: POLICY('api.pending_device', BOTH),
    look: matrixOf('api.pending_device'),
    says: /no tenant: DELETE on api\.pending_device should answer 0 rows, but answered 2 rows/,
  },
  {
    name: 'a window that is no security barrier',
    wrong: 'ALTER VIEW api.counter RESET (security_barrier)',
    right: 'ALTER VIEW api.counter SET (security_barrier)',
    look: matrixOf('api.counter'),
    says: /leak by NOTICE on api\.counter LEAKED: a predicate was shown foreign rows/,
  },
  {
    name: 'row security that was forgotten',
    wrong: 'ALTER TABLE api.channel DISABLE ROW LEVEL SECURITY',
    right: 'ALTER TABLE api.channel ENABLE ROW LEVEL SECURITY',
    look: matrixOf('api.channel'),
    says: /no tenant: SELECT \* on api\.channel LEAKED/,
  },
  {
    name: 'a tenant of its own for a login',
    wrong: `ALTER ROLE {{app}} SET app.current_user_id = '{{foreign}}'`,
    right: 'ALTER ROLE {{app}} RESET app.current_user_id',
    bySuperuser: true,
    look: matrixOf('api.site'),
    says: /no tenant: SELECT \* on api\.site LEAKED/,
  },
  {
    name: 'the right to TRUNCATE, which row security does not bind',
    wrong: 'GRANT TRUNCATE ON api.quality_event TO {{app}}',
    right: 'REVOKE TRUNCATE ON api.quality_event FROM {{app}}',
    look: matrixOf('api.quality_event'),
    says: /TRUNCATE on api\.quality_event should be refused/,
  },
  {
    name: 'a column that was to stay hidden',
    wrong: 'GRANT SELECT (password_hash) ON api.user_account TO {{app}}',
    right: 'REVOKE SELECT (password_hash) ON api.user_account FROM {{app}}',
    look: matrixOf('api.user_account'),
    says: /SELECT password_hash on api\.user_account should be refused/,
  },
  {
    name: 'a sequence that counts for everybody',
    wrong: 'GRANT USAGE ON SEQUENCE api.site_id_seq TO {{app}}',
    right: 'REVOKE USAGE ON SEQUENCE api.site_id_seq FROM {{app}}',
    look: matrixOf('api.site_id_seq'),
    says: /nextval on api\.site_id_seq should be refused/,
  },
  {
    name: 'a parent that may be another account’s',
    wrong:
      'ALTER TABLE api.inverter DROP CONSTRAINT inverter_user_id_site_id_fkey, ADD CONSTRAINT x FOREIGN KEY (site_id) REFERENCES api.site (id)',
    right: `ALTER TABLE api.inverter DROP CONSTRAINT x, ADD CONSTRAINT inverter_user_id_site_id_fkey
              FOREIGN KEY (user_id, site_id) REFERENCES api.site (user_id, id) ON DELETE CASCADE`,
    look: async (world) => [...(await matrixOf('api.inverter')(world)), ...(await structuralProblems(world))],
    says: /UPDATE site_id to the other's on api\.inverter should be refused.*a row of api\.inverter \(site_id\) can refer to/s,
  },
  {
    name: 'a right that no statement shows',
    wrong: 'GRANT TRIGGER, REFERENCES ON api.site TO {{ingest}}',
    right: 'REVOKE TRIGGER, REFERENCES ON api.site FROM {{ingest}}',
    look: undeclaredRights,
    says: /ingest may TRIGGER api\.site: if that is meant, say so in RIGHTS/,
  },
  {
    name: 'the predecessor’s: row security that does not bind the owner',
    wrong: 'ALTER TABLE api.site NO FORCE ROW LEVEL SECURITY',
    right: 'ALTER TABLE api.site FORCE ROW LEVEL SECURITY',
    look: structuralProblems,
    says: /api\.site has rows of accounts, and row security that is enabled, not forced/,
  },
  {
    name: 'forced row security that hides every row from a backup',
    wrong: 'DROP POLICY owner_all ON api.gateway',
    right: 'CREATE POLICY owner_all ON api.gateway TO {{owner}} USING (true) WITH CHECK (true)',
    look: hiddenFromOwner,
    says: /a backup \(COPY TO\) of api\.gateway reaches 0 of 2 rows.*an UPDATE of api\.gateway reaches 0 of 2/s,
  },
  {
    name: 'a new table that nobody thought about',
    wrong: 'CREATE TABLE api.diary (text text)',
    right: 'DROP TABLE api.diary',
    look: (world) => gaps(world, WITHOUT_TENANT),
    says: /api\.diary has no column user_id: give it one, or say in WITHOUT_TENANT/,
  },
  {
    name: 'a new table without rows to test with',
    wrong: SPIED,
    right: 'DROP TABLE api.diary',
    look: async (world) => [...(await gaps(world, WITHOUT_TENANT)), ...(await structuralProblems(world))],
    says: /api\.diary has no rows of zaunkoenig: let .*seed\.ts.*api\.diary has rows of accounts, and row security that is none/s,
  },
  {
    name: 'a new table whose columns are too special for made-up rows',
    wrong: `${SPIED} ALTER TABLE api.diary ADD CHECK (text LIKE 'Liebes Tagebuch%')`,
    right: 'DROP TABLE api.diary',
    look: async (world) => {
      const seeder = await Seeder.on(world.owner);
      const row = await seeder.freshRow('api.diary', world.own);
      return seeder.insert('api.diary', row).then(
        () => [],
        (error: Error) => [error.message],
      );
    },
    says: /Table api\.diary has no rows to test isolation with.*Say in VALUES/s,
  },
  {
    name: 'a new window that shows everybody everything',
    wrong: 'CREATE VIEW api.all_counters AS SELECT * FROM store.counter; GRANT SELECT ON api.all_counters TO {{app}}',
    right: 'DROP VIEW api.all_counters',
    look: async (world) => [...(await matrixOf('api.all_counters')(world)), ...(await structuralProblems(world))],
    says: /SELECT \* on api\.all_counters LEAKED.*view api\.all_counters has no security_barrier/s,
  },
  {
    name: 'a value that must be unique over all accounts',
    wrong: 'CREATE UNIQUE INDEX site_name ON api.site (id, name)',
    right: 'DROP INDEX api.site_name',
    look: structuralProblems,
    says: /site_name on api\.site is unique over all accounts/,
  },
  {
    name: 'a new function',
    wrong: `CREATE FUNCTION api.peek() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'; GRANT EXECUTE ON FUNCTION api.peek() TO PUBLIC`,
    right: 'DROP FUNCTION api.peek()',
    look: async (world) => [...(await functionProblems(world)), ...(await executableWithoutRight(world))],
    says: /peek\(\) is not declared.*everybody may EXECUTE.*has no fixed search_path.*admin may call .*peek/s,
  },
  {
    name: 'a definer function that forgets to ask whose it is',
    wrong: `ALTER FUNCTION api.remove_inverter(int) RENAME TO kept;
            CREATE FUNCTION api.remove_inverter(of_inverter int) RETURNS boolean LANGUAGE sql SECURITY DEFINER
              SET search_path = pg_catalog, pg_temp AS 'UPDATE api.inverter SET rated_power_w = 1 WHERE id = of_inverter RETURNING true';
            GRANT EXECUTE ON FUNCTION api.remove_inverter(int) TO {{app}}`,
    right: `DROP FUNCTION api.remove_inverter(int); ALTER FUNCTION api.kept(int) RENAME TO remove_inverter`,
    look: async (world) => {
      const call = foreignCalls().find((c) => c.id === 'api.remove_inverter');
      return call === undefined ? [] : (await callForForeign(world, call)).changed;
    },
    says: /api\.inverter of nachtigall/,
  },
  {
    name: 'a tenant for whoever has none',
    wrong: `CREATE OR REPLACE FUNCTION api.current_user_id() RETURNS int LANGUAGE sql STABLE PARALLEL SAFE
              AS $$ SELECT coalesce(nullif(current_setting('app.current_user_id', true), '')::int, {{foreign}}) $$`,
    right: `CREATE OR REPLACE FUNCTION api.current_user_id() RETURNS int LANGUAGE sql STABLE PARALLEL SAFE
              AS $$ SELECT nullif(current_setting('app.current_user_id', true), '')::int $$`,
    look: (world) => oddTenants(world, 'app'),
    says: /app with tenant null sees \d+ of api\.ac_sample/,
  },
  {
    name: 'a tenant that a plan remembers',
    wrong: 'ALTER FUNCTION api.current_user_id() IMMUTABLE',
    right: 'ALTER FUNCTION api.current_user_id() STABLE',
    look: (world) => rememberedTenants(world, 'app'),
    says: /a prepared statement after a change of tenant: api\.\w+ shows another tenant’s rows/,
  },
  {
    name: 'a login that may become the owner',
    wrong: 'GRANT {{owner}} TO {{app}}',
    right: 'REVOKE {{owner}} FROM {{app}}',
    bySuperuser: true,
    look: async (world) => [...(await otherRoles(world, 'app')), ...(await structuralProblems(world))],
    says: /app is not refused: SET ROLE \w+_owner.*app has membership of \w+_owner/s,
  },
  {
    name: 'a login that may make things of its own',
    wrong: 'GRANT CREATE ON SCHEMA api TO {{app}}',
    right: 'REVOKE CREATE ON SCHEMA api FROM {{app}}',
    look: (world) => waysAround(world, 'app'),
    says: /app is not refused: CREATE FUNCTION "api"\.mine/,
  },
];

/** Makes the mistake, looks, and takes it back. */
export async function whileMistaken(world: World, { wrong, right, look, bySuperuser }: Mutation): Promise<string> {
  const values: Record<string, string> = { own: String(world.own.id), foreign: String(world.foreign.id) };
  for (const [role, name] of Object.entries(world.roles)) values[role] = quoted(name);
  const filled = (sql: string): string => sql.replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? '');
  const who = bySuperuser === true ? world.superuser : world.owner;
  await who.query(filled(wrong));
  try {
    return (await look(world)).join('\n');
  } finally {
    await who.query(filled(right));
  }
}
