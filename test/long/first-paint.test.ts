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

interface Paint {
  fcpMs: number;
  /** Until its first byte was there. */
  serverMs: number;
  /** What the page's thread had to do until it was loaded. */
  busyMs: number;
  page: Page;
  close(): Promise<void>;
}

async function paintOf(path: string): Promise<Paint> {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, serviceWorkers: 'block' });
  await context.addCookies([{ name: SESSION_COOKIE, value: token, url: origin }]);
  const page = await context.newPage();
  const client = await context.newCDPSession(page);
  await slowDown(client);
  // In ticks of its own thread, which do not count the time that others had the processor.
  await client.send('Performance.enable', { timeDomain: 'threadTicks' });
  await page.goto(`${origin}${path}`, { waitUntil: 'load' });
  const serverMs = await page.evaluate(() => {
    const [{ requestStart, responseStart }] = performance.getEntriesByType('navigation') as [
      PerformanceNavigationTiming,
    ];
    return responseStart - requestStart;
  });
  const fcpMs = await firstPaint(page);
  const { metrics } = await client.send('Performance.getMetrics');
  const busyMs = (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1000;
  return { fcpMs, serverMs, busyMs, page, close: () => context.close() };
}

describe.skipIf(!canBrowse)('the first thing seen, with a year of data on a slow phone', () => {
  it.each([...PAGES, NOTHING])('%s', { timeout: 900_000 }, async (path) => {
    const paints: number[] = [];
    const answers: number[] = [];
    const work: number[] = [];
    for (let i = 0; i < TIMES; i += 1) {
      const { fcpMs, serverMs, busyMs, page, close } = await paintOf(path);
      paints.push(fcpMs);
      answers.push(serverMs);
      work.push(busyMs);
      // Not the sign-in page, and not an empty one.
      if (path !== NOTHING) expect(await page.locator('.chart-plot[role=img]').count()).toBe(2);
      await close();
    }
    const sorted = (values: number[]): string => {
      const order = [...values].sort((a, b) => a - b).map(Math.round);
      return `${order[Math.floor(order.length / 2)]} ms (${order[0]}–${order.at(-1)})`;
    };
    console.log(
      `${path.padEnd(32)} first paint ${sorted(paints)}, of it the first byte ${sorted(answers)}; the thread worked ${sorted(work)}`,
    );
  });
});
