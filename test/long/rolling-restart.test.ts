import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ServerProcess, startServer } from '../support/server-process.ts';
import { Deye, Dtu, expectNothingLost, progress, register, type Target } from '../support/steady-devices.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** An upgrade without an interruption: two processes with all roles, restarted one after the other while devices send. */
const ROUNDS = 2;
let db: TestDatabase;
let servers: ServerProcess[];
let apiKey: string;
/** Which of them a load balancer sends to. */
let open = 0;

beforeAll(async () => {
  db = await createTestDatabase();
  const env = {
    DATABASE_URL: db.adminUrl,
    ROLE_PREFIX: db.roles.owner.replace(/_owner$/, ''),
    AUTH_SECRET: db.authSecret,
    ENCRYPTION_KEY: `${randomBytes(32).toString('base64url')}=`,
  };
  const readyMs = 240_000;
  servers = await Promise.all([startServer({ env, readyMs }), startServer({ env, readyMs })]);
  const [first] = servers;
  if (first === undefined) throw new Error('no server');
  const email = ['--email', 'anna@example.org'];
  await first.cli('user', 'create', ...email, '--password', 'Sonne-und-Wind-7', '--verified', '--admin');
  const created = await first.cli('api-key', 'create', ...email, '--name', 'all', '--scope', 'full', '--json');
  apiKey = (JSON.parse(created) as { key: string }).key;
});
afterAll(async () => {
  await Promise.all((servers ?? []).map((server) => server.stop()));
  await db?.drop();
});

function target(): Target {
  const server = servers[open];
  if (server === undefined) throw new Error(`there is no server ${open}`);
  return { url: server.url, collectorPort: server.collectorPort, apiKey };
}

it('a rolling restart with data on its way loses no acknowledged sample, and doubles none', async () => {
  // Several, so that at any moment something is between its arrival and its answer
  const dtus = Array.from({ length: 8 }, (_, i) => new Dtu(`11616677100${i}`, target));
  const devices = [...dtus, new Deye(target)];
  const ids = await register(devices, target());
  const load = new AbortController();
  const running = devices.map((device) => device.run(load.signal));
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const n of [0, 1]) {
        open = n;
        await progress(devices, 5);
        const server = servers[n];
        if (server === undefined) throw new Error(`there is no server ${n}`);
        // In the midst of it: devices send to this one until it has gone
        server.signal('SIGTERM');
        expect(await server.exited, server.output()).toBe(0);
        open = 1 - n;
        await progress(devices, 5);
        servers[n] = await server.restart();
      }
    }
  } finally {
    load.abort();
    await Promise.all(running);
  }
  await expectNothingLost(devices, ids, target());
});
