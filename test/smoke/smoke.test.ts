import { afterAll, beforeAll, expect, it } from 'vitest';
import { readmePush } from '../support/readme-push.ts';
import { type ServerProcess, startServer } from '../support/server-process.ts';
import { TestLogger } from '../support/solarman-logger.ts';
import { TcpClient } from '../support/tcp-client.ts';

/** Does it run at all: the built program with its own database, one device of each kind, one page. In half a minute. */
const EMAIL = 'anna@example.org';
const PASSWORD = 'Sonne-und-Wind-7';
const LOGGER = new TestLogger(4_151_234_567, new Date(Math.floor(Date.now() / 1000) * 1000 - 3_600_000));
let server: ServerProcess;
let apiKey: string;
const now = (): Date => new Date(Math.floor(Date.now() / 1000) * 1000);

beforeAll(async () => {
  server = await startServer();
  await server.cli('user', 'create', '--email', EMAIL, '--password', PASSWORD, '--verified');
  const [key] = await Promise.all([
    server.cli('api-key', 'create', '--email', EMAIL, '--name', 'smoke', '--json'),
    ...[
      ['solarman', String(LOGGER.serial)],
      ['opendtu', '116166771004'],
    ].map(([kind = '', serial = '']) =>
      server.cli('inverter', 'add', '--email', EMAIL, '--serial', serial, '--name', kind, '--kind', kind),
    ),
  ]);
  apiKey = (JSON.parse(key) as { key: string }).key;
});
afterAll(() => server?.stop());

it('is healthy', async () => {
  const answer = await fetch(`${server.url}/healthcheck`);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ status: 'ok', components: { database: 'ok', collector: 'ok' } });
});

it('stores a push', async () => {
  const answer = await fetch(`${server.url}/api/opendtu/measurements`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': apiKey },
    body: JSON.stringify(readmePush(new Date(now().getTime() - 10_000))),
  });
  expect(answer.status).toBe(201);
});

it('acknowledges a logger’s frame', async () => {
  const client = await TcpClient.open(server.collectorPort);
  LOGGER.learnTime(now());
  client.write(LOGGER.data(now()));
  expect((await client.take(23))[0]).toBe(0xa5);
  client.close();
});

it('shows the person what both brought', async () => {
  const signedIn = await fetch(`${server.url}/auth/jwt/login`, {
    method: 'POST',
    body: new URLSearchParams({ username: EMAIL, password: PASSWORD }),
  });
  const { access_token: token } = (await signedIn.json()) as { access_token: string };
  const page = await fetch(`${server.url}/inverters`, { headers: { authorization: `Bearer ${token}` } });
  expect(page.status).toBe(200);
  const html = await page.text();
  for (const name of ['solarman', 'opendtu', String(LOGGER.serial)]) expect(html).toContain(name);
});
