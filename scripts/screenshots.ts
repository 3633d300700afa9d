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
 * `--readme` takes the documents' own pictures anew instead.
 */
const OUT = fileURLToPath(new URL('../screenshots/', import.meta.url));
const README = fileURLToPath(new URL('../docs/pictures/', import.meta.url));
interface DocumentPicture {
  file: string;
  scene: string;
  width: 360 | 1280;
  height: number;
  theme: (typeof THEMES)[number];
  /** Only this of the page. */
  part?: string;
}
const VALUES = 'main ol > li:nth-child(3)';
const ON_PHONE = { width: 360, height: 1080, theme: 'light' } as const;
const README_PICTURES: readonly DocumentPicture[] = [
  { file: 'overview.png', scene: 'overview', width: 1280, height: 1000, theme: 'light' },
  { file: 'dashboard-phone.png', scene: 'dashboard', width: 360, height: 1080, theme: 'dark' },
  { file: 'inbox.png', scene: 'inverters-inbox', part: 'section[aria-labelledby=inbox]', ...ON_PHONE },
  { file: 'set-up-opendtu.png', scene: 'set-up-opendtu', part: VALUES, ...ON_PHONE },
  { file: 'set-up-victron.png', scene: 'set-up-victron', part: VALUES, ...ON_PHONE },
];
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
  for (const picture of README_PICTURES.filter((one) => isReadme && one.scene === scene.name)) {
    const page = await open(picture.width, picture.height, 'en');
    await take(page, picture.theme, join(README, picture.file), picture.part ?? 'screen');
    await page.context().close();
  }
  for (const width of isReadme ? [] : WIDTHS)
    for (const locale of LOCALES) {
      const themes = THEMES.filter((theme) => !isQuick || (locale === 'de' && (width === 360) === (theme === 'light')));
      if (themes.length === 0) continue;
      const page = await open(width, width === 360 ? 740 : 900, locale);
      for (const theme of themes)
        await take(page, theme, join(OUT, `${scene.name}.${width}.${theme}.${locale}.png`), 'page');
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

  /** @param what of it: the whole page, what a screen shows of it, or the element of this selector */
  async function take(page: Page, colorScheme: (typeof THEMES)[number], path: string, what: string): Promise<void> {
    await page.emulateMedia({ colorScheme });
    // Colours pass over to the others' within a frame or some, even where nothing moves.
    await page.waitForFunction(() => document.getAnimations().length === 0);
    // As high as the page, or the tab bar would stand in the middle of the picture.
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    const viewport = page.viewportSize();
    if (what !== 'screen' && viewport !== null && height > viewport.height)
      await page.setViewportSize({ width: viewport.width, height });
    if (what === 'page' || what === 'screen') await page.screenshot({ path, fullPage: what === 'page' });
    else await page.locator(what).screenshot({ path });
    pictures += 1;
  }
}
await browser.close();
console.log(`${pictures} pictures in ${isReadme ? README : OUT}`);
