import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CuttableProxy } from '../support/cuttable-proxy.ts';
import { type ServerProcess, startServer } from '../support/server-process.ts';
import { Deye, Dtu, expectNothingLost, progress, register, type Target } from '../support/steady-devices.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** The database is out of reach for a whole minute while devices send. */
let db: TestDatabase;
let proxy: CuttableProxy;
let server: ServerProcess;
let apiKey: string;
beforeAll(async () => {
  db = await createTestDatabase();
  const url = new URL(db.adminUrl);
  proxy = await CuttableProxy.before({ host: url.hostname, port: Number(url.port) });
  url.port = String(proxy.port);
  server = await startServer({
    env: {
      DATABASE_URL: url.toString(),
      ROLE_PREFIX: db.roles.owner.replace(/_owner$/, ''),
      AUTH_SECRET: db.authSecret,
      ENCRYPTION_KEY: `${randomBytes(32).toString('base64url')}=`,
    },
  });
  const email = ['--email', 'anna@example.org'];
  await server.cli('user', 'create', ...email, '--password', 'Sonne-und-Wind-7', '--admin');
  const created = await server.cli('api-key', 'create', ...email, '--name', 'all', '--scope', 'full', '--json');
  apiKey = (JSON.parse(created) as { key: string }).key;
});
afterAll(async () => {
  proxy.mend();
  await server.stop();
  await proxy.close();
  await db.drop();
});

const target = (): Target => ({ url: server.url, collectorPort: server.collectorPort, apiKey });
const devices = [new Dtu('116166771004', target), new Dtu('116166771005', target), new Deye(target)];

describe('a database that is down for a minute', () => {
  it('costs nothing: pushers are told to come back, loggers are not acknowledged, all goes on by itself', async () => {
    const ids = await register(devices, target());
    const load = new AbortController();
    const running = devices.map((device) => device.run(load.signal));
    await progress(devices, 20);

    proxy.cut();
    await sleep(1_000);
    const before = devices.map((device) => device.acknowledged);
    const until = Date.now() + 59_000;
    while (Date.now() < until) {
      const refused = await fetch(`${server.url}/api/v1/inverters`, { headers: { 'x-api-key': apiKey } });
      expect(refused.status).toBe(503);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await fetch(`${server.url}/healthcheck`)).status).toBe(503);
      await sleep(2_000);
    }
    expect(devices.map((device) => device.acknowledged)).toEqual(before);

    proxy.mend();
    await progress(devices, 20);
    expect((await fetch(`${server.url}/healthcheck`)).status).toBe(200);
    load.abort();
    await Promise.all(running);
    await expectNothingLost(devices, ids, target());
  });
});
