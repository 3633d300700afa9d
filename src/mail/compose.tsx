import type { JSX } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { Dictionary } from '../i18n/en.ts';
import type { Language } from '../i18n/locale.ts';
import type { MailMessage } from './message.ts';

/** The mails there are. */
export type MailKind = Exclude<
  { [Key in keyof Dictionary['mail']]: Dictionary['mail'][Key] extends object ? Key : never }[keyof Dictionary['mail']],
  'hours' | 'footer'
>;

export interface MailContent {
  to: string;
  language: Pick<Language, 'locale' | 't'>;
  /** The button's address; only for kinds that have a button. */
  link?: { url: string /** How long it works; said when given. */; hours?: number };
  /** Where the server is, for the last line. */
  server: string;
}

interface Words {
  subject: string;
  text: string;
  after: string;
  button?: string;
}

/**
 * One mail in one language, as text and as HTML. It holds no name of anybody: a stranger may have typed it to make us send his words to
 * somebody else.
 */
export function composeMail(kind: MailKind, { to, language, link, server }: MailContent): MailMessage {
  const { t, locale } = language;
  const words: Words = t.mail[kind];
  const hours = link?.hours === undefined ? null : t.mail.hours(link.hours);
  const text = [words.text, link?.url, hours, words.after, `-- \n${t.mail.footer(server)}`];
  const html = renderToString(
    <Body words={words} url={link?.url ?? null} hours={hours} t={t} server={server} locale={locale} />,
  );
  return {
    to,
    subject: `${words.subject} – ${t.app.name}`,
    text: `${text.filter((part) => part !== null && part !== undefined).join('\n\n')}\n`,
    html: `<!doctype html>${html}`,
  };
}

interface BodyProps {
  words: Words;
  url: string | null;
  hours: string | null;
  t: Dictionary;
  server: string;
  locale: string;
}

/** Style attributes and nothing else: mail programs drop style sheets, and nothing is loaded from anywhere. */
function Body({ words, url, hours, t, server, locale }: BodyProps): JSX.Element {
  const muted = 'color:#5f6368;font-size:14px';
  return (
    <html lang={locale}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{words.subject}</title>
      </head>
      <body style="margin:0;padding:24px;font-family:system-ui,-apple-system,'Segoe UI',sans-serif;font-size:16px;line-height:1.5">
        <div style="max-width:520px;margin:0 auto">
          <h1 style="font-size:22px;line-height:1.3;margin:0 0 16px">{words.subject}</h1>
          <p>{words.text}</p>
          {url === null ? null : (
            <>
              {words.button === undefined ? null : (
                <p style="margin:24px 0">
                  <a
                    href={url}
                    style="display:inline-block;padding:12px 20px;border-radius:10px;background:#f5b400;color:#1a1a1a;text-decoration:none;font-weight:600"
                  >
                    {words.button}
                  </a>
                </p>
              )}
              <p style={muted}>
                {t.mail.link}
                <br />
                <a href={url} style="word-break:break-all">
                  {url}
                </a>
              </p>
              {hours === null ? null : <p style={muted}>{hours}</p>}
            </>
          )}
          <p style={muted}>{words.after}</p>
          <p style={`${muted};border-top:1px solid #dadce0;padding-top:12px;margin-top:24px`}>
            {t.mail.footer(server)}
          </p>
        </div>
      </body>
    </html>
  );
}
