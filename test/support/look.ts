import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
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
  for (const { width, height, colorScheme, locale } of looks) {
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme,
      locale,
      reducedMotion: 'reduce',
    });
    await look(context, origin, scene);
    await context.close();
  }
  await web.app.close();
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
    const isOurAnswer = /status of 503|Response Status Error Code 4\d\d/.test(message.text());
    if (['error', 'warning'].includes(message.type()) && !isAnswer && !isOurAnswer) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return complaints;
}

async function look(context: BrowserContext, origin: string, scene: Scene): Promise<void> {
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  await showScene(page, origin, scene);
  const { scroll, inner } = await page.evaluate(() => ({
    scroll: document.documentElement.scrollWidth,
    inner: window.innerWidth,
  }));
  expect(scroll, 'wider than the screen').toBeLessThanOrEqual(inner);
  expect(await seriousFindings(page)).toEqual([]);
  expect(complaints).toEqual([]);
}
