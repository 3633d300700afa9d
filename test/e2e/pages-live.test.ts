import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SESSION_COOKIE } from '../../src/http/authentication.ts';
import { launchChromium } from '../support/browse.ts';
import { freshAssets } from '../support/browser-assets.ts';
import { browserOrSkip } from '../support/chromium.ts';
import { fakeServices, inverter, PASSWORD, pendingDevice, sunnyInverter } from '../support/fake-services.ts';
import { type FakeWeb, fakeWeb, NOON } from '../support/fake-web.ts';
import { COOKIE } from '../support/test-app.ts';

/** What the pages do in a browser while they are open, on the real server with services in memory. */
const canBrowse = browserOrSkip();
let browser: Browser;
let built: ReturnType<typeof freshAssets>;
let web: FakeWeb;
let origin: string;

beforeAll(async () => {
  if (!canBrowse) return;
  built = freshAssets();
  browser = await launchChromium();
});
afterAll(async () => {
  if (!canBrowse) return;
  await browser.close();
});
beforeEach(async () => {
  if (!canBrowse) return;
  const services = fakeServices([sunnyInverter(NOON, { id: 1, powerW: 312 }), inverter({ id: 7, name: 'Neu' })]);
  web = await fakeWeb(services, { assets: built.assets, live: { times: { coalesceMs: 20 }, checkSessionMs: 50 } });
  origin = await web.listen();
});
afterEach(async () => {
  if (!canBrowse) return;
  for (const context of browser.contexts()) await context.close();
  await web.app.close();
});

async function open(path: string, options: BrowserContextOptions & { as?: 'nobody' } = {}): Promise<Page> {
  const { as, ...rest } = options;
  const context = await browser.newContext({ locale: 'de-DE', ...rest });
  if (as !== 'nobody')
    await context.addCookies([{ name: SESSION_COOKIE, value: COOKIE[SESSION_COOKIE] ?? '', url: origin }]);
  const page = await context.newPage();
  await page.goto(`${origin}${path}`);
  return page;
}

const bigNumber = (page: Page): Promise<string> =>
  page
    .locator('.figure-hero')
    .innerText()
    .then((text) => text.replace(/\s+/g, ' '));
const isLive = (page: Page): Promise<void> => page.locator('html[data-live=open]').waitFor({ state: 'attached' });

function setPower(powerW: number): void {
  const [first] = web.services.inverters.of.get(1) ?? [];
  if (first !== undefined) first.powerW = powerW;
  web.emit({ inverterId: 1 });
}

/** As the browser does it when another tab comes to the front. */
async function setVisibility(page: Page, state: 'hidden' | 'visible'): Promise<void> {
  await page.evaluate((value) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => value });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);
}

describe.skipIf(!canBrowse)('an open page', () => {
  it('shows a new value by itself, and its age goes on', async () => {
    const page = await open('/');
    await isLive(page);
    expect(await bigNumber(page)).toBe('312 W');
    setPower(480);
    await expect.poll(() => bigNumber(page)).toBe('480 W');
    const age = page.locator('.figure-hero').locator('xpath=../..').locator('time');
    const seconds = async (): Promise<number> => Number(/\d+/.exec(await age.innerText())?.[0]);
    const before = await seconds();
    await expect.poll(seconds, { timeout: 5_000 }).toBeGreaterThan(before);
  });

  it('gives its connection back while nobody looks, and catches up afterwards', async () => {
    const page = await open('/');
    await isLive(page);
    await setVisibility(page, 'hidden');
    await expect.poll(() => web.hub.subscribers).toBe(0);
    setPower(777);
    await setVisibility(page, 'visible');
    await expect.poll(() => bigNumber(page)).toBe('777 W');
    expect(web.hub.subscribers).toBe(1);
  });

  it('says when the connection is lost, and marks what grows old meanwhile', async () => {
    const [first] = web.services.inverters.of.get(1) ?? [];
    if (first !== undefined) first.staleAfterS = 44;
    const page = await open('/dashboard/1');
    await isLive(page);
    await page.context().setOffline(true);
    web.app.server.closeAllConnections();
    await page.locator('.live-lost', { hasText: 'Verbindung unterbrochen' }).waitFor({ timeout: 10_000 });
    await page.locator('dl .old-mark').waitFor({ timeout: 10_000 });
    await page.context().setOffline(false);
    await isLive(page);
  });

  it('goes to the sign-in page when its session has ended', async () => {
    const page = await open('/');
    await isLive(page);
    web.services.ended.add('session-of-1');
    await page.waitForURL(/\/login/, { timeout: 10_000 });
  });

  it('turns green when the first packet arrives', async () => {
    const page = await open('/inverters/7/setup');
    await isLive(page);
    await page.getByText('Warte auf das erste Paket').waitFor();
    const own = web.services.inverters.of.get(1) ?? [];
    own[1] = sunnyInverter(NOON, { id: 7, name: 'Neu' });
    web.emit({ inverterId: 7 });
    await page.getByText('Daten kommen an').waitFor();
  });

  it('shows a device that arrives in the inbox without a reload, and takes nobody’s words away', async () => {
    const page = await open('/inverters');
    await isLive(page);
    await page.evaluate(() => Object.assign(window, { notReloaded: true }));
    const found = page.getByText('Ein neues Gerät wurde gefunden');
    await page.locator('#add-name').fill('Gar');
    const told = page.waitForFunction(() => 'told' in window);
    await page.evaluate(() => {
      const stream = new EventSource(document.querySelector('[sse-connect]')?.getAttribute('sse-connect') ?? '');
      stream.addEventListener('reload', () => Object.assign(window, { told: true }));
      return new Promise<void>((resolve) => stream.addEventListener('open', () => resolve()));
    });
    web.services.pending.push(pendingDevice({ serial: '116183771005', name: 'Carport' }));
    web.emit({ type: 'pending', inverterId: null });
    await told;
    // Not while a form is being filled in.
    expect(await found.count()).toBe(0);
    expect(await page.locator('#add-name').inputValue()).toBe('Gar');
    await page.locator('#add-name').fill('');
    await found.waitFor();
    expect(await page.evaluate(() => 'notReloaded' in window)).toBe(true);
  });

  it('leaves the guide for the overview when the account is no longer empty', async () => {
    web.services.inverters.of.set(1, []);
    const page = await open('/');
    await isLive(page);
    await page.getByText('Was haben Sie?').waitFor();
    web.services.inverters.of.set(1, [sunnyInverter(NOON, { id: 1, powerW: 312 })]);
    web.emit({});
    await page.locator('.figure-hero').waitFor();
  });
});

describe.skipIf(!canBrowse)('a form', () => {
  it('renames without a reload, and comes back with its error at the field', async () => {
    const page = await open('/inverters');
    await page.evaluate(() => Object.assign(window, { notReloaded: true }));
    const row = page.locator('li.panel').first();
    await row.locator('summary').click();
    await row.locator('[name=name]').fill('');
    await row.locator('form button').click();
    await page.locator('#name-1-error').waitFor();
    // It gets the focus a moment after it is there.
    await expect.poll(() => page.locator('#name-1').evaluate((field) => field === document.activeElement)).toBe(true);
    await page.locator('#name-1').fill('Terrasse');
    await page.locator('li.panel').first().locator('form button').click();
    await page.getByText('Umbenannt.').waitFor();
    expect(await page.locator('li.panel').first().innerText()).toContain('Terrasse');
    expect(await page.evaluate(() => 'notReloaded' in window)).toBe(true);
    // What came by htmx is live too.
    await expect.poll(() => web.hub.subscribers).toBe(1);
  });

  it('works without scripts: signing in, adding an inverter, signing out', async () => {
    const page = await open('/inverters', { as: 'nobody', javaScriptEnabled: false });
    await page.fill('[name=username]', 'erika@example.org');
    await page.fill('[name=password]', PASSWORD);
    await page.click('main button[type=submit]');
    await page.waitForURL(({ pathname }) => pathname === '/inverters');
    await page.locator('#add-name').fill('Garage');
    await page.locator('#add-serial').fill('3912345678');
    await page.locator('main form button', { hasText: 'Hinzufügen' }).click();
    await page.waitForURL(/\/inverters\/\d+\/setup$/);
    await page.locator('[data-menu] summary').click();
    await page.locator('[data-menu] button').click();
    await page.waitForURL(({ pathname }) => pathname === '/login');
    expect(web.services.ended).toContain('session-of-1');
  });
});

describe.skipIf(!canBrowse)('small things', () => {
  it('the theme follows the system until somebody chooses, and the choice is there before the page is', async () => {
    const page = await open('/login', { as: 'nobody', colorScheme: 'dark' });
    const ground = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const theme = (): Promise<string | undefined> => page.evaluate(() => document.documentElement.dataset['theme']);
    const dark = await ground();
    expect(await theme()).toBeUndefined();
    await page.locator('[data-theme-toggle]').click();
    expect(await theme()).toBe('light');
    expect(await ground()).not.toBe(dark);
    expect(await page.locator('[data-theme-toggle]').getAttribute('aria-pressed')).toBe('false');
    // Before the body is there.
    await page.addInitScript(() => {
      new MutationObserver((_, observer) => {
        if (document.body === null) return;
        observer.disconnect();
        Object.assign(window, { themeAtBody: document.documentElement.dataset['theme'] });
      }).observe(document, { childList: true, subtree: true });
    });
    await page.reload();
    expect(await page.evaluate(() => (window as unknown as { themeAtBody?: string }).themeAtBody)).toBe('light');
    await page.locator('[data-theme-toggle]').click();
    expect(await theme()).toBeUndefined();
  });

  it('values are copied, also where the page came by plain http', async () => {
    const page = await open('/inverters/7/setup');
    await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
    const button = page.locator('[data-copy="192.168.178.20"]');
    await button.click();
    await expect.poll(() => button.innerText()).toContain('Kopiert');
  });

  it('the first press of Tab offers the way past the header', async () => {
    const page = await open('/');
    await page.keyboard.press('Tab');
    const focused = page.locator(':focus');
    expect(await focused.innerText()).toBe('Zum Inhalt springen');
    const box = await focused.boundingBox();
    expect(box?.y).toBeGreaterThanOrEqual(0);
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('#main').evaluate((main) => main === document.activeElement)).toBe(true);
  });
});
