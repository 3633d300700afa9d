import { describe, expect, it } from 'vitest';
import { en } from '../i18n/en.ts';
import { languageOf } from '../i18n/locale.ts';
import { composeMail, type MailKind } from './compose.tsx';

const KINDS = Object.entries(en.mail)
  .filter(([, words]) => typeof words === 'object')
  .map(([kind]) => kind as MailKind);
const url = 'https://solar.example.org/verify?token=abc&x="><script>';
const compose = (kind: MailKind, tag: 'de-DE' | 'en-GB' = 'de-DE') =>
  composeMail(kind, {
    to: 'erika@example.org',
    language: languageOf(tag),
    link: { url, hours: 24 },
    server: 'solar.example.org',
  });

describe('a mail', () => {
  it.each(KINDS)('%s says the same as text and as HTML, in both languages', (kind) => {
    for (const tag of ['de-DE', 'en-GB'] as const) {
      const { t } = languageOf(tag);
      const mail = compose(kind, tag);
      expect(mail.subject).toBe(`${t.mail[kind].subject} – Deye Hard`);
      const shown = mail.html.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&lt;', '<');
      for (const part of [t.mail[kind].text, t.mail[kind].after, t.mail.hours(24), url]) {
        expect(mail.text).toContain(part);
        expect(shown).toContain(part);
      }
    }
  });

  it('loads nothing, runs nothing, and escapes what is put into it', () => {
    const { html } = compose('verify');
    expect(html).toContain('lang="de"');
    expect(html).not.toMatch(/<script|<img|<link|<style|url\(/);
    expect(html).toContain('token=abc&amp;x=');
  });

  it('without a link has none', () => {
    const { text, html } = composeMail('deleted', { to: 'a@b', language: languageOf('en-GB'), server: 's' });
    expect(text).not.toContain('http');
    expect(html).not.toContain('href');
  });
});
