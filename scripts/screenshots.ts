import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { launchChromium, showScene } from '../test/support/browse.ts';
import { freshAssets } from '../test/support/browser-assets.ts';
import { ADMIN_SCENES } from '../test/support/fake-admin-scenes.ts';
import { SCENES, type Scene } from '../test/support/fake-scenes.ts';
import { fakeWeb, NOON } from '../test/support/fake-web.ts';

/**
 * Takes a picture of every page in every state, in two widths, light and dark, German and English, into `screenshots/`.
 * `npm run screenshots -- overview` takes those whose name begins so; `--quick` only narrow light and wide dark, in German.
 * `--readme` takes the README's own pictures anew instead.
 */
const OUT = fileURLToPath(new URL('../screenshots/', import.meta.url));
const README = fileURLToPath(new URL('../docs/pictures/', import.meta.url));
const README_PICTURES = [
  { file: 'overview.png', scene: 'overview', width: 1280, height: 1000, theme: 'light' },
  { file: 'dashboard-phone.png', scene: 'dashboard', width: 360, height: 1080, theme: 'dark' },
] as const;
const WIDTHS = [360, 1280] as const;
const THEMES = ['light', 'dark'] as const;
const LOCALES = ['de', 'en'] as const;

const args = process.argv.slice(2);
const isReadme = args.includes('--readme');
const isQuick = args.includes('--quick');
const wanted = args.filter((arg) => !arg.startsWith('--'));

// Aside: another build meanwhile takes nothing away.
const { assets } = freshAssets();
if (wanted.length === 0 && !isReadme) rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });

const browser = await launchChromium();
let pictures = 0;
const isWanted = ({ name }: Scene): boolean =>
  isReadme
    ? README_PICTURES.some(({ scene }) => scene === name)
    : wanted.length === 0 || wanted.some((start) => name.startsWith(start));
for (const scene of [...SCENES, ...ADMIN_SCENES].filter(isWanted)) {
  const web = await fakeWeb(scene.services(), { assets, now: () => scene.now ?? NOON });
  scene.prepare?.(web);
  const origin = await web.listen();
  for (const { file, width, height, theme } of README_PICTURES.filter((one) => isReadme && one.scene === scene.name)) {
    const page = await open(width, height, 'en');
    await take(page, theme, join(README, file), false);
    await page.context().close();
  }
  for (const width of isReadme ? [] : WIDTHS)
    for (const locale of LOCALES) {
      const themes = THEMES.filter((theme) => !isQuick || (locale === 'de' && (width === 360) === (theme === 'light')));
      if (themes.length === 0) continue;
      const page = await open(width, width === 360 ? 740 : 900, locale);
      for (const theme of themes)
        await take(page, theme, join(OUT, `${scene.name}.${width}.${theme}.${locale}.png`), true);
      await page.context().close();
    }
  await web.app.close();

  async function open(width: number, height: number, locale: (typeof LOCALES)[number]): Promise<Page> {
    // Nothing moves while the picture is taken.
    const still = { reducedMotion: 'reduce', deviceScaleFactor: width === 360 ? 2 : 1 } as const;
    const context = await browser.newContext({ ...still, viewport: { width, height }, locale });
    const page = await context.newPage();
    await showScene(page, origin, scene);
    await page.evaluate(() => document.fonts.ready);
    return page;
  }

  async function take(page: Page, colorScheme: (typeof THEMES)[number], path: string, isWhole: boolean): Promise<void> {
    await page.emulateMedia({ colorScheme });
    // Colours pass over to the others' within a frame or some, even where nothing moves.
    await page.waitForFunction(() => document.getAnimations().length === 0);
    // As high as the page, or the tab bar would stand in the middle of the picture.
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    const viewport = page.viewportSize();
    if (isWhole && viewport !== null && height > viewport.height)
      await page.setViewportSize({ width: viewport.width, height });
    await page.screenshot({ path, fullPage: isWhole });
    pictures += 1;
  }
}
await browser.close();
console.log(`${pictures} pictures in ${isReadme ? README : OUT}`);
