import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core';

const USUAL_PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** Where a Chromium is, or null. CHROMIUM_PATH comes first. */
export function findChromium(): string | null {
  const named = process.env['CHROMIUM_PATH'];
  if (named !== undefined) return existsSync(named) ? named : null;
  return USUAL_PLACES.find((path) => existsSync(path)) ?? null;
}

/**
 * Whether browser tests can run here. Without a Chromium they are skipped, and say so; where CI=true that is a failure, because a gate
 * that skips what it is for is none.
 */
export function browserOrSkip(): boolean {
  if (findChromium() !== null) return true;
  if (process.env['CI'] === 'true')
    throw new Error('No Chromium found, and CI=true: install one or set CHROMIUM_PATH.');
  console.warn('\n*** NO CHROMIUM FOUND: the browser tests are SKIPPED. Install chromium or set CHROMIUM_PATH. ***\n');
  return false;
}

/** A fresh browser profile, closed by the caller. */
export async function openBrowser(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error('no Chromium');
  return chromium.launchPersistentContext(mkdtempSync(join(tmpdir(), 'deye-hard-browser-')), {
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
    ...options,
  });
}
