import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashApiKey, newApiKey } from '../../src/crypto/api-key.ts';
import { Fernet } from '../../src/crypto/fernet.ts';
import { SessionTokens } from '../../src/crypto/jwt.ts';
import { argon2id } from '../../src/crypto/passwords.ts';
import { SESSION_COOKIE } from '../../src/http/authentication.ts';
import { unsealMail } from '../../src/mail/sealed.ts';
import { Health } from '../../src/services/health.ts';
import type { ProcessFigures } from '../../src/services/process-figures.ts';
import { insertApiKey } from '../../src/store/api-keys.ts';
import { insertAccount } from '../../src/store/owner-accounts.ts';
import { insertSession } from '../../src/store/sessions.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { PAGES } from '../../src/web/pages/index.ts';
import { Scheduler } from '../../src/worker/scheduler.ts';
import { BrowserLike } from '../support/browser-like.ts';
import { functions } from '../support/isolation/catalogue.ts';
import { textOf } from '../support/page-text.ts';
import { present } from '../support/present.ts';
import { buildTestApp, type ServedApp } from '../support/served-app.ts';
import { createTestDatabase, databaseOf, type TestDatabase } from '../support/test-database.ts';

/** The administration over HTTP, with the server as it is served behind a proxy, and what the database makes of who is none. */
const PASSWORD = 'Drei Tauben im Regen';
/** Of the networks that may. */
const OFFICE = '192.0.2.7';
const ADMIN_PATHS = PAGES.filter(({ access }) => access === 'admin').map(({ path }) => path);

let db: TestDatabase;
let served: ServedApp;
let origin: string;
let passwordHash: string;
let admin: { id: number; browser: BrowserLike };
let member: { id: number; browser: BrowserLike };

beforeAll(async () => {
  db = await createTestDatabase();
  passwordHash = await argon2id.hash(PASSWORD);
  served = await buildTestApp(db, { env: { ADMIN_ALLOW: '192.0.2.0/24', TRUST_PROXY: '127.0.0.1' } });
  origin = served.routes[0]?.origin ?? '';
  admin = await person('verwaltung@example.org', { isAdmin: true });
  await secondFactor(admin.id);
  member = await person('mitglied@example.org');
});
afterAll(async () => {
  await served?.stop();
  await db?.drop();
});

async function person(email: string, { isAdmin = false, from = OFFICE } = {}) {
  const id = await db.owner((owner) =>
    insertAccount(owner, {
      ...{ email, passwordHash, firstName: '<b>Erika</b>', lastName: 'Muster', timeZone: 'Europe/Berlin' },
      ...{ isAdmin, isVerified: true },
    }),
  );
  return { id, browser: await signedIn(id, from) };
}

async function signedIn(id: number, from = OFFICE): Promise<BrowserLike> {
  const now = new Date();
  const sessionId = randomUUID();
  const expiresAt = new Date(now.getTime() + 3600_000);
  await insertSession(db.pools.app, {
    ...{ id: sessionId, userId: id, createdAt: now, expiresAt, address: from, userAgent: null },
  });
  const { token } = await new SessionTokens(db.authSecret).sign(id, sessionId, now);
  return new BrowserLike(origin, { cookie: `${SESSION_COOKIE}=${token}`, 'x-forwarded-for': from });
}

/** As far as anybody asks whether it is on. */
async function secondFactor(id: number): Promise<void> {
  await rows('INSERT INTO store.two_factor (user_id, seed, created_at, confirmed_at) VALUES ($1, $2, now(), now())', [
    id,
    'sealed',
  ]);
}

/** As the owner. */
async function rows<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
  return db.owner(async (owner) => (await owner.query<Row>(text, values)).rows);
}

const pathOf = (path: string, id = member.id): string => path.replace(':id', String(id));
const user = (id: number): string => `/admin/users/${id}`;
const act = (id: number, what: string, by = admin.browser) => by.submit('/account', user(id), { act: what });
const lastAudit = async (): Promise<unknown> =>
  (await rows('SELECT action, actor_id, user_id, address FROM api.audit_log ORDER BY id DESC LIMIT 1'))[0];

describe('who comes in', () => {
  it('an administrator with a second factor, from a network that may', async () => {
    for (const path of ADMIN_PATHS) {
      const page = await admin.browser.get(pathOf(path));
      expect([path, page.status]).toEqual([path, 200]);
      expect(page.headers.get('cache-control')).toBe('no-store');
      expect(page.body).not.toContain('<b>Erika');
      expect(page.body).not.toContain(passwordHash);
    }
    expect((await admin.browser.get('/')).body).toContain('href="/admin"');
  });

  it('to everybody else there is no such page, and no way to it is shown', async () => {
    const elsewhere = await signedIn(admin.id, '198.51.100.9');
    for (const path of ADMIN_PATHS) {
      expect((await member.browser.get(pathOf(path))).status).toBe(404);
      expect((await elsewhere.get(pathOf(path))).status).toBe(404);
      expect((await new BrowserLike(origin, { 'x-forwarded-for': '198.51.100.9' }).get(pathOf(path))).status).toBe(404);
      const nobody = await new BrowserLike(origin, { 'x-forwarded-for': OFFICE }).get(pathOf(path));
      expect(nobody.location).toBe(`/login?next=${encodeURIComponent(pathOf(path))}`);
    }
    expect((await act(member.id, 'make-admin', member.browser)).status).toBe(404);
    expect((await act(member.id, 'disable', elsewhere)).status).toBe(404);
    expect((await member.browser.get('/')).body).not.toContain('href="/admin"');
  });

  it('an administrator’s API key is nobody here', async () => {
    const key = newApiKey();
    const facts = { name: 'all', scope: 'full', hash: hashApiKey(key), hint: '…', createdAt: new Date() } as const;
    await insertApiKey(db.pools.app, admin.id, { ...facts, expiresAt: null });
    const program = new BrowserLike(origin, { 'x-api-key': key, 'x-forwarded-for': OFFICE });
    for (const path of ADMIN_PATHS) expect((await program.get(pathOf(path))).location).toMatch(/^\/login/);
  });

  it('without a second factor an administrator is led to set one up, and does nothing before', async () => {
    const fresh = await person('neu@example.org', { isAdmin: true });
    for (const path of ADMIN_PATHS) {
      expect((await fresh.browser.get(pathOf(path))).location).toBe('/account/two-factor');
    }
    expect((await act(member.id, 'disable', fresh.browser)).location).toBe('/account/two-factor');
    expect(await rows('SELECT disabled_at FROM api.user_account WHERE id = $1', [member.id])).toEqual([
      { disabled_at: null },
    ]);
    await rows('UPDATE api.user_account SET is_admin = false WHERE id = $1', [fresh.id]);
  });

  it('a form without its token does nothing', async () => {
    const answer = await fetch(`${origin}${user(member.id)}`, {
      method: 'POST',
      headers: {
        ...{ accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded', 'x-forwarded-for': OFFICE },
        cookie: `${SESSION_COOKIE}=${(await adminToken()).token}`,
      },
      body: 'act=disable',
    });
    expect(answer.status).toBe(403);
  });

  async function adminToken() {
    const now = new Date();
    const id = randomUUID();
    const expiresAt = new Date(now.getTime() + 60_000);
    await insertSession(db.pools.app, {
      ...{ id, userId: admin.id, createdAt: now, expiresAt, address: OFFICE, userAgent: null },
    });
    return new SessionTokens(db.authSecret).sign(admin.id, id, now);
  }
});

describe('accounts', () => {
  it('are found by address and name, in pages', async () => {
    await rows(
      `INSERT INTO api.user_account (email, password_hash, first_name)
       SELECT 'reihe' || n || '@example.com', 'x', 'Reihe' FROM generate_series(1, 60) n`,
    );
    const first = await admin.browser.get('/admin/users?q=REIHE');
    expect(first.body.match(/reihe\d+@example\.com</g)).toHaveLength(50);
    const next = /href="(\/admin\/users\?q=REIHE&amp;from=\d+)"/.exec(first.body)?.[1]?.replace('&amp;', '&') ?? '';
    expect((await admin.browser.get(next)).body.match(/reihe\d+@example\.com</g)).toHaveLength(10);
    expect(textOf((await admin.browser.get('/admin/users?q=%25')).body)).toContain('Nichts gefunden');
    expect((await admin.browser.get(user(999_999))).status).toBe(404);
  });

  it('one that is disabled is out at once, and whoever keeps its streams open is told', async () => {
    const target = await person('gesperrt@example.org');
    const listener = new pg.Client({ connectionString: db.adminUrl });
    // The server ends it with the database, should something before fail.
    listener.on('error', () => undefined);
    const told: string[] = [];
    listener.on('notification', ({ payload }) => told.push(payload ?? ''));
    await listener.connect();
    await listener.query('LISTEN deye_hard_session');
    expect((await target.browser.get('/account')).status).toBe(200);
    expect((await act(target.id, 'disable')).location).toBe(`${user(target.id)}?done=disable`);
    expect((await target.browser.get('/account')).location).toMatch(/^\/login/);
    await expect.poll(() => told).toContain(String(target.id));
    await listener.end();
    expect(await lastAudit()).toEqual({
      ...{ action: 'admin.disable', actor_id: admin.id, user_id: target.id, address: OFFICE },
    });
    expect(textOf((await admin.browser.get(user(target.id))).body)).toContain('Gesperrt');
    expect((await act(target.id, 'start-reset')).status).toBe(404);
    await act(target.id, 'enable');
    expect((await (await signedIn(target.id)).get('/account')).status).toBe(200);
  });

  it('is verified, made an administrator and no more one, and signed out with each change of rights', async () => {
    const target = await person('rolle@example.org');
    await rows('UPDATE api.user_account SET verified_at = NULL WHERE id = $1', [target.id]);
    await act(target.id, 'verify');
    expect(textOf((await target.browser.get('/')).body)).not.toContain('noch nicht bestätigt');
    await act(target.id, 'make-admin');
    expect((await target.browser.get('/')).location).toBe('/login');
    const promoted = await signedIn(target.id);
    await secondFactor(target.id);
    expect((await promoted.get('/admin')).status).toBe(200);
    await act(target.id, 'unmake-admin');
    expect((await promoted.get('/admin')).location).toMatch(/^\/login/);
    expect((await (await signedIn(target.id)).get('/admin')).status).toBe(404);
    await act(target.id, 'end-sessions');
    expect((await rows('SELECT FROM api.session WHERE user_id = $1 AND ended_at IS NULL', [target.id])).length).toBe(0);
  });

  it('there is always an administrator left', async () => {
    const last = await act(admin.id, 'unmake-admin');
    expect([last.status, textOf(last.body)]).toEqual([409, expect.stringContaining('das letzte Konto mit Verwaltung')]);
    const self = await act(admin.id, 'disable');
    expect([self.status, textOf(self.body)]).toEqual([409, expect.stringContaining('eigene Konto')]);
  });

  it('gets a link for a new password by mail, and the administrator sees none of it', async () => {
    const answer = await act(member.id, 'start-reset');
    expect(answer.location).toBe(`${user(member.id)}?done=start-reset`);
    const [mail] = await rows<{ id: number; message: string }>(
      `SELECT id, message FROM store.mail WHERE user_id = $1 AND kind = 'reset'`,
      [member.id],
    );
    const { encryptionKeys } = databaseOf(db).secrets;
    const { text } = unsealMail(new Fernet(encryptionKeys), present(mail).message, new Date());
    const token = /token=([\w-]+)/.exec(text)?.[1] ?? '';
    expect((await new BrowserLike(origin).get(`/reset_password?token=${token}`)).status).toBe(200);
    const outbox = await admin.browser.get('/admin/mails');
    expect(textOf(outbox.body)).toContain('Neues Passwort');
    for (const { body } of [answer, outbox, await admin.browser.get('/admin/audit')]) expect(body).not.toContain(token);

    await rows('UPDATE store.mail SET run_after = $2, attempts = 4 WHERE id = $1', [mail?.id, new Date('2099-01-01')]);
    expect((await admin.browser.submit('/account', '/admin/mails', { mail: String(mail?.id) })).status).toBe(303);
    const due = await rows('SELECT FROM store.mail WHERE id = $1 AND run_after <= now()', [mail?.id]);
    expect(due).toHaveLength(1);
    await rows('UPDATE store.mail SET message = NULL WHERE id = $1', [mail?.id]);
    expect((await admin.browser.submit('/account', '/admin/mails', { mail: String(mail?.id) })).status).toBe(404);
    expect(textOf((await admin.browser.get('/admin/mails?state=failed')).body)).toContain('Aufgegeben');
  });
});

describe('devices', () => {
  const serial = '2712345678';

  it('a logger that is nobody’s is given to an account, and is active at once', async () => {
    await db.pools.ingest.query('SELECT api.note_unclaimed($1, now(), $2)', [serial, '203.0.113.5']);
    expect((await admin.browser.get('/admin/loggers')).body).toContain(serial);
    const assign = (email: string) =>
      admin.browser.submit('/account', '/admin/loggers', { serial, email, name: 'Süd <i>' });
    const wrong = await assign('niemand@example.org');
    expect([wrong.status, textOf(wrong.body)]).toEqual([
      422,
      expect.stringContaining('Ein solches Konto gibt es nicht'),
    ]);
    expect((await assign('MITGLIED@example.org')).location).toBe('/admin/loggers?done=assigned');
    expect(
      await rows(
        `SELECT i.user_id, i.waiting, c.proof FROM api.inverter i JOIN api.claim c ON c.user_id = i.user_id AND c.inverter_id = i.id
         WHERE i.serial = $1`,
        [serial],
      ),
    ).toEqual([{ user_id: member.id, waiting: false, proof: 'administrator' }]);
    expect(await lastAudit()).toMatchObject({ action: 'admin.assign-logger', actor_id: admin.id, user_id: member.id });
    expect((await admin.browser.get('/admin/loggers')).body).not.toContain(serial);
    for (const email of ['mitglied@example.org', 'verwaltung@example.org'])
      expect((await assign(email)).status).toBe(409);
  });

  it('are listed with their owners and when they were heard, by serial', async () => {
    await db.pools.ingest.query(
      `SELECT api.note_gateway($1, 'solarman', $2, '{"firmware": "LSW5"}', now(), '203.0.113.5')`,
      [member.id, serial],
    );
    const { body } = await admin.browser.get(`/admin/devices?q=${serial}`);
    expect(textOf(body)).toMatch(/Süd <i> .*mitglied@example\.org .*letzte Daten: nie Gateway zuletzt gesehen vor/);
    expect(textOf((await admin.browser.get('/admin/devices?show=gateways')).body)).toMatch(/2712345678 .*LSW5/);
  });
});

describe('how it goes', () => {
  it('is told for every process, by what each said with its heartbeat', async () => {
    const figures: ProcessFigures = {
      ...{ samples: 500, samplesPerMinute: 41, queued: 7, connections: 3, rejects: { 'frames-damaged': 17 } },
    };
    const collector = new Health(
      db.pools.app,
      new Map([['collector', () => '']]),
      createLogger('fatal'),
      () => figures,
    );
    await collector.start();
    const text = textOf((await admin.browser.get('/admin')).body);
    await collector.stop();
    expect(text).toMatch(
      /collector · .*Messwerte je Minute 41 wartende Messwerte 7 verbundene Logger 3 .*beschädigte Frames 17/,
    );
    expect(text).toMatch(/Deye \/ Solarman Wechselrichter 1 in 15 Minuten gehört 0/);
  });

  it('of each job: the last run, and what it failed with', async () => {
    const settings = { compressAfterDays: 7, retentionDays: 730 };
    const scheduler = new Scheduler(databaseOf(db), settings, createLogger('fatal'));
    await scheduler.runOnce({ name: 'does-well', everyS: 5, run: async () => undefined });
    let isBroken = true;
    const broken = {
      ...{ name: 'breaks', everyS: 5 },
      run: () => (isBroken ? Promise.reject(new Error('no room left')) : Promise.resolve()),
    };
    await scheduler.runOnce(broken);
    await scheduler.runOnce(broken);
    const text = textOf((await admin.browser.get('/admin/jobs')).body);
    expect(text).toMatch(/breaks Fehlgeschlagen no room left .*does-well Gelungen/);
    isBroken = false;
    await scheduler.runOnce(broken);
    expect(textOf((await admin.browser.get('/admin/jobs')).body)).toMatch(/breaks Gelungen/);
  });
});

describe('the audit log', () => {
  it('has every sign-in and every one that failed, with and without an account, from where', async () => {
    const browser = new BrowserLike(origin, { 'x-forwarded-for': '203.0.113.77' });
    for (const [username, password] of [
      ['mitglied@example.org', 'Falsche Tauben'],
      ['Falsches Feld 9', 'Falsche Tauben'],
      ['mitglied@example.org', PASSWORD],
    ] as const) {
      await browser.submit('/login', '/login', { username, password });
    }
    const noted = await rows(
      `SELECT action, actor_id, user_id, detail FROM api.audit_log WHERE address = '203.0.113.77' ORDER BY id`,
    );
    expect(noted).toEqual([
      { action: 'sign-in.failed', actor_id: null, user_id: member.id, detail: { why: 'password' } },
      { action: 'sign-in.failed', actor_id: null, user_id: null, detail: { why: 'password' } },
      { action: 'sign-in', actor_id: member.id, user_id: member.id, detail: {} },
    ]);
    const { body } = await admin.browser.get('/admin/audit?act=sign-in.failed&who=mitglied%40example.org');
    expect(textOf(body)).toMatch(
      /Anmeldung fehlgeschlagen .*mitglied@example\.org von 203\.0\.113\.77 Grund: Adresse oder Passwort falsch/,
    );
    expect(body).not.toContain('Falsches Feld');
  });

  it('is filtered by whom, what and when, and paged', async () => {
    await rows(
      `INSERT INTO api.audit_log (at, user_id, action) SELECT timestamptz '2026-01-10 12:00+01', $1, 'site.time_zone'
       FROM generate_series(1, 60)`,
      [member.id],
    );
    const found = async (query: string): Promise<number> =>
      (await admin.browser.get(`/admin/audit?${query}`)).body.match(/title="site\.time_zone"/g)?.length ?? 0;
    const day = 'since=2026-01-10&until=2026-01-10';
    expect(await found(`who=${member.id}&${day}`)).toBe(50);
    expect(await found(`who=${admin.id}&${day}`)).toBe(0);
    expect(await found('who=nobody%40example.org')).toBe(0);
    expect(await found('until=2026-01-09')).toBe(0);
    expect(await found('act=admin.')).toBe(0);
    const first = await admin.browser.get(`/admin/audit?who=${member.id}&${day}`);
    const next = /href="(\/admin\/audit\?[^"]*from=[^"]*)"/.exec(first.body)?.[1]?.replaceAll('&amp;', '&') ?? '';
    expect((await admin.browser.get(next)).body.match(/title="site\.time_zone"/g)).toHaveLength(10);
  });

  it('notes failures only up to a bound, which nobody’s failures use up for another account', async () => {
    const fail = (email: string, times: number) =>
      db.pools.app.query(
        `SELECT api.note_failed_sign_in($1, 'password', now(), '203.0.113.78') FROM generate_series(1, $2::int)`,
        [email, times],
      );
    await fail('nobody-at-all@example.org', 150);
    await fail('verwaltung@example.org', 1);
    const counts = await rows(
      `SELECT user_id, count(*)::int AS n, count(*) FILTER (WHERE detail ? 'more')::int AS marked
       FROM api.audit_log WHERE address = '203.0.113.78' GROUP BY 1 ORDER BY 1`,
    );
    // One without an account was noted before.
    expect(counts).toEqual([
      { user_id: admin.id, n: 1, marked: 0 },
      { user_id: null, n: 99, marked: 1 },
    ]);
  });

  it.each(['app', 'ingest', 'admin'] as const)('can only be appended to by the login %s, if at all', async (login) => {
    const code = (text: string): Promise<unknown> =>
      db.pools[login].query(text).then(
        () => 'done',
        (error: pg.DatabaseError) => error.code,
      );
    for (const text of [
      'SELECT id FROM api.audit_log',
      `UPDATE api.audit_log SET action = 'nothing'`,
      'DELETE FROM api.audit_log',
      'TRUNCATE api.audit_log',
      // In another's name.
      `INSERT INTO api.audit_log (actor_id, user_id, action) VALUES (${admin.id}, ${admin.id}, 'forged')`,
    ]) {
      expect([text, await code(text)]).toEqual([text, '42501']);
    }
  });
});

it('the database itself refuses whoever is no administrator, in every function of the administration', async () => {
  const all = await db.owner((owner) => functions(owner));
  const own = all.filter(({ id, executors }) => id.startsWith('api.admin_') && executors.includes(db.roles.admin));
  expect(own.length).toBeGreaterThan(10);
  const client = await db.pools.admin.connect();
  try {
    for (const tenant of ['', String(member.id), '999999']) {
      for (const { id, argumentTypes } of own) {
        await client.query('BEGIN');
        await client.query(`SELECT set_config('app.current_user_id', $1, true)`, [tenant]);
        const asked = client.query(`SELECT * FROM ${id}(${argumentTypes.map((type) => `NULL::${type}`).join(', ')})`);
        await expect(asked, `${id} as "${tenant}"`).rejects.toMatchObject({
          code: '42501',
          message: 'not an administrator',
        });
        await client.query('ROLLBACK');
      }
    }
  } finally {
    client.release();
  }
});
