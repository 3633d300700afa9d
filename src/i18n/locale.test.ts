import { describe, expect, it } from 'vitest';
import { chooseLanguage } from './locale.ts';

describe('the language of a page', () => {
  it.each([
    ['de-DE,de;q=0.9,en;q=0.8', 'de-DE'],
    ['de-AT,de;q=0.9', 'de-AT'],
    ['en-US,en;q=0.9,de;q=0.8', 'en-US'],
    ['fr-FR, de;q=0.5, en;q=0.9', 'en-GB'],
    ['de;q=0, en', 'en-GB'],
    ['de;q=0', 'en-GB'],
    ['DE-ch', 'de-CH'],
    ['fr', 'en-GB'],
    ['*', 'en-GB'],
    [undefined, 'en-GB'],
    [',;q=x,,', 'en-GB'],
  ])('for a browser that asks for %s', (header, tag) => {
    expect(chooseLanguage(null, header).tag).toBe(tag);
  });

  it("is the user's choice before that, written as in the browser's region", () => {
    expect(chooseLanguage('de', 'en-US,en').tag).toBe('de-DE');
    expect(chooseLanguage('de', 'en-US, de-AT;q=0.1').tag).toBe('de-AT');
    expect(chooseLanguage('en', 'de-DE').locale).toBe('en');
  });
});
