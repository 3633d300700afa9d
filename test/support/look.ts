import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Assets } from '../../src/web/assets.ts';
import { showScene } from './browse.ts';
import type { Scene } from './fake-scenes.ts';
import { fakeWeb, NOON } from './fake-web.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export interface Look {
  width: number;
  height: number;
  colorScheme: 'light' | 'dark';
  locale: 'de' | 'en';
}

/**
 * Opens a page in a state, as a browser and as somebody with a screen reader get it: nothing on the console, nothing that the policy
 * blocks, nothing wider than the screen, nothing serious that axe finds.
 */
export async function lookAt(browser: Browser, assets: Assets, scene: Scene, looks: readonly Look[]): Promise<void> {
  const web = await fakeWeb(scene.services(), { assets, now: () => scene.now ?? NOON });
  scene.prepare?.(web);
  const origin = await web.listen();
  for (const look of looks) {
    const { page, complaints } = await viewer(browser, look);
    await page.context().clearCookies();
    complaints.length = 0;
    await inspect(page, complaints, origin, scene);
    // What ends with the server is nobody's complaint.
    await page.goto('about:blank');
  }
  await web.app.close();
}

interface Viewer {
  page: Page;
  /** Of the page that is open. */
  complaints: string[];
}

/** One window for each look, for all that is looked at: opening one costs more than looking. */
const viewers = new WeakMap<Browser, Map<string, Viewer>>();

async function viewer(browser: Browser, { width, height, colorScheme, locale }: Look): Promise<Viewer> {
  const opened = viewers.get(browser) ?? new Map<string, Viewer>();
  viewers.set(browser, opened);
  const key = [width, height, colorScheme, locale].join(' ');
  const known = opened.get(key);
  if (known !== undefined) return known;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    locale,
    reducedMotion: 'reduce',
    // Every scene is another address, and would install it anew.
    serviceWorkers: 'block',
  });
  const page = await context.newPage();
  const made = { page, complaints: complaintsOf(page) };
  opened.set(key, made);
  return made;
}

async function seriousFindings(page: Page): Promise<string[]> {
  // Not as a script element: the page's own policy would rightly block it.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } };
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    return axe.run({ runOnly: tags, resultTypes: ['violations'] });
  });
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary ?? ''}`));
}

/** Whatever a browser complains about; that a page answers 404 is not a complaint. */
function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    const isAnswer = message.text().startsWith('Failed to load resource: the server responded with a status of 4');
    const isOurWish = message.text() === 'Service Worker registration blocked by Playwright';
    const isOurAnswer = /status of 503|Response Status Error Code 4\d\d/.test(message.text());
    if (['error', 'warning'].includes(message.type()) && !isAnswer && !isOurAnswer && !isOurWish)
      complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (sent) => {
    const { protocol, hostname } = new URL(sent.url());
    if (protocol.startsWith('http') && hostname !== '127.0.0.1') complaints.push(`asks a third party: ${sent.url()}`);
  });
  return complaints;
}

async function inspect(page: Page, complaints: string[], origin: string, scene: Scene): Promise<void> {
  await showScene(page, origin, scene);
  const { scroll, inner } = await page.evaluate(() => ({
    scroll: document.documentElement.scrollWidth,
    inner: window.innerWidth,
  }));
  expect(scroll, 'wider than the screen').toBeLessThanOrEqual(inner);
  expect(await seriousFindings(page)).toEqual([]);
  expect(complaints).toEqual([]);
}
