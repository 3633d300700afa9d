import Fastify from 'fastify';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asTenant } from '../../src/db/as-tenant.ts';
import { accessBySettingRoles, accessBySigningIn } from '../support/isolation/access.ts';
import {
  callForForeign,
  callForOwn,
  executableWithoutRight,
  foreignCalls,
  functionProblems,
} from '../support/isolation/functions.ts';
import { type Cell, printed, runMatrix } from '../support/isolation/matrix.ts';
import { MUTATIONS, whileMistaken } from '../support/isolation/mutations.ts';
import { hiddenFromOwner } from '../support/isolation/owner.ts';
import { LOGINS, WITHOUT_TENANT } from '../support/isolation/policy.ts';
import { undeclaredRights } from '../support/isolation/rights.ts';
import { foreignRequests, ownersRequests, printedRoutes, scopeRequests } from '../support/isolation/route-checks.ts';
import { namesSomething } from '../support/isolation/routes.ts';
import { structuralProblems } from '../support/isolation/structure.ts';
import { oddTenants, otherRoles, rememberedTenants, waysAround } from '../support/isolation/tricks.ts';
import { createWorld, fingerprint, gaps, type World } from '../support/isolation/world.ts';
import { buildTestApp, type ServedApp, servedBy } from '../support/served-app.ts';
import type { TestDatabase } from '../support/test-database.ts';

/**
 * Accounts are kept apart: everything the catalogues list, by every login, with and without a tenant. Nothing here names what it
 * tests, so a new table, view, function or route is tested by existing; what may be done is declared in `support/isolation`.
 */

/** Thousands of statements: seconds on a machine that has nothing else to do. */
const PATIENCE_MS = 180_000;

const numbers = ({ relation, login, allowed, denied, zeroRows }: Cell): string =>
  `${login} ${relation.id} ${allowed}/${denied}/${zeroRows}`;

let world: World & { db: TestDatabase };
beforeAll(async () => {
  const access = await accessBySigningIn();
  world = { ...(await createWorld(access)), db: access.db };
});
afterAll(() => world?.end());

describe('the matrix', () => {
  it('has rows of two accounts in every relation that has a tenant', async () => {
    expect(await gaps(world, WITHOUT_TENANT)).toEqual([]);
  });

  it(
    'holds: what is not declared is refused or finds nothing',
    async () => {
      const result = await runMatrix(world);
      console.log(printed(result));
      expect(result.violations).toEqual([]);
      // A matrix in which everything is refused would prove nothing.
      expect(result.cells.filter((c) => c.login === 'app' && c.allowed > 0).length).toBeGreaterThan(10);
    },
    PATIENCE_MS,
  );

  it('gives each login exactly the rights that are declared, to the column', async () => {
    expect(await undeclaredRights(world)).toEqual([]);
  });

  it('stands on tables under forced row security or behind windows, and on nothing that crosses accounts', async () => {
    expect(await structuralProblems(world)).toEqual([]);
  });
});

it('comes out alike where the logins are only roles of one connection, as on an engine that has no more', async () => {
  const client = new pg.Client({ connectionString: world.db.adminUrl });
  await client.connect();
  try {
    const shared = { ...world, ...accessBySettingRoles(client, world.roles, world.database) };
    const only = ['api.session', 'api.counter', 'store.counter'];
    const sorted = async (access: World): Promise<string[]> =>
      (await runMatrix(access, { only })).cells.map(numbers).sort();
    expect(await sorted(shared)).toEqual(await sorted(world));
  } finally {
    await client.end();
  }
});

describe.each(LOGINS)('the login %s', (login) => {
  it('finds nothing under a tenant that is none', async () => {
    expect(await oddTenants(world, login)).toEqual([]);
  });

  it('cannot become another role', async () => {
    expect(await otherRoles(world, login)).toEqual([]);
  });

  it('finds no way around', async () => {
    expect(await waysAround(world, login)).toEqual([]);
  });

  it('is shown nothing of the tenant before it on the same connection', async () => {
    expect(await rememberedTenants(world, login)).toEqual([]);
  });
});

it('a connection that goes back to the pool has forgotten its tenant, also when its work failed', async () => {
  const { app } = world.db.pools;
  const tenant = async (): Promise<unknown> =>
    (await app.query('SELECT api.current_user_id() AS tenant, pg_backend_pid() AS pid')).rows[0];
  const { pid } = (await tenant()) as { pid: number };
  const seen = await asTenant(
    app,
    world.own.id,
    async (tx) => (await tx.query('SELECT pg_backend_pid() AS pid')).rows[0],
  );
  expect(seen).toEqual({ pid });
  expect(await tenant()).toEqual({ tenant: null, pid });
  await asTenant(app, world.own.id, (tx) => tx.query('SELECT 1 / 0')).catch(() => undefined);
  expect(await tenant()).toEqual({ tenant: null, pid });
});

describe('the owner', () => {
  it('sees both accounts in a backup and reaches both with an UPDATE', async () => {
    expect(await hiddenFromOwner(world)).toEqual([]);
  });
});

describe('functions', () => {
  it('belong to, run as and may be executed by whom it is declared, and by nobody else', async () => {
    expect(await functionProblems(world)).toEqual([]);
    expect(await executableWithoutRight(world)).toEqual([]);
  });
});

// The matrix would notice: each mistake is made once, seen, and taken back.
describe('is noticed:', () => {
  const onTimescale = process.env['TEST_TIMESCALE_URL'] !== undefined;
  it.each(MUTATIONS.filter(({ onlyPlain }) => !onTimescale || onlyPlain !== true))('$name', async (mutation) => {
    expect(await whileMistaken(world, mutation)).toMatch(mutation.says);
  });

  it('nothing, now that every mistake is taken back', async () => {
    expect(await structuralProblems(world)).toEqual([]);
    expect(await undeclaredRights(world)).toEqual([]);
    expect(await functionProblems(world)).toEqual([]);
  });
});

describe('a function with its owner’s rights, asked for another account’s inverter, answers and changes nothing:', () => {
  it.each(foreignCalls())('$id by $login', async (asked) => {
    const foreign = await callForForeign(world, asked);
    const orphans = asked.call.leavesOrphansIn ?? [];
    if (asked.call.takesNoIds === true) expect(foreign.changed.join()).not.toContain(world.foreign.marker);
    else expect(foreign.changed).toEqual(orphans.map((table) => `${table} of ${world.own.marker}`));
    expect(foreign.answer).not.toContain(world.foreign.marker);
    const own = await callForOwn(world, asked);
    if (asked.call.readsOnly !== true) expect(own.changed).not.toEqual([]);
    expect(own.changed.join()).not.toContain(world.foreign.marker);
  });
});

describe('routes', () => {
  let served: ServedApp;
  beforeAll(async () => {
    served = await buildTestApp(world.db);
  });
  afterAll(() => served?.stop());

  it('would be noticed if they showed it, refused wrongly, or had a parameter that nobody knows', async () => {
    const leaky = await servedBy(async () => {
      const app = Fastify();
      app.get('/things/:id', async () => ({ name: world.foreign.marker }));
      app.get('/search', async ({ query }) =>
        (query as { inverter?: string }).inverter ? world.foreign.email : 'nothing',
      );
      app.patch('/things/:id', async (_, reply) => reply.code(422).send());
      app.put('/things/:id', async (_, reply) => {
        await world.superuser.query('UPDATE api.gateway SET last_address = last_address || $2 WHERE user_id = $1', [
          world.foreign.id,
          '.',
        ]);
        return reply.code(404).send();
      });
      app.get('/known/:id', async ({ params }, reply) =>
        reply.code(Number((params as { id: string }).id) > 1e9 ? 404 : 403).send(),
      );
      app.post('/things', async ({ headers }, reply) =>
        reply.code(headers['x-api-key'] === undefined ? 401 : 201).send(),
      );
      await app.listen({ host: '127.0.0.1', port: 0 });
      return { stop: () => app.close() };
    });
    try {
      const before = await fingerprint(world, world.foreign);
      const found = (await foreignRequests(world, leaky.routes)).problems.join('\n');
      expect(await fingerprint(world, world.foreign)).not.toEqual(before);
      expect(found).toMatch(/GET \/things\/\d+ by nobody LEAKED nachtigall/);
      expect(found).toMatch(/GET \/things\/\d+ by another account’s session was answered 200, not refused/);
      expect(found).toMatch(/GET \/search\?inverter=.* by another account’s key "read" LEAKED/);
      expect(found).toMatch(/PATCH .* was answered 422, not refused: give it a body in BODIES/);
      expect(found).toMatch(/GET \/known\/\d+ by nobody was answered 403, but 404 where there is no such thing/);
      const beyond = (await scopeRequests(world, leaky.routes)).problems;
      expect(beyond).toEqual([
        'POST /things by its own key "ingest" was answered 201',
        'POST /things by its own key "read" was answered 201',
      ]);
      const owners = (await ownersRequests(world, leaky.routes)).problems.join('\n');
      expect(owners).toMatch(/PATCH \/things\/\d+ is not even answered to its owner \(422\)/);
      const unknown = { method: 'GET', url: '/things/:thing', origin: '' };
      await expect(foreignRequests(world, [unknown])).rejects.toThrow('has a parameter "thing": say in PARAMETERS');
    } finally {
      await leaky.stop();
    }
  });

  it(
    'refuse whoever asks for another account’s things, and show and change nothing of them',
    async () => {
      expect(served.routes.filter(namesSomething).length).toBeGreaterThan(0);
      const before = await fingerprint(world, world.foreign);
      const report = await foreignRequests(world, served.routes);
      console.log(printedRoutes(served.routes, report));
      expect(report.problems).toEqual([]);
      expect(await fingerprint(world, world.foreign)).toEqual(before);
    },
    PATIENCE_MS,
  );

  it('refuse a key what its scope does not cover', async () => {
    expect((await scopeRequests(world, served.routes)).problems).toEqual([]);
  });

  it('answer their owner with the same addresses', async () => {
    const report = await ownersRequests(world, served.routes);
    expect(report.problems).toEqual([]);
    expect(report.shown).toBeGreaterThan(0);
  });
});
