import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SESSION_COOKIE } from '../../src/http/authentication.ts';
import { launchChromium } from '../support/browse.ts';
import { freshAssets } from '../support/browser-assets.ts';
import { browserOrSkip } from '../support/chromium.ts';
import { fakeServices, inverter, PASSWORD, sunnyInverter } from '../support/fake-services.ts';
import { type FakeWeb, fakeWeb, NOON } from '../support/fake-web.ts';
import { tabTo } from '../support/keyboard.ts';
import { COOKIE } from '../support/test-app.ts';

/** From signing in to signing out without a pointer, and for who wants nothing to move. */
const canBrowse = browserOrSkip();
let browser: Browser;
let web: FakeWeb;
let origin: string;

beforeAll(async () => {
  if (!canBrowse) return;
  const services = fakeServices([sunnyInverter(NOON, { id: 1 }), inverter({ id: 7, name: 'Neu' })]);
  web = await fakeWeb(services, { assets: freshAssets().assets });
  origin = await web.listen();
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await web?.app.close();
});

describe.skipIf(!canBrowse)('without a pointer', () => {
  it('signs in, adds an inverter, renames it, makes a key, signs out', async () => {
    const page = await (
      await browser.newContext({ locale: 'de-DE', viewport: { width: 1000, height: 800 } })
    ).newPage();
    await page.goto(`${origin}/login`);
    // The first field has the focus already.
    await page.keyboard.type('erika@example.org');
    await page.keyboard.press('Tab');
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${origin}/`);

    await tabTo(page, 'a[href="/inverters/new"]');
    await page.keyboard.press('Enter');
    await page.waitForURL(/inverters\/new/);
    await tabTo(page, 'a[href*="kind=solarman"]');
    await page.keyboard.press('Enter');
    await page.waitForURL(/kind=solarman/);
    await tabTo(page, '#add-name');
    await page.keyboard.type('Garage');
    await tabTo(page, '#add-serial');
    await page.keyboard.type('3912345678');
    await page.keyboard.press('Enter');
    await page.waitForURL(/inverters\/\d+\/setup/);
    await page.getByText('Warte auf das erste Paket').waitFor();

    await page.goto(`${origin}/inverters`);
    await tabTo(page, 'summary[aria-label="Garage umbenennen"]');
    await page.keyboard.press('Enter');
    await tabTo(page, 'details[open] input[name=name]');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('Carport');
    await page.keyboard.press('Enter');
    await page.getByText('Umbenannt.').waitFor();

    await tabTo(page, '[data-menu] summary');
    await page.keyboard.press('Enter');
    await tabTo(page, '[data-menu] a[href="/account/api-keys"]');
    await page.keyboard.press('Enter');
    await page.waitForURL(/api-keys/);
    await tabTo(page, 'form input[name=name]');
    await page.keyboard.type('Anzeige');
    await tabTo(page, 'input[type=radio]');
    await page.keyboard.press('ArrowDown');
    await tabTo(page, '#key-expires');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await tabTo(page, 'main form:has(#key-expires) button');
    await page.keyboard.press('Enter');
    await page.getByText('ist erstellt').waitFor();

    await tabTo(page, '[data-menu] summary');
    await page.keyboard.press('Enter');
    // Escape closes it again, and the focus stays at its button.
    await page.keyboard.press('Escape');
    expect(await page.locator('details[data-menu]').getAttribute('open')).toBeNull();
    await page.keyboard.press('Enter');
    await tabTo(page, '[data-menu] button');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/login/);
    await page.context().close();
  });

  it('nothing moves for who wants it so', async () => {
    const context = await browser.newContext({ reducedMotion: 'reduce', locale: 'de-DE' });
    await context.addCookies([{ name: SESSION_COOKIE, value: COOKIE[SESSION_COOKIE] ?? '', url: origin }]);
    const page = await context.newPage();
    for (const path of ['/', '/inverters/7/setup', '/dashboard/1']) {
      await page.goto(`${origin}${path}`);
      const running = await page.evaluate(() =>
        document.getAnimations().map((animation) => Number(animation.effect?.getComputedTiming().activeDuration)),
      );
      expect(
        running.filter((ms) => ms > 1),
        path,
      ).toEqual([]);
    }
    await context.close();
  });
});
