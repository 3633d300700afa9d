/** How numbers and dates are written; the first of a language is its default. */
export const LOCALE_TAGS = ['de-DE', 'de-AT', 'de-CH', 'en-GB', 'en-US'] as const;
export type LocaleTag = (typeof LOCALE_TAGS)[number];
