import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium, showScene } from '../support/browse.ts';
import { freshAssets } from '../support/browser-assets.ts';
import { browserOrSkip } from '../support/chromium.ts';
import { SCENES } from '../support/fake-scenes.ts';
import { fakeWeb, NOON } from '../support/fake-web.ts';
import { firstPaint, slowDown } from '../support/slow-phone.ts';

/** What a first visit transfers, and when it shows something: printed; only the weight is judged, for a machine may be busy. */
const canBrowse = browserOrSkip();
const NAMES = [
  'login',
  'overview',
  'inverters',
  'guide',
  'dashboard',
  'dashboard-month-compared',
  'dashboard-year',
  'summary',
  'dc-channels',
  'export',
];
const MAX_BYTES = 120_000;

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

describe.skipIf(!canBrowse)('a first visit', () => {
  it.each(NAMES)('%s', async (name) => {
    const scene = SCENES.find((one) => one.name === name);
    if (scene === undefined) throw new Error(`no scene ${name}`);
    const web = await fakeWeb(scene.services(), { assets: built.assets, now: () => scene.now ?? NOON });
    const origin = await web.listen();
    const context = await browser.newContext({ viewport: { width: 360, height: 740 }, serviceWorkers: 'block' });
    const page = await context.newPage();
    const client = await context.newCDPSession(page);
    await slowDown(client);
    let bytes = 0;
    let documentBytes = 0;
    client.on('Network.loadingFinished', ({ encodedDataLength }) => {
      if (bytes === 0) documentBytes = encodedDataLength;
      bytes += encodedDataLength;
    });
    await showScene(page, origin, scene);
    const fcpMs = await firstPaint(page);
    console.log(
      `${name.padEnd(26)} ${kb(bytes)} in all, ${kb(documentBytes)} of it the page; first paint after ${Math.round(fcpMs)} ms`,
    );
    expect(bytes).toBeLessThan(MAX_BYTES);
    await context.close();
    await web.app.close();
  });
});

function kb(bytes: number): string {
  return `${(bytes / 1000).toFixed(1).padStart(6)} KB`;
}
