import type { FastifyInstance } from 'fastify';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documented } from '../../src/api/documentation/index.ts';
import { apiPlugin } from '../../src/api/index.ts';
import { Hub } from '../../src/live/hub.ts';
import { webPlugin } from '../../src/web/plugin.ts';
import { launchChromium } from '../support/browse.ts';
import { freshAssets } from '../support/browser-assets.ts';
import { browserOrSkip } from '../support/chromium.ts';
import { fakeServices } from '../support/fake-services.ts';
import { KEYS, testApp } from '../support/test-app.ts';

/** `/docs` and `/redoc` work in a browser, under their policies and with nothing from elsewhere; and what is tried out is answered. */
const canBrowse = browserOrSkip();

let browser: Browser;
let built: ReturnType<typeof freshAssets>;
let app: FastifyInstance;
let origin: string;

beforeAll(async () => {
  if (!canBrowse) return;
  built = freshAssets();
  const hub = new Hub();
  const services = fakeServices();
  const batches = { readings: async () => [] };
  const config = { baseUrl: new URL('http://localhost'), cookieSecure: false, trustProxy: null };
  const served = await testApp(
    [
      documented([apiPlugin({ services, batches, hub })]),
      (instance) => webPlugin(instance, { services, hub, config: config as never, assets: built.assets }),
    ],
    { config },
  );
  app = served.app;
  origin = await app.listen({ host: '127.0.0.1', port: 0 });
  browser = await launchChromium();
});
afterAll(async () => {
  if (!canBrowse) return;
  await browser.close();
  await app.close();
});

/** A page that notes what it was refused and whom it asked. */
async function opened(path: string): Promise<{ page: Page; problems: string[] }> {
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.on('request', (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(origin)) problems.push(request.url());
  });
  await page.goto(`${origin}${path}`, { waitUntil: 'load' });
  return { page, problems };
}

describe.skipIf(!canBrowse)('the documentation in a browser', () => {
  it('/docs shows every group, and tries a request out with a key', async () => {
    const { page, problems } = await opened('/docs');
    await page.getByRole('button', { name: 'Authorize' }).click();
    await page.locator('.auth-container input[type=text]').first().fill(KEYS.read);
    await page.locator('.auth-container button.authorize').first().click();
    await page.locator('.auth-container button.btn-done').first().click();
    await page.locator('#operations-Inverters-getInverters .opblock-summary-control').click();
    await page.locator('#operations-Inverters-getInverters button.execute').click();
    const answer = page
      .locator('#operations-Inverters-getInverters .live-responses-table .response .microlight')
      .first();
    await answer.waitFor();
    expect(await answer.textContent()).toContain('"next_cursor": null');
    expect(problems).toEqual([]);
    await page.close();
  });

  it('/redoc shows it to be read', async () => {
    const { page, problems } = await opened('/redoc');
    await page.getByRole('heading', { name: 'All inverters of the account' }).first().waitFor();
    await page.getByText('Server-sent events.').last().waitFor();
    expect(problems).toEqual([]);
    await page.close();
  });
});
