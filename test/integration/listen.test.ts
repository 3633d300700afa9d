import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DatabaseListener } from '../../src/db/listen.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { CuttableProxy } from '../support/cuttable-proxy.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

let db: TestDatabase;
let proxy: CuttableProxy;
let listener: DatabaseListener;
const heard: string[] = [];
let connections = 0;

beforeAll(async () => {
  db = await createTestDatabase();
  const url = new URL(db.adminUrl);
  proxy = await CuttableProxy.before({ host: url.hostname, port: Number(url.port) });
  url.port = String(proxy.port);
  listener = new DatabaseListener({
    connectionString: url.toString(),
    channels: ['weather'],
    onNotification: (_, payload) => heard.push(payload),
    onConnected: () => connections++,
    log: createLogger('fatal'),
    backoffMs: { first: 20, longest: 20 },
    probe: { everyMs: 100, withinMs: 500 },
  });
  await listener.start();
});
afterAll(async () => {
  await listener.stop();
  await proxy.close();
  await db.drop();
});

const say = (what: string) => db.owner((client) => client.query(`SELECT pg_notify('weather', $1)`, [what]));

describe('the listening connection', () => {
  it('hears, and hears again after the line was cut', async () => {
    await say('sun');
    await expect.poll(() => heard).toEqual(['sun']);
    proxy.cut();
    proxy.mend();
    await expect.poll(() => connections).toBe(2);
    await say('cloud');
    await expect.poll(() => heard).toEqual(['sun', 'cloud']);
  });

  it('notices a line that died without a word', async () => {
    const before = connections;
    proxy.swallow();
    await expect.poll(() => connections, { timeout: 5_000 }).toBe(before + 1);
    await say('rain');
    await expect.poll(() => heard.at(-1)).toBe('rain');
  });
});
