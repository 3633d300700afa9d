import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { dayBounds } from '../../src/domain/period.ts';
import { SESSION_COOKIE } from '../../src/http/authentication.ts';
import type { PowerPoint } from '../../src/services/services.ts';
import { launchChromium } from '../support/browse.ts';
import { freshAssets } from '../support/browser-assets.ts';
import { browserOrSkip } from '../support/chromium.ts';
import { fakeServices, inverter, sunnyInverter } from '../support/fake-services.ts';
import { type FakeWeb, fakeWeb, NOON } from '../support/fake-web.ts';
import { present } from '../support/present.ts';

/** What people do with charts, in a browser, on the real server with services in memory. */
const canBrowse = browserOrSkip();
let browser: Browser;
let built: ReturnType<typeof freshAssets>;
let web: FakeWeb | null = null;

beforeAll(async () => {
  if (!canBrowse) return;
  built = freshAssets();
  browser = await launchChromium();
});
afterAll(async () => {
  if (!canBrowse) return;
  await browser.close();
});
afterEach(async () => {
  for (const context of browser?.contexts() ?? []) await context.close();
  await web?.app.close();
  web = null;
});

async function open(
  path: string,
  options: BrowserContextOptions & { user?: number; services?: ReturnType<typeof fakeServices>; now?: Date } = {},
): Promise<Page> {
  const { user = 1, services = fakeServices([sunnyInverter(NOON, { id: 1 })]), now = NOON, ...rest } = options;
  web ??= await fakeWeb(services, { assets: built.assets, now: () => now });
  const { port } = web.app.server.address() === null ? { port: 0 } : (web.app.server.address() as { port: number });
  const origin = port === 0 ? await web.listen() : `http://127.0.0.1:${port}`;
  const context = await browser.newContext({ locale: 'de-DE', viewport: { width: 1000, height: 900 }, ...rest });
  await context.addCookies([{ name: SESSION_COOKIE, value: `token-of-${user}`, url: origin }]);
  const page = await context.newPage();
  await page.goto(`${origin}${path}`);
  return page;
}

const title = (page: Page): Promise<string> => page.locator('[data-period] p[aria-live]').innerText();
const total = (page: Page): Promise<string> =>
  page
    .locator('#charts p')
    .first()
    .innerText()
    .then((text) => text.replace(/\s+/g, ' '));
const address = (page: Page): string => new URL(page.url()).search;

describe.skipIf(!canBrowse)('a period', () => {
  it('from the day to the year and back, by clicks, keys and the back button', async () => {
    const page = await open('/dashboard/1');
    expect(await title(page)).toBe('Mo., 15. Juni 2026');
    await page.getByRole('link', { name: 'Jahr', exact: true }).click();
    await expect.poll(() => title(page)).toBe('2026');
    expect(address(page)).toBe('?period=year');
    // The reader stays where they are: on the pill that was pressed.
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('period-year');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => title(page)).toBe('2025');
    expect(address(page)).toBe('?period=year&date=2025-01-01');
    const deep = page.url();
    await page.goBack();
    await expect.poll(() => title(page)).toBe('2026');
    await page.goBack();
    await expect.poll(() => title(page)).toBe('Mo., 15. Juni 2026');
    await page.goto(deep);
    expect(await title(page)).toBe('2025');
    // From a bar into its month, from there into its day.
    await page.locator('#energy-table summary').click();
    await page.locator('#energy-table').getByRole('link', { name: 'Juli 2025' }).click();
    await expect.poll(() => title(page)).toBe('Juli 2025');
    await page.getByRole('link', { name: 'Heute', exact: true }).click();
    await expect.poll(() => title(page)).toBe('Juni 2026');
    await page.locator('#period-date').fill('2026-06-10');
    await expect.poll(() => address(page)).toBe('?period=month&date=2026-06-10');
  });

  it('a date past today does not stay in the field: it shows what is shown, and why is said', async () => {
    const page = await open('/dashboard/1?period=day&date=2026-06-10');
    const field = page.locator('#period-date');
    const note = page.locator('#period-date-note');
    await field.fill('2026-06-20');
    await page.locator('#period-compare').focus();
    await expect.poll(() => note.innerText()).toContain('20. Juni 2026 kommt erst noch');
    expect([await title(page), await field.inputValue()]).toEqual(['Mo., 15. Juni 2026', '2026-06-15']);
    await field.fill('2027-01-01');
    await page.keyboard.press('Enter');
    await expect.poll(() => note.innerText()).toContain('1. Januar 2027 kommt erst noch');
    expect(await field.inputValue()).toBe('2026-06-15');
    await field.fill('2026-06-09');
    await expect.poll(() => title(page)).toBe('Di., 9. Juni 2026');
    expect(await note.count()).toBe(0);
  });

  it('without scripts it is links and a form', async () => {
    const page = await open('/dashboard/1?period=week', { javaScriptEnabled: false });
    expect(await title(page)).toBe('15.–21. Juni 2026');
    await page.getByRole('link', { name: 'Früher' }).click();
    await expect.poll(() => title(page)).toBe('8.–14. Juni 2026');
    await page.locator('#period-date').fill('2026-05-20');
    await page.getByRole('button', { name: 'Zeigen' }).click();
    await expect.poll(() => title(page)).toBe('18.–24. Mai 2026');
    await page.getByRole('link', { name: 'Mit dem Zeitraum davor vergleichen' }).click();
    await expect.poll(() => total(page)).toMatch(/insgesamt, .* als im Zeitraum davor \(11\.–17\. Mai 2026\)$/);
  });

  it('a quick stroke turns the page, and a pointer over the curve reads its values', async () => {
    const page = await open('/dashboard/1', { hasTouch: true, viewport: { width: 360, height: 740 } });
    const plot = page.locator('#charts .chart-plot').first();
    await plot.evaluate((element) => element.scrollIntoView({ block: 'center' }));
    // What comes in meanwhile exchanges the chart: the one that is asked may be gone by then.
    const boxOf = async (): Promise<{ y: number; width: number }> =>
      present(
        await vi.waitFor(
          async () => {
            const box = await plot.boundingBox();
            expect(box).not.toBeNull();
            return box;
          },
          { timeout: 15_000 },
        ),
      );
    const { width } = await boxOf();
    // It also moves it under the pointer; one that stays where it is says nothing to the new one.
    const read = async (share: number): Promise<string> => {
      await plot.hover({ position: { x: width * share, y: 70 } });
      await plot.hover({ position: { x: width * share, y: 80 } });
      return (await page.locator('.chart-tip').allInnerTexts()).join();
    };
    const valueAt = async (share: number): Promise<string> => {
      let told = '';
      await expect
        .poll(async () => {
          told = await read(share);
          return told;
        })
        .toMatch(/^\d\d:\d\d\s+[\d,]+\s*W$/);
      return told;
    };
    expect(await valueAt(0.31)).not.toBe(await valueAt(0.45));
    const client = await page.context().newCDPSession(page);
    const y = (await boxOf()).y + 60;
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', x: number): Promise<unknown> =>
      client.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x, y }] });
    await touch('touchStart', 120);
    for (const x of [160, 210, 260]) await touch('touchMove', x);
    await touch('touchEnd', 260);
    await expect.poll(() => title(page)).toBe('So., 14. Juni 2026');
  });

  it('by keyboard alone: to an inverter, into its year, along its table, with the focus always seen', async () => {
    const page = await open('/');
    const pressUntil = async (what: string, isThere: () => Promise<boolean>): Promise<void> => {
      for (let i = 0; i < 60; i += 1) {
        await page.keyboard.press('Tab');
        if (!(await isThere())) continue;
        const outline = await page.evaluate(
          () => getComputedStyle(document.activeElement ?? document.body).outlineStyle,
        );
        expect(outline, what).toBe('solid');
        return;
      }
      throw new Error(`not reached by Tab: ${what}`);
    };
    const isOn = (selector: string) => () =>
      page.evaluate((wanted) => document.activeElement?.matches(wanted) === true, selector);
    await pressUntil('the inverter', isOn('#inverter-1'));
    await page.keyboard.press('Enter');
    await page.waitForURL(/dashboard\/1$/);
    await pressUntil('the year', isOn('#period-year'));
    await page.keyboard.press('Enter');
    await expect.poll(() => title(page)).toBe('2026');
    await pressUntil('the table', isOn('#energy-table summary'));
    await page.keyboard.press('Enter');
    await pressUntil('a month', isOn('#energy-table a'));
    await page.keyboard.press('Enter');
    await expect.poll(() => title(page)).toBe('Januar 2026');
  });

  it('an inverter that is offline is named, and when it is back its gap is drawn as one', async () => {
    const gap = { from: new Date('2026-06-15T09:00:00Z'), to: new Date('2026-06-15T11:00:00Z') };
    const back = sunnyInverter(NOON, { id: 1 }, { gaps: [gap] });
    const silent = sunnyInverter(NOON, { id: 1, state: 'offline', ageS: 3 * 3600 });
    const page = await open('/dashboard/1', { services: fakeServices([silent]) });
    await page.locator('.chip-problem', { hasText: 'Offline' }).waitFor();
    expect(await page.locator('#charts .chart-now-old').count()).toBe(1);
    expect(await page.locator('#charts rect title').textContent()).toMatch(/^Keine Daten seit 1\d:/);
    web?.services.inverters.of.set(1, [back]);
    web?.emit({ inverterId: 1 });
    await page.locator('main .chip-sun', { hasText: 'Produziert' }).waitFor();
    await expect.poll(() => page.locator('#charts rect title').textContent()).toBe('Keine Daten 10:57–13:02');
    await expect.poll(() => page.locator('#charts .chart-now').count()).toBe(1);
  });

  it('a month that is left open is read again now and then', async () => {
    const services = fakeServices([sunnyInverter(NOON, { id: 1 })]);
    const page = await open('/login', { services });
    await page.clock.install();
    await page.goto(new URL('/dashboard/1?period=month', page.url()).href);
    const before = await total(page);
    services.inverters.of.set(1, [sunnyInverter(NOON, { id: 1 }, { peakW: 300 })]);
    await page.clock.fastForward(301_000);
    await expect.poll(() => total(page)).not.toBe(before);
    // Only the charts were exchanged, and they go on.
    expect(await page.locator('[data-period]').count()).toBe(1);
    expect(await page.locator('#charts').getAttribute('hx-trigger')).toBe('every 300s');
  });

  it('a dead panel is found: on its tile, and as the line that stays down', async () => {
    const one = sunnyInverter(NOON, { id: 1 });
    const third = one.channels[2];
    if (third !== undefined) Object.assign(third, { powerW: 1.3, energyTodayWh: 10 });
    const page = await open('/dashboard/1', { services: fakeServices([one]) });
    await page.getByRole('link', { name: 'Eingänge vergleichen' }).click();
    const dead = page.locator('.panel', { hasText: 'Liefert fast nichts' });
    await expect.poll(() => dead.count()).toBe(1);
    expect(await dead.locator('h3').innerText()).toBe('Eingang 3');
    await page.getByRole('link', { name: 'Energie', exact: true }).click();
    await expect.poll(() => address(page)).toBe('?period=day&metric=energy');
    await page.getByRole('link', { name: 'Woche', exact: true }).click();
    await expect.poll(() => address(page)).toBe('?period=week&metric=energy');
    await page.locator('#comparison-table summary').click();
    const cells = await page.locator('#comparison-table tbody tr').first().locator('td').allInnerTexts();
    expect(cells.map((cell) => /^\d+\s*Wh/.test(cell))).toEqual([false, false, true, false, false]);
  });

  it('the night the clocks go back has its hour twice, and both are told apart', async () => {
    const { from, to } = dayBounds('2026-10-25', 'Europe/Berlin');
    const points: PowerPoint[] = [];
    for (let ms = from.getTime(); ms < to.getTime(); ms += 300_000) {
      points.push({ time: new Date(ms), powerW: 60, powerMaxW: 60 });
    }
    const now = new Date('2026-10-26T12:00:00Z');
    const night = inverter({ id: 1, name: 'Speicher', state: 'producing', sampledAt: now, powerW: 60 }, points);
    const page = await open('/dashboard/1?period=day&date=2026-10-25', { services: fakeServices([night]), now });
    await page.locator('#energy-table summary').click();
    const hours = await page.locator('#energy-table tbody th').allInnerTexts();
    expect(hours).toHaveLength(25);
    expect(hours.filter((hour) => hour === '02:00')).toHaveLength(2);
    expect(await total(page)).toBe('1,50 kWh insgesamt');
    expect(await page.locator('#charts rect[fill*=hatch]').count()).toBe(0);
  });

  it('two accounts side by side see each their own', async () => {
    const services = fakeServices([sunnyInverter(NOON, { id: 1, powerW: 312 })]);
    services.inverters.of.set(2, [sunnyInverter(NOON, { id: 9, name: 'Nebenan', powerW: 77 }, { peakW: 100 })]);
    const own = await open('/dashboard/summary', { services });
    const next = await open('/dashboard/summary', { user: 2 });
    const texts = [own, next].map((page) => page.locator('main dl').first().innerText());
    const [mine, theirs] = await Promise.all(texts);
    expect(mine).toMatch(/312\s*W/);
    expect(theirs).toMatch(/77\s*W/);
    expect(await total(own)).not.toBe(await total(next));
    for (const path of ['/dashboard/9', '/dc-channels/9', '/dashboard/9?period=year']) {
      const answer = await own.goto(new URL(path, own.url()).href);
      expect(answer?.status()).toBe(404);
      expect(await own.content()).not.toContain('Nebenan');
    }
  });
});
