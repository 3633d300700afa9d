import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrowserContext, Page } from 'playwright-core';
import { loadAssets } from '../src/web/assets.ts';
import { launchChromium, showScene } from '../test/support/browse.ts';
import { SCENES } from '../test/support/fake-scenes.ts';
import { fakeWeb, NOON } from '../test/support/fake-web.ts';
import { buildAssets } from './build-assets.ts';

/**
 * Takes a picture of every page in every state, in two widths, light and dark, German and English, into `screenshots/`.
 * `npm run screenshots -- overview` takes those whose name begins so; `--quick` only narrow light and wide dark, in German.
 */
const OUT = fileURLToPath(new URL('../screenshots/', import.meta.url));
const WIDTHS = [360, 1280] as const;
const THEMES = ['light', 'dark'] as const;
const LOCALES = ['de', 'en'] as const;

const args = process.argv.slice(2);
const isQuick = args.includes('--quick');
const wanted = args.filter((arg) => !arg.startsWith('--'));

buildAssets();
const assets = loadAssets();
if (wanted.length === 0) rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });

const browser = await launchChromium();
let pictures = 0;
for (const scene of SCENES.filter(
  ({ name }) => wanted.length === 0 || wanted.some((start) => name.startsWith(start)),
)) {
  const web = await fakeWeb(scene.services(), { assets, now: () => scene.now ?? NOON });
  scene.prepare?.(web);
  const origin = await web.listen();
  for (const width of WIDTHS)
    for (const theme of THEMES)
      for (const locale of LOCALES) {
        if (isQuick && (locale !== 'de' || (width === 360) !== (theme === 'light'))) continue;
        const context = await browser.newContext({
          viewport: { width, height: width === 360 ? 740 : 900 },
          deviceScaleFactor: width === 360 ? 2 : 1,
          colorScheme: theme,
          locale,
          // Nothing moves while the picture is taken.
          reducedMotion: 'reduce',
        });
        await take(context, `${scene.name}.${width}.${theme}.${locale}.png`);
      }
  await web.app.close();

  async function take(context: BrowserContext, name: string): Promise<void> {
    const page: Page = await context.newPage();
    await showScene(page, origin, scene);
    await page.evaluate(() => document.fonts.ready);
    // As high as the page, or the tab bar would stand in the middle of the picture.
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    const viewport = page.viewportSize();
    if (viewport !== null && height > viewport.height) await page.setViewportSize({ width: viewport.width, height });
    await page.screenshot({ path: join(OUT, name), fullPage: true });
    await context.close();
    pictures += 1;
  }
}
await browser.close();
console.log(`${pictures} pictures in ${OUT}`);
