import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { launchChromium } from '../test/support/browse.ts';

/** Draws the icons of the sizes that phones ask for from the drawings: `npx tsx scripts/icons.ts` after these have changed. */
const FOLDER = fileURLToPath(new URL('../src/web/icons/', import.meta.url));
const ICONS = [
  // What is laid on a phone's screen is cut round there, so it has no corners of its own.
  { file: 'icon-180.png', drawing: 'icon-maskable.svg', size: 180 },
  { file: 'icon-192.png', drawing: 'icon.svg', size: 192 },
  { file: 'icon-512.png', drawing: 'icon.svg', size: 512 },
];

const browser = await launchChromium();
const page = await browser.newPage();
for (const { file, drawing, size } of ICONS) {
  await page.setViewportSize({ width: size, height: size });
  const svg = readFileSync(`${FOLDER}${drawing}`, 'utf8').replace('<svg ', `<svg width="${size}" height="${size}" `);
  await page.setContent(`<body style="margin:0">${svg}`);
  await page.locator('svg').screenshot({ path: `${FOLDER}${file}`, omitBackground: true });
}
await browser.close();
