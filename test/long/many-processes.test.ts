import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fernet } from '../../src/crypto/fernet.ts';
import { inTransaction } from '../../src/db/as-tenant.ts';
import { languageOf } from '../../src/i18n/locale.ts';
import { composeMail } from '../../src/mail/compose.tsx';
import { sealMail } from '../../src/mail/sealed.ts';
import { queueMail } from '../../src/store/mail.ts';
import { EventReader } from '../support/event-reader.ts';
import { freePort, type ServerProcess, startServer } from '../support/server-process.ts';
import { Deye, Dtu, expectNothingLost, progress, register, type Target } from '../support/steady-devices.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** Two processes of each role, as on several machines: nothing shared but one PostgreSQL. */
const EMAIL = 'anna@example.org';
const PASSWORD = 'Sonne-und-Wind-7';
const MAILS = 40;
const encryptionKey = `${randomBytes(32).toString('base64url')}=`;
let db: TestDatabase;
let webs: ServerProcess[];
let collectors: ServerProcess[];
let workers: ServerProcess[];
let apiKey: string;
let metricsPort: number;

beforeAll(async () => {
  db = await createTestDatabase();
  metricsPort = await freePort();
  const start = (roles: string, more: Record<string, string> = {}): Promise<ServerProcess> =>
    startServer({
      env: {
        DATABASE_URL: db.adminUrl,
        ROLE_PREFIX: db.roles.owner.replace(/_owner$/, ''),
        AUTH_SECRET: db.authSecret,
        ENCRYPTION_KEY: encryptionKey,
        ROLES: roles,
        ...more,
      },
    });
  // All at the same time, as after a power cut.
  const [web, otherWeb, collector, otherCollector, worker, otherWorker] = await Promise.all([
    start('web'),
    start('web'),
    start('collector', { METRICS_PORT: String(metricsPort) }),
    start('collector'),
    start('worker'),
    start('worker'),
  ]);
  webs = [web, otherWeb];
  collectors = [collector, otherCollector];
  workers = [worker, otherWorker];
  await web.cli('user', 'create', '--email', EMAIL, '--password', PASSWORD, '--verified');
  const created = await web.cli('api-key', 'create', '--email', EMAIL, '--name', 'all', '--scope', 'full', '--json');
  apiKey = (JSON.parse(created) as { key: string }).key;
});
afterAll(async () => {
  await Promise.all([...webs, ...collectors, ...workers].map((process) => process.stop()));
  await db.drop();
});

const at = <T>(list: readonly T[], index: number): T => {
  const item = list[index];
  if (item === undefined) throw new Error(`there are only ${list.length}`);
  return item;
};

function signIn(web: ServerProcess, password: string): Promise<Response> {
  const body = new URLSearchParams({ username: EMAIL, password });
  return fetch(`${web.url}/auth/jwt/login`, { method: 'POST', body });
}

async function outboxes(): Promise<string[][]> {
  return Promise.all(
    workers.map(async ({ dataDir }) => {
      const names = await readdir(join(dataDir, 'outbox')).catch(() => []);
      return Promise.all(names.map((name) => readFile(join(dataDir, 'outbox', name), 'utf8')));
    }),
  );
}

async function queueMails(): Promise<void> {
  const fernet = new Fernet([encryptionKey]);
  const now = new Date();
  await inTransaction(db.pools.app, async (tx) => {
    for (let n = 0; n < MAILS; n++) {
      const to = `member${n}@example.org`;
      const link = { url: `http://localhost/reset_password?token=${n}`, hours: 1 };
      const message = composeMail('reset', { to, language: languageOf('de-DE'), link, server: 'localhost' });
      await queueMail(tx, { userId: null, kind: 'reset', sealed: sealMail(fernet, message, now) }, now);
    }
  });
}

describe('two processes of each role on one PostgreSQL', () => {
  it('tell each other what devices send, lose nothing when one of each is killed, and do each job once', async () => {
    // Which process a device finds; a load balancer would ask that of its health checks.
    let webOf = 0;
    let collectorOf = 0;
    const target = (web: number) => (): Target => ({
      url: at(webs, web).url,
      collectorPort: at(collectors, collectorOf).collectorPort,
      apiKey,
    });
    const moving = (): Target => ({ ...target(1)(), url: at(webs, webOf).url });
    const devices = [new Dtu('116166771004', moving), new Dtu('116166771005', target(1)), new Deye(target(1))];
    const ids = await register(devices, target(0)());

    const { access_token: token } = (await (await signIn(at(webs, 0), PASSWORD)).json()) as { access_token: string };
    const pages = await Promise.all(
      webs.flatMap((web) =>
        ids.map((id) =>
          EventReader.open(`${web.url}/live/page?topic=dashboard:${id}`, { cookie: `fastapiusersauth=${token}` }),
        ),
      ),
    );
    expect(pages.map(({ status }) => status)).toEqual(pages.map(() => 200));

    const load = new AbortController();
    const running = devices.map((device) => device.run(load.signal));
    await progress(devices, 5);
    // Every page of both web processes follows every device, wherever that one sends to. The first two come by themselves.
    const updates = (page: EventReader): number => page.events.filter(({ event }) => event !== 'clock').length;
    await Promise.all(pages.map((page) => page.until('news of its device', () => updates(page) >= 4, 20_000)));

    await queueMails();
    for (const [i, processes] of [webs, collectors, workers].entries()) {
      at(processes, 0).signal('SIGKILL');
      await at(processes, 0).exited;
      if (i === 0) webOf = 1;
      if (i === 1) collectorOf = 1;
    }
    await progress(devices, 5);
    load.abort();
    await Promise.all(running);
    await expectNothingLost(devices, ids, target(1)());

    await expect.poll(async () => (await outboxes()).flat().length, { timeout: 30_000 }).toBe(MAILS);
    const recipients = (await outboxes()).flat().map((mail) => /^To: (.*)$/m.exec(mail)?.[1]?.trim());
    expect(new Set(recipients).size).toBe(MAILS);
    for (const page of pages) page.close();

    // The killed come back while the others go on.
    [webs[0], collectors[0], workers[0]] = await Promise.all([
      at(webs, 0).restart(),
      at(collectors, 0).restart(),
      at(workers, 0).restart(),
    ]);
  });

  it('know of each other by their heartbeats', async () => {
    for (const { url } of webs) {
      const health = (await (await fetch(`${url}/healthcheck`)).json()) as { components: object };
      expect(health.components).toEqual({ database: 'ok', collector: 'ok', worker: 'ok' });
    }
    // A process without pages says how it is on the port of its metrics.
    const metrics = `http://127.0.0.1:${metricsPort}`;
    expect((await fetch(`${metrics}/healthcheck`)).status).toBe(200);
    const text = await (await fetch(`${metrics}/metrics`)).text();
    expect(text).toContain('deye_hard_component_up{component="collector"} 1');
    expect(text).toContain('deye_hard_collector_connections 0');
  });

  it('count failed sign-ins together', async () => {
    for (const web of [0, 1, 0, 1, 0]) expect((await signIn(at(webs, web), 'not it')).status).toBe(400);
    for (const web of webs) expect((await signIn(web, PASSWORD)).status).toBe(429);
  });
});
