import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessBySettingRoles } from '../support/isolation/access.ts';
import { relations } from '../support/isolation/catalogue.ts';
import {
  callForForeign,
  callForOwn,
  executableWithoutRight,
  foreignCalls,
  functionProblems,
} from '../support/isolation/functions.ts';
import { printed, runMatrix } from '../support/isolation/matrix.ts';
import { whileMistaken } from '../support/isolation/mutations.ts';
import { hiddenFromOwner } from '../support/isolation/owner.ts';
import { LOGINS, WITHOUT_TENANT } from '../support/isolation/policy.ts';
import { undeclaredRights } from '../support/isolation/rights.ts';
import { structuralProblems } from '../support/isolation/structure.ts';
import { oddTenants, rememberedTenants, waysAround } from '../support/isolation/tricks.ts';
import { createWorld, gaps, type World } from '../support/isolation/world.ts';
import { startTimescaleWasm, type TimescaleWasm } from '../support/timescale-wasm.ts';

/** Accounts are kept apart on TimescaleDB too: hypertables, chunks, compressed chunks. What it shows is what `isolation.test.ts` shows. */

const PATIENCE_MS = 180_000;

const HYPERTABLES = ['store.ac_sample', 'store.dc_sample', 'store.energy_15m'];

let db: TimescaleWasm;
let world: World;
let release: () => void = () => undefined;

beforeAll(async () => {
  console.log(
    'Isolation on TimescaleDB; not on this engine: what a login can do that a role cannot (becoming another), passwords, pools, routes',
  );
  db = await startTimescaleWasm({ spacePartitions: 2 });
  world = await new Promise<World>((resolve, reject) => {
    // The connection is the world's until the end.
    const held = db.alone(async (client) => {
      resolve(await createWorld(accessBySettingRoles(client, db.roles, 'template1'), [-21, 0, 7]));
      await new Promise<void>((done) => {
        release = done;
      });
    });
    held.catch(reject);
  });
  for (const table of HYPERTABLES) {
    await world.owner.query(`SELECT compress_chunk(c) FROM show_chunks('${table}', older_than => interval '7 days') c`);
  }
});
afterAll(async () => {
  release();
  await db?.drop();
});

it('has chunks and compressed chunks of every hypertable, and rows of two accounts in them', async () => {
  const { rows } = await world.superuser.query<{ name: string; hot: number; compressed: number }>(
    `SELECT format('%s.%s', hypertable_schema, hypertable_name) AS name, count(*) FILTER (WHERE NOT is_compressed)::int AS hot,
            count(*) FILTER (WHERE is_compressed)::int AS compressed
     FROM timescaledb_information.chunks GROUP BY 1 ORDER BY 1`,
  );
  expect(rows.map(({ name }) => name)).toEqual(HYPERTABLES);
  for (const { hot, compressed } of rows) expect([hot, compressed]).not.toContain(0);
  expect(await gaps(world, WITHOUT_TENANT)).toEqual([]);
});

it(
  'the matrix holds: what is not declared is refused or finds nothing',
  async () => {
    const result = await runMatrix(world);
    console.log(printed(result));
    expect(result.violations).toEqual([]);
    expect(result.cells.filter((c) => c.login === 'app' && c.allowed > 0).length).toBeGreaterThan(10);
  },
  PATIENCE_MS,
);

it.each([
  ['chunk', '_hyper_'],
  ['compressed chunk', 'compress_hyper_'],
])('would notice a right on one %s', async (_, prefix) => {
  const all = (await relations(world.superuser)).filter((r) => r.schema === '_timescaledb_internal');
  const filled = async (name: string): Promise<boolean> =>
    (await world.superuser.query(`SELECT FROM ONLY ${name} WHERE user_id = $1 LIMIT 1`, [world.foreign.id]))
      .rowCount === 1;
  const candidates = all.filter((r) => r.id.startsWith(`_timescaledb_internal.${prefix}`));
  let chunk = '';
  for (const { id } of candidates) if (await filled(id)) chunk = id;
  const found = await whileMistaken(world, {
    name: 'a right on a chunk',
    wrong: `GRANT SELECT ON ${chunk} TO {{app}}`,
    right: `REVOKE SELECT ON ${chunk} FROM {{app}}`,
    look: async () => (await runMatrix(world, { only: [chunk], logins: ['app'] })).violations,
    says: /./,
  });
  expect(found).toContain(`SELECT * on ${chunk} should be refused`);
});

it('gives each role exactly the rights that are declared, to the column', async () => {
  expect(await undeclaredRights(world)).toEqual([]);
});

it('stands on tables under forced row security or behind windows, and on nothing that crosses accounts', async () => {
  expect(await structuralProblems(world)).toEqual([]);
});

it('shows its owner both accounts in a backup, and reaches both with an UPDATE', async () => {
  expect(await hiddenFromOwner(world)).toEqual([]);
});

it('has functions that belong to, run as and may be executed by whom it is declared, and by nobody else', async () => {
  expect(await functionProblems(world)).toEqual([]);
  expect(await executableWithoutRight(world)).toEqual([]);
});

describe.each(LOGINS)('the role %s', (login) => {
  it('finds nothing under a tenant that is none, nor a way around, nor what was of the tenant before it', async () => {
    expect(await oddTenants(world, login)).toEqual([]);
    expect(await waysAround(world, login)).toEqual([]);
    expect(await rememberedTenants(world, login)).toEqual([]);
  });
});

it(
  'a function that writes hypertables with its owner’s rights changes nothing of another account’s inverter',
  async () => {
    const { rows } = await world.superuser.query<{ id: string }>(
      `SELECT format('%s.%s', pronamespace::regnamespace, proname) AS id FROM pg_proc
       WHERE prosecdef AND prosrc ~ 'INTO store\\.(ac_sample|dc_sample|energy_15m)'`,
    );
    const written = foreignCalls().filter((asked) => rows.some(({ id }) => id === asked.id));
    expect(written.map(({ id }) => id)).toEqual(expect.arrayContaining(['api.append_samples', 'api.book']));
    for (const asked of written) {
      expect((await callForForeign(world, asked)).changed, asked.id).toEqual([]);
      const own = (await callForOwn(world, asked)).changed.join();
      expect(own, asked.id).toContain(`of ${world.own.marker}`);
      expect(own, asked.id).not.toContain(world.foreign.marker);
    }
  },
  PATIENCE_MS,
);
