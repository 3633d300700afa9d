import { de } from './de.ts';
import { type Dictionary, en } from './en.ts';
import { Formatter } from './format.ts';
import { LOCALE_TAGS, type LocaleTag } from './locale-tags.ts';

export const LOCALES = ['de', 'en'] as const;
export type Locale = (typeof LOCALES)[number];

const DICTIONARIES: Readonly<Record<Locale, Dictionary>> = { de, en };

/** One language with its words and its way of writing numbers. */
export interface Language {
  locale: Locale;
  tag: LocaleTag;
  t: Dictionary;
  fmt: Formatter;
}

const languages = new Map<LocaleTag, Language>(
  LOCALE_TAGS.map((tag) => {
    const locale = localeOfTag(tag);
    return [tag, { locale, tag, t: DICTIONARIES[locale], fmt: new Formatter(tag) }];
  }),
);

/** The language of a page: what the user chose, else what the browser asks for, else English. */
export function chooseLanguage(chosen: Locale | null, acceptLanguage: string | undefined): Language {
  const wanted = preferences(acceptLanguage);
  const locale = chosen ?? firstLocale(wanted) ?? 'en';
  // The region is the browser's also where the language is the user's: an Austrian writes € and dates the Austrian way.
  const tag =
    LOCALE_TAGS.find((known) => localeOfTag(known) === locale && wanted.includes(known.toLowerCase())) ??
    LOCALE_TAGS.find((known) => localeOfTag(known) === locale) ??
    'en-GB';
  return languageOf(tag);
}

export function languageOf(tag: LocaleTag): Language {
  const language = languages.get(tag);
  if (language === undefined) throw new Error(`unknown language ${tag}`);
  return language;
}

function localeOfTag(tag: string): Locale {
  return tag.startsWith('de') ? 'de' : 'en';
}

function firstLocale(wanted: readonly string[]): Locale | undefined {
  for (const tag of wanted) {
    const locale = LOCALES.find((known) => tag === known || tag.startsWith(`${known}-`));
    if (locale !== undefined) return locale;
  }
  return undefined;
}

/** Tags of an Accept-Language header, lower-cased, most wanted first (RFC 9110 §12.5.4); refused ones (q=0) left out. */
function preferences(header: string | undefined): string[] {
  return (header ?? '')
    .slice(0, 500)
    .split(',')
    .map((part, index) => {
      const [tag = '', ...parameters] = part.trim().toLowerCase().split(';');
      const q = parameters.map((p) => /^\s*q=([\d.]+)\s*$/.exec(p)?.[1]).find((found) => found !== undefined);
      return { tag: tag.trim(), q: q === undefined ? 1 : Number(q), index };
    })
    .filter(({ tag, q }) => tag !== '' && q > 0)
    .sort((a, b) => b.q - a.q || a.index - b.index)
    .map(({ tag }) => tag);
}
