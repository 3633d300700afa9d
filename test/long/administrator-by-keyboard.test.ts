import { randomUUID } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fernet } from '../../src/crypto/fernet.ts';
import { argon2id } from '../../src/crypto/passwords.ts';
import { newTotpSeed, totpCode, totpStep } from '../../src/crypto/totp.ts';
import { insertAccount } from '../../src/store/owner-accounts.ts';
import { insertSession } from '../../src/store/sessions.ts';
import { launchChromium } from '../support/browse.ts';
import { browserOrSkip } from '../support/chromium.ts';
import { enter, tabTo } from '../support/keyboard.ts';
import { present } from '../support/present.ts';
import { buildTestApp, type ServedApp } from '../support/served-app.ts';
import { createTestDatabase, databaseOf, type TestDatabase } from '../support/test-database.ts';

/** What an administrator does, from signing in to signing out, without a pointer. */
const canBrowse = browserOrSkip();
const PASSWORD = 'Drei Tauben im Regen';
const seed = newTotpSeed();

let db: TestDatabase;
let served: ServedApp;
let origin: string;
let browser: Browser;
let adminId: number;
let memberId: number;

beforeAll(async () => {
  if (!canBrowse) return;
  db = await createTestDatabase();
  served = await buildTestApp(db);
  origin = present(served.routes.find(({ url }) => url === '/admin')).origin;
  adminId = await account('verwaltung@example.org', true);
  memberId = await account('mitglied@example.org', false);
  const sealed = new Fernet(databaseOf(db).secrets.encryptionKeys).encrypt(seed, new Date());
  await db.owner(async (owner) => {
    await owner.query(
      'INSERT INTO store.two_factor (user_id, seed, created_at, confirmed_at) VALUES ($1, $2, now(), now())',
      [adminId, sealed],
    );
    await owner.query(
      `INSERT INTO api.audit_log (user_id, action) SELECT $1, 'site.time_zone' FROM generate_series(1, 60)`,
      [memberId],
    );
  });
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await served?.stop();
  await db?.drop();
});

async function account(email: string, isAdmin: boolean): Promise<number> {
  const passwordHash = await argon2id.hash(PASSWORD);
  const names = { firstName: '', lastName: '', timeZone: 'Europe/Berlin' };
  return db.owner((owner) => insertAccount(owner, { email, passwordHash, ...names, isAdmin, isVerified: true }));
}

async function memberSignsIn(): Promise<void> {
  const createdAt = new Date();
  const expiresAt = new Date(createdAt.getTime() + 3600_000);
  const session = { id: randomUUID(), userId: memberId, createdAt, expiresAt, address: '', userAgent: null };
  await insertSession(db.pools.app, session);
}

/** Behind a button that says what it brings about. */
async function act(page: Page, what: string): Promise<void> {
  const form = `details:has(input[value="${what}"])`;
  await enter(page, `${form} > summary`);
  await enter(page, `${form} button`);
  await page.waitForURL(new RegExp(`done=${what}$`));
  await page.locator('main [role=status]').waitFor();
}

describe.skipIf(!canBrowse)('an administrator without a pointer', () => {
  it('signs in with a code, finds an account, disables and enables it, ends its sessions, reads on in the log, signs out', async () => {
    const page = await (
      await browser.newContext({ locale: 'de-DE', viewport: { width: 1000, height: 800 } })
    ).newPage();
    page.setDefaultTimeout(120_000);
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('request', (sent) => new URL(sent.url()).origin !== origin && complaints.push(sent.url()));
    await page.goto(`${origin}/login`);
    await page.keyboard.type('verwaltung@example.org');
    await page.keyboard.press('Tab');
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await page.locator('[name=otp]').waitFor();
    if ((await page.locator('[name=otp]:focus').count()) === 0) await tabTo(page, '[name=otp]');
    await page.keyboard.type(totpCode(seed, totpStep(new Date())));
    await page.keyboard.press('Enter');
    await page.waitForURL(`${origin}/`);

    await enter(page, '[data-menu] summary');
    await enter(page, '[data-menu] a[href="/admin"]');
    await page.waitForURL(`${origin}/admin`);
    await enter(page, 'main a[href="/admin/users"]');
    await page.waitForURL(`${origin}/admin/users`);
    await tabTo(page, '#search');
    await page.keyboard.type('MITGLIED');
    await page.keyboard.press('Enter');
    await page.waitForURL(/q=MITGLIED/);
    await enter(page, `main a[href="/admin/users/${memberId}"]`);
    await page.waitForURL(`${origin}/admin/users/${memberId}`);

    await act(page, 'disable');
    // As if just before it was disabled, by another process.
    await memberSignsIn();
    await act(page, 'enable');
    await act(page, 'end-sessions');
    expect(await done()).toEqual(['admin.disable', 'admin.enable', 'admin.end-sessions']);

    await enter(page, `main a[href^="/admin/devices?q="]`);
    await page.getByText('Nichts gefunden').waitFor();
    await enter(page, 'main a[href="/admin/audit"]');
    await page.waitForURL(`${origin}/admin/audit`);
    await enter(page, 'main a[href*="from="]');
    await page.waitForURL(/audit\?.*from=/);
    expect(await page.locator('[title="site.time_zone"]').count()).toBeGreaterThan(5);

    await enter(page, '[data-menu] summary');
    await enter(page, '[data-menu] button');
    await page.waitForURL(/\/login/);
    await page.goto(`${origin}/admin`);
    expect(page.url()).toContain('/login?next=');
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  async function done(): Promise<string[]> {
    const { rows } = await db.owner((owner) =>
      owner.query<{ action: string }>(
        `SELECT action FROM api.audit_log WHERE actor_id = $1 AND user_id = $2 AND action LIKE 'admin.%' ORDER BY id`,
        [adminId, memberId],
      ),
    );
    return rows.map(({ action }) => action);
  }
});
