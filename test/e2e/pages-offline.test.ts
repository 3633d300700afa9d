import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SESSION_COOKIE } from '../../src/http/authentication.ts';
import { launchChromium } from '../support/browse.ts';
import { freshAssets } from '../support/browser-assets.ts';
import { browserOrSkip } from '../support/chromium.ts';
import { fakeServices, sunnyInverter } from '../support/fake-services.ts';
import { fakeWeb, NOON } from '../support/fake-web.ts';

/** The installed page when the server cannot be reached. */
const canBrowse = browserOrSkip();
let browser: Browser;
let built: ReturnType<typeof freshAssets>;

beforeAll(async () => {
  if (!canBrowse) return;
  built = freshAssets();
  browser = await launchChromium();
});
afterAll(async () => {
  if (!canBrowse) return;
  await browser.close();
});

describe.skipIf(!canBrowse)('without a connection', () => {
  it('says so, and how old what it shows is; after signing out it shows nothing', async () => {
    const now = new Date();
    const services = fakeServices([
      sunnyInverter(NOON, { id: 1, powerW: 312, sampledAt: new Date(now.getTime() - 130_000) }),
    ]);
    const web = await fakeWeb(services, { assets: built.assets, now: () => now });
    const origin = await web.listen();
    const context = await browser.newContext({ locale: 'de-DE' });
    const cookie = { name: SESSION_COOKIE, value: 'token-of-1', url: origin };
    await context.addCookies([cookie]);
    const page = await context.newPage();
    await page.goto(`${origin}/`);
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    const manifest = await page.locator('link[rel=manifest]').getAttribute('href');
    const { icons } = (await (await page.request.get(`${origin}${manifest}`)).json()) as { icons: { src: string }[] };
    for (const { src } of icons) expect((await page.request.get(`${origin}${src}`)).status()).toBe(200);

    await context.setOffline(true);
    await page.goto(`${origin}/dashboard/1`);
    await page.getByRole('heading', { name: 'Keine Verbindung' }).waitFor();
    const last = page.locator('[data-offline-last]');
    expect((await last.innerText()).replace(/\s+/g, ' ')).toMatch(/312 W vor 2 Minuten .* kWh/);
    expect(await page.evaluate(() => getComputedStyle(document.body).fontFamily)).toContain('Figtree');

    await context.setOffline(false);
    await page.getByRole('link', { name: 'Noch einmal versuchen' }).click();
    await page.getByRole('heading', { name: 'Übersicht' }).waitFor();
    await context.clearCookies();
    await page.goto(`${origin}/login`);
    await context.setOffline(true);
    await page.goto(`${origin}/`);
    await page.getByRole('heading', { name: 'Keine Verbindung' }).waitFor();
    expect(await last.isVisible()).toBe(false);
    await web.app.close();
  });
});

describe.skipIf(!canBrowse)('the font', () => {
  it('holds up no first visit, and is asked for early by who has it', async () => {
    const web = await fakeWeb(fakeServices([sunnyInverter(NOON, { id: 1 })]), {
      assets: built.assets,
      now: () => NOON,
    });
    const origin = await web.listen();
    const page = await (await browser.newContext({ serviceWorkers: 'block' })).newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (['warning', 'error'].includes(message.type()) && !message.text().includes('by Playwright'))
        complaints.push(message.text());
    });
    await page.goto(`${origin}/login`);
    const early = page.locator('link[rel=preload][as=font]');
    expect(await early.count()).toBe(0);
    await page.waitForFunction(() => localStorage.getItem('deye-hard-font') !== null);
    await page.reload();
    expect(await early.getAttribute('href')).toMatch(/^\/assets\/figtree\..*\.woff2$/);
    await page.evaluate(() => document.fonts.ready.then(() => undefined));
    const asked = await page.evaluate(
      () => performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.woff2')).length,
    );
    // Fetched for the preload and again for the style sheet, it would be there twice.
    expect(asked).toBe(1);
    expect(complaints).toEqual([]);
    await web.app.close();
  });
});
