import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import { launchChromium, showScene } from './browse.ts';
import { freshAssets } from './browser-assets.ts';
import type { Scene } from './fake-scenes.ts';
import { type FakeWeb, fakeWeb, NOON } from './fake-web.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export interface Look {
  width: number;
  height: number;
  colorScheme: 'light' | 'dark';
  locale: 'de' | 'en';
}

/** A Chromium for looking at pages, and the assets they have. */
export interface Onlooker {
  built: ReturnType<typeof freshAssets>['built'];
  /**
   * Opens a page in a state, as a browser and as somebody with a screen reader get it: nothing on the console, nothing that the policy
   * blocks, nothing wider than the screen, nothing serious that axe finds. Each language is another page; in one, the window gets the
   * other sizes and the other theme while the page is open, as when a phone is turned and the evening comes.
   */
  lookAt(scene: Scene, looks: readonly Look[]): Promise<void>;
  close(): Promise<void>;
}

export async function startLooking(): Promise<Onlooker> {
  const { assets, built } = freshAssets();
  const browser = await launchChromium();
  const viewers = new Map<Look['locale'], Promise<Viewer>>();
  const viewerOf = (locale: Look['locale']): Promise<Viewer> => {
    const known = viewers.get(locale) ?? openViewer(browser, locale);
    viewers.set(locale, known);
    return known;
  };
  return {
    built,
    async lookAt(scene, looks) {
      const languages = new Set(looks.map(({ locale }) => locale));
      await Promise.all(
        [...languages].map(async (locale) => {
          const web = await fakeWeb(scene.services(), { assets, now: () => scene.now ?? NOON });
          scene.prepare?.(web);
          const ofLocale = looks.filter((look) => look.locale === locale);
          await inspect(await viewerOf(locale), web, scene, ofLocale);
        }),
      );
    },
    async close() {
      await browser.close();
      for (const viewer of viewers.values()) await (await viewer).web?.app.close();
    },
  };
}

/** One window for each language, for all that is looked at: opening one costs more than looking. */
interface Viewer {
  page: Page;
  /** Of the page that is open. */
  complaints: string[];
  /** What serves it; it stays until the next page is there, for what ends with the server is nobody's complaint. */
  web: FakeWeb | null;
}

async function openViewer(browser: Browser, locale: Look['locale']): Promise<Viewer> {
  const context = await browser.newContext({
    locale,
    reducedMotion: 'reduce',
    // Every scene is another address, and would install it anew.
    serviceWorkers: 'block',
  });
  const page = await context.newPage();
  return { page, complaints: complaintsOf(page), web: null };
}

async function inspect(viewer: Viewer, web: FakeWeb, scene: Scene, looks: readonly Look[]): Promise<void> {
  const { page, complaints } = viewer;
  const origin = await web.listen();
  await page.context().clearCookies();
  if (looks[0] !== undefined) await putOn(page, looks[0]);
  complaints.length = 0;
  await showScene(page, origin, scene);
  await viewer.web?.app.close();
  viewer.web = web;
  // Not as a script element: the page's own policy would rightly block it.
  await page.evaluate(AXE);
  for (const look of looks) {
    await putOn(page, look);
    const { scroll, inner } = await page.evaluate(() => ({
      scroll: document.documentElement.scrollWidth,
      inner: window.innerWidth,
    }));
    const which = `${look.width} ${look.colorScheme} ${look.locale}`;
    expect(inner, which).toBe(look.width);
    expect(scroll, `wider than the screen: ${which}`).toBeLessThanOrEqual(inner);
    expect(await seriousFindings(page), which).toEqual([]);
    expect(complaints, which).toEqual([]);
  }
}

/** Gives the window a size and a theme, and waits until the page has them. */
async function putOn(page: Page, { width, height, colorScheme }: Look): Promise<void> {
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme });
  await page.waitForFunction(
    (wanted) =>
      window.innerWidth === wanted.width &&
      matchMedia(`(prefers-color-scheme: ${wanted.colorScheme})`).matches &&
      document.getAnimations().every(({ playState }) => playState !== 'running'),
    { width, colorScheme },
  );
}

async function seriousFindings(page: Page): Promise<string[]> {
  const { violations } = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } };
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    // Of what it reads beforehand, no rule among these needs the style sheets.
    return axe.run({ runOnly: tags, resultTypes: ['violations'], preload: { assets: ['media'] } });
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
