import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { apiKeyHint, hashApiKey, newApiKey } from '../../src/crypto/api-key.ts';
import { type RunningProcess, startProcess } from '../../src/roles/process.ts';
import { addActiveInverter, insertAccount, insertApiKeyFor } from '../../src/store/owner-accounts.ts';
import { CuttableProxy } from '../support/cuttable-proxy.ts';
import { readmePush } from '../support/readme-push.ts';
import { freePort } from '../support/server-process.ts';
import { TestLogger } from '../support/solarman-logger.ts';
import { TcpClient } from '../support/tcp-client.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** The whole process before a database whose line can be cut, and that can be made to say that its disk is full. */
let db: TestDatabase;
let proxy: CuttableProxy;
let running: RunningProcess;
let httpPort: number;
let collectorPort: number;
const key = newApiKey();
/** What it logs. */
const lines: { msg?: string; err?: { cause?: unknown } }[] = [];
/** Loggers count whole seconds; so do the moments of this test, or rounding would move them. */
const secondsAgo = (seconds: number): Date => new Date((Math.floor(Date.now() / 1000) - seconds) * 1000);
const logger = new TestLogger(4_151_234_567, secondsAgo(3600));

beforeAll(async () => {
  db = await createTestDatabase();
  const target = new URL(db.adminUrl);
  proxy = await CuttableProxy.before({ host: target.hostname, port: Number(target.port) });
  const url = new URL(db.adminUrl);
  url.port = String(proxy.port);
  [httpPort, collectorPort] = [await freePort(), await freePort()];
  const config = loadConfig(
    {
      DATABASE_URL: url.toString(),
      ROLE_PREFIX: db.roles.owner.replace(/_owner$/, ''),
      AUTH_SECRET: db.authSecret,
      ENCRYPTION_KEY: `${randomBytes(32).toString('base64url')}=`,
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: String(httpPort),
      COLLECTOR_HOST: '127.0.0.1',
      COLLECTOR_PORT: String(collectorPort),
    },
    '/nonexistent',
  );
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  running = await startProcess(config, log);
  await db.owner(async (owner) => {
    const userId = await insertAccount(owner, {
      email: 'anna@example.org',
      passwordHash: 'x',
      firstName: '',
      lastName: '',
      timeZone: 'Europe/Berlin',
      isAdmin: false,
      isVerified: true,
    });
    const at = new Date();
    await insertApiKeyFor(owner, userId, {
      name: 'DTU',
      scope: 'full',
      hash: hashApiKey(key),
      hint: apiKeyHint(key),
      createdAt: at,
      expiresAt: null,
    });
    const device = { ratedPowerW: null, timeZone: null };
    await addActiveInverter(owner, userId, { ...device, kind: 'opendtu', serial: '116166771004', name: 'Dach' });
    await addActiveInverter(owner, userId, { ...device, kind: 'solarman', serial: '4151234567', name: 'Balkon' });
  });
});
afterAll(async () => {
  proxy.mend();
  await running.stop();
  await proxy.close();
  await db.drop();
});

const push = (at: Date) =>
  fetch(`http://127.0.0.1:${httpPort}/api/opendtu/measurements`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key },
    body: JSON.stringify(readmePush(at)),
  });

const storedSeconds = async (): Promise<number[]> => {
  const { rows } = await db.owner((c) =>
    c.query<{ s: number }>('SELECT extract(epoch FROM ts)::int AS s FROM store.ac_sample ORDER BY ts'),
  );
  return rows.map((row) => row.s);
};
const second = (at: Date): number => Math.floor(at.getTime() / 1000);

/** A logger that has shaken hands and knows the time. */
async function connectedLogger(): Promise<TcpClient> {
  const client = await TcpClient.open(collectorPort);
  client.write(logger.handshake(secondsAgo(0)));
  await client.take(23);
  logger.learnTime(secondsAgo(0));
  return client;
}

describe('while the database is out of reach', () => {
  it('a push gets 503 with Retry-After, a logger no acknowledgement, and afterwards everything is there once', async () => {
    const before = secondsAgo(50);
    const during = secondsAgo(40);
    expect((await push(before)).status).toBe(201);
    const client = await connectedLogger();

    proxy.cut();
    const refused = await push(during);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ error: expect.any(String) });
    const told = lines.find(({ msg }) => /could not be served/.test(msg ?? ''));
    expect(JSON.stringify(told)).toMatch(/Connection terminated|ECONN|ETIMEDOUT|57P0|timeout/i);
    const at = secondsAgo(1);
    const frame = logger.data(at);
    client.write(frame);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(client.waiting).toBe(0);
    const health = await fetch(`http://127.0.0.1:${httpPort}/healthcheck`);
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({ components: { database: 'down' } });

    proxy.mend();
    // The logger sends again what was not acknowledged, on this connection or, if that was given up, on another.
    const again = client.closed ? await connectedLogger() : client;
    again.write(frame);
    expect((await again.take(23))[4]).toBe(0x12);
    again.close();
    expect((await push(during)).status).toBe(201);
    expect((await push(before)).status).toBe(201);
    expect(await storedSeconds()).toEqual([second(before), second(during), second(at)]);
    await expect.poll(async () => (await fetch(`http://127.0.0.1:${httpPort}/healthcheck`)).status).toBe(200);
  });
});

describe('while the disk is full', () => {
  it('nothing is acknowledged, and the next try succeeds once there is room', async () => {
    const at = secondsAgo(20);
    const admin = new pg.Client({ connectionString: db.adminUrl });
    await admin.connect();
    // The error PostgreSQL raises when it cannot extend a file, from inside the very statement that would.
    await admin.query(`CREATE FUNCTION store.full() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$`);
    await admin.query(
      'CREATE TRIGGER full_disk BEFORE INSERT ON store.ac_sample FOR EACH ROW EXECUTE FUNCTION store.full()',
    );
    const client = await connectedLogger();
    try {
      expect((await push(at)).status).toBe(503);
      client.write(logger.data(at));
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(client.waiting).toBe(0);
    } finally {
      client.close();
      await admin.query('DROP FUNCTION store.full() CASCADE');
      await admin.end();
    }
    expect((await push(at)).status).toBe(201);
    expect(await storedSeconds()).toContain(second(at));
  });
});
