import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { killServer } from '../support/embedded-rig.ts';
import { type ServerProcess, startServer } from '../support/server-process.ts';
import { Deye, Dtu, expectNothingLost, progress, register, type Target } from '../support/steady-devices.ts';

/** kill -9 while devices send: whatever was acknowledged is there afterwards, and nothing is there or counted twice. */
let server: ServerProcess;
let apiKey: string;
beforeAll(async () => {
  server = await startServer();
  const email = ['--email', 'anna@example.org'];
  await server.cli('user', 'create', ...email, '--password', 'Sonne-und-Wind-7', '--admin');
  const created = await server.cli('api-key', 'create', ...email, '--name', 'all', '--scope', 'full', '--json');
  apiKey = (JSON.parse(created) as { key: string }).key;
});
afterAll(() => server.stop());

const target = (): Target => ({ url: server.url, collectorPort: server.collectorPort, apiKey });
const devices = [
  ...['116166771004', '116166771005', '116166771006'].map((serial) => new Dtu(serial, target)),
  new Deye(target),
];

async function killPostgres(): Promise<void> {
  const found = (await readdir(server.dataDir, { recursive: true })).find((path) => path.endsWith('postmaster.pid'));
  if (found === undefined) throw new Error('no running database found');
  await killServer(join(server.dataDir, found, '..'));
}

describe('kill -9 while devices send', () => {
  it('of the program, of PostgreSQL and of both loses nothing acknowledged and counts nothing twice', async () => {
    const ids = await register(devices, target());
    const load = new AbortController();
    const running = devices.map((device) => device.run(load.signal));
    await progress(devices, 10);

    server.signal('SIGKILL');
    server = await server.restart();
    await progress(devices, 10);

    await killPostgres();
    await progress(devices, 10);

    server.signal('SIGKILL');
    await killPostgres();
    server = await server.restart();
    await progress(devices, 10);
    load.abort();
    await Promise.all(running);
    await expectNothingLost(devices, ids, target());
  });
});
