import { randomUUID } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Filled, fillYear } from '../../bench/reads-fill.ts';
import { SessionTokens } from '../../src/crypto/jwt.ts';
import { SESSION_COOKIE } from '../../src/http/authentication.ts';
import { insertSession } from '../../src/store/sessions.ts';
import { ASSET_PREFIX, INLINE_FILES } from '../../src/web/assets.ts';
import { launchChromium } from '../support/browse.ts';
import { browserOrSkip } from '../support/chromium.ts';
import { buildTestApp, type ServedApp } from '../support/served-app.ts';
import { firstPaint, slowDown } from '../support/slow-phone.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/**
 * When somebody who has a year of data first sees something of a page, on a slow phone: printed, beside a file of a few hundred bytes
 * from the same server over the same line, which nothing can beat. Not judged: how busy the machine is nobody knows.
 */
const canBrowse = browserOrSkip();
const PAGES = ['/', '/dashboard/summary', '/dashboard/summary?period=year'];
const NOTHING = `${ASSET_PREFIX}${INLINE_FILES.script}`;
const TIMES = 7;

let db: TestDatabase;
let filled: Filled;
let served: ServedApp;
let browser: Browser;
let origin: string;
let token: string;

beforeAll(async () => {
  if (!canBrowse) return;
  db = await createTestDatabase();
  filled = await fillYear(db, { days: Number(process.env['FIRST_PAINT_DAYS'] ?? 365), inverters: 2, now: new Date() });
  served = await buildTestApp(db);
  origin = served.routes[0]?.origin ?? '';
  const session = {
    id: randomUUID(),
    userId: filled.userId,
    createdAt: new Date(),
    expiresAt: new Date(Date.now() + 3_600_000),
    address: '',
    userAgent: null,
  };
  await insertSession(db.pools.app, session);
  token = (await new SessionTokens(db.authSecret).sign(session.userId, session.id, session.createdAt)).token;
  browser = await launchChromium();
}, 900_000);
afterAll(async () => {
  await browser?.close();
  await served?.stop();
  await db?.drop();
});

async function paintOf(path: string): Promise<{ fcpMs: number; serverMs: number; page: Page; close(): Promise<void> }> {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, serviceWorkers: 'block' });
  await context.addCookies([{ name: SESSION_COOKIE, value: token, url: origin }]);
  const page = await context.newPage();
  await slowDown(await context.newCDPSession(page));
  await page.goto(`${origin}${path}`, { waitUntil: 'load' });
  const serverMs = await page.evaluate(() => {
    const [{ requestStart, responseStart }] = performance.getEntriesByType('navigation') as [PerformanceNavigationTiming];
    return responseStart - requestStart;
  });
  return { fcpMs: await firstPaint(page), serverMs, page, close: () => context.close() };
}

describe.skipIf(!canBrowse)('the first thing seen, with a year of data on a slow phone', () => {
  it.each([...PAGES, NOTHING])('%s', { timeout: 900_000 }, async (path) => {
    const paints: number[] = [];
    const answers: number[] = [];
    for (let i = 0; i < TIMES; i += 1) {
      const { fcpMs, serverMs, page, close } = await paintOf(path);
      paints.push(fcpMs);
      answers.push(serverMs);
      // Not the sign-in page, and not an empty one.
      if (path !== NOTHING) expect(await page.locator('.chart-plot[role=img]').count()).toBe(2);
      await close();
    }
    const sorted = (values: number[]): string => {
      const order = [...values].sort((a, b) => a - b).map(Math.round);
      return `${order[Math.floor(order.length / 2)]} ms (${order[0]}–${order.at(-1)})`;
    };
    console.log(`${path.padEnd(32)} first paint ${sorted(paints)}, of it the first byte ${sorted(answers)}`);
  });
});
