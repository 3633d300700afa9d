import { type Browser, chromium, type Page } from 'playwright-core';
import { SESSION_COOKIE } from '../../src/http/authentication.ts';
import { findChromium } from './chromium.ts';
import type { Scene } from './fake-scenes.ts';
import { COOKIES } from './fake-web.ts';

/** A Chromium that starts as root, in a container, and asks nobody outside for anything. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error('No Chromium found: install one or set CHROMIUM_PATH.');
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** Opens a scene as its person sees it, forms filled in and sent by the buttons of the page. */
export async function showScene(page: Page, origin: string, scene: Scene): Promise<void> {
  const token = COOKIES[scene.as ?? 'member'][SESSION_COOKIE];
  if (token !== undefined) await page.context().addCookies([{ name: SESSION_COOKIE, value: token, url: origin }]);
  await page.goto(`${origin}${scene.path}`, { waitUntil: 'load' });
  if (scene.open === true) {
    for (const summary of await page.locator('main summary').all()) await summary.click();
  }
  if (scene.form === undefined) return;
  const form = page.locator('main form').last();
  for (const [name, value] of Object.entries(scene.form)) {
    const field = form.locator(`[name="${name}"]:not([type=hidden])`);
    if ((await field.first().getAttribute('type')) === 'radio') await form.locator(`[value="${value}"]`).check();
    else await field.fill(value);
  }
  const answered = page.waitForResponse((response) => response.request().method() === 'POST');
  await form.locator('button[type=submit]').click();
  await answered;
  await page.waitForLoadState('load');
  await page.waitForFunction(() => document.querySelector('.htmx-request, .htmx-settling, .htmx-swapping') === null);
}
