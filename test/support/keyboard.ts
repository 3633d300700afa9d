import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** Until the focus is there; wherever it is on the way, it is seen. */
export async function tabTo(page: Page, selector: string): Promise<void> {
  for (let i = 0; i < 120; i += 1) {
    await page.keyboard.press('Tab');
    const focus = await page.evaluate((wanted) => {
      const element = document.activeElement ?? document.body;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const ring = getComputedStyle(element.closest('.choice') ?? element);
      const isSeen = [outlineStyle, ring.outlineStyle].some((style) => style !== 'none') && outlineWidth !== '0px';
      return { isThere: element.matches(wanted), isSeen: isSeen || element === document.body, html: element.outerHTML };
    }, selector);
    expect(focus.isSeen, `the focus is not seen: ${focus.html.slice(0, 200)}`).toBe(true);
    if (focus.isThere) return;
  }
  throw new Error(`not reached by Tab: ${selector}`);
}

/** Goes there by Tab, unless the page has put the focus there itself, and presses Enter. */
export async function enter(page: Page, selector: string): Promise<void> {
  const isThere = await page.evaluate((wanted) => document.activeElement?.matches(wanted) === true, selector);
  if (!isThere) await tabTo(page, selector);
  await page.keyboard.press('Enter');
}
