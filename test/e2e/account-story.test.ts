import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fernet } from '../../src/crypto/fernet.ts';
import { totpCode, totpStep } from '../../src/crypto/totp.ts';
import { unsealMail } from '../../src/mail/sealed.ts';
import { launchChromium } from '../support/browse.ts';
import { browserOrSkip } from '../support/chromium.ts';
import { buildTestApp, type ServedApp } from '../support/served-app.ts';
import { createTestDatabase, databaseOf, type TestDatabase } from '../support/test-database.ts';

/** An account in a browser, from the first visit to the last: the way a person goes, by what the pages show. */
const canBrowse = browserOrSkip();
const EMAIL = 'erika@example.org';
const PASSWORD = 'Drei Tauben im Regen';
const NEXT = 'Vier Tauben im Nebel';

let db: TestDatabase;
let served: ServedApp;
let origin: string;
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** What a browser complains about; and whoever else it asked. */
const complaints: string[] = [];

beforeAll(async () => {
  if (!canBrowse) return;
  db = await createTestDatabase();
  served = await buildTestApp(db);
  origin = served.routes[0]?.origin ?? '';
  browser = await launchChromium();
  context = await browser.newContext({ locale: 'de', viewport: { width: 360, height: 740 } });
  page = await watched();
});
afterAll(async () => {
  await browser?.close();
  await served?.stop();
  await db?.drop();
});

async function watched(): Promise<Page> {
  const opened = await context.newPage();
  opened.on('console', (message) => {
    // That the server answers 401 to a wrong password is no complaint.
    const isAnswer =
      /^(Failed to load resource: the server responded with a status of|Response Status Error Code) 4/.test(
        message.text(),
      );
    if (['error', 'warning'].includes(message.type()) && !isAnswer) complaints.push(message.text());
  });
  opened.on('pageerror', (error) => complaints.push(error.message));
  opened.on('request', (request) => {
    if (!request.url().startsWith(origin) && !request.url().startsWith('data:')) complaints.push(request.url());
  });
  return opened;
}

/** The newest mail in the outbox, and the address in it as this server's. */
async function newestMail(): Promise<{ subject: string; link: string }> {
  const { rows } = await db.owner((client) =>
    client.query<{ message: string }>('SELECT message FROM store.mail ORDER BY id DESC LIMIT 1'),
  );
  const mail = unsealMail(new Fernet(databaseOf(db).secrets.encryptionKeys), rows[0]?.message ?? '', new Date());
  const link = /https?:\/\/\S+/.exec(mail.text)?.[0] ?? '';
  return { subject: mail.subject, link: link.replace(/^https?:\/\/[^/]+/, origin) };
}

const heading = (): Promise<string> => page.locator('main h1').innerText();

async function signIn(password: string): Promise<void> {
  await page.goto(`${origin}/login`);
  await page.getByLabel('E-Mail-Adresse').fill(EMAIL);
  await page.getByLabel('Passwort', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Anmelden' }).click();
}

describe.skipIf(!canBrowse)('an account in a browser', () => {
  it('is signed up and confirmed', async () => {
    await page.goto(`${origin}/login`);
    await page.getByRole('link', { name: 'Konto anlegen' }).click();
    await page.getByLabel('Vorname').fill('Erika');
    await page.getByLabel('E-Mail-Adresse').fill(EMAIL);
    await page.getByLabel('Passwort').fill(PASSWORD);
    await page.getByRole('button', { name: 'Konto anlegen' }).click();
    await page.waitForFunction(() => document.querySelector('main h1')?.textContent === 'Sehen Sie in Ihr Postfach');
    await signIn(PASSWORD);
    await page.getByText('Ihre E-Mail-Adresse ist noch nicht bestätigt.').waitFor();
    await page.goto((await newestMail()).link);
    expect(await heading()).toBe('Ihre E-Mail-Adresse ist bestätigt');
    await page.goto(origin);
    expect(await page.getByText('noch nicht bestätigt').count()).toBe(0);
  });

  it('gets a second factor, which the next sign-in asks for', async () => {
    await page.goto(`${origin}/account`);
    await page.getByRole('link', { name: 'Zwei-Faktor-Anmeldung' }).click();
    await page.getByLabel('Ihr Passwort').fill(PASSWORD);
    await page.getByRole('button', { name: 'Einrichten' }).click();
    const url = await page.getByRole('link', { name: 'In der App öffnen' }).getAttribute('href');
    const secret = new URL(url ?? '').searchParams.get('secret') ?? '';
    const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0'));
    const bytes = bits.join('').match(/.{8}/g) ?? [];
    const seed = Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
    await page.getByLabel('Code aus der App').fill(totpCode(seed, totpStep(new Date())));
    await page.getByRole('button', { name: 'Einschalten' }).click();
    await expect.poll(() => page.locator('main li').count()).toBe(10);
    const codes = await page.locator('main li').allInnerTexts();
    expect(codes).toHaveLength(10);
    await page.getByLabel('Kontomenü').click();
    await page.getByRole('button', { name: 'Abmelden' }).click();
    await page.waitForURL(/\/login/);
    await signIn(PASSWORD);
    await page.waitForFunction(() => document.querySelector('main h1')?.textContent === 'Noch ein Schritt');
    await page.getByLabel('Code aus der App').fill(codes[0] ?? '');
    await page.getByRole('button', { name: 'Anmelden' }).click();
    await page.waitForURL(`${origin}/`);
  });

  it('gets another password, and is deleted', async () => {
    await page.goto(`${origin}/account`);
    const section = page.locator('#password');
    await section.getByLabel('Jetziges Passwort').fill('falsch');
    await section.getByLabel('Neues Passwort', { exact: true }).fill(NEXT);
    await section.getByLabel('Neues Passwort, noch einmal').fill(NEXT);
    await section.getByRole('button', { name: 'Passwort ändern' }).click();
    await section.getByText('Das Passwort ist falsch.').waitFor();
    await section.getByLabel('Jetziges Passwort').fill(PASSWORD);
    await section.getByLabel('Neues Passwort', { exact: true }).fill(NEXT);
    await section.getByLabel('Neues Passwort, noch einmal').fill(NEXT);
    await section.getByRole('button', { name: 'Passwort ändern' }).click();
    await page.getByText('Das Passwort ist geändert.').waitFor();
    await page.getByRole('link', { name: 'Konto löschen …' }).click();
    await page.getByLabel('Ihr Passwort, damit das niemand im Vorbeigehen tut').fill(NEXT);
    await page.getByRole('button', { name: 'Endgültig löschen' }).click();
    await page.waitForURL(/\/login/);
    expect((await newestMail()).subject).toContain('gelöscht');
    await signIn(NEXT);
    await page.getByText('E-Mail-Adresse oder Passwort ist falsch.').waitFor();
  });

  it('met no page that a browser complained about, nor one that asked anybody else', () => {
    expect(complaints).toEqual([]);
  });
});
