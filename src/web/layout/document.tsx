import type { ComponentChildren, JSX } from 'preact';
import type { Assets } from '../assets.ts';
import { Icon } from '../components/icon.tsx';
import type { Frame } from '../page-definition.ts';
import { useView } from '../view.ts';
import { Header } from './header.tsx';
import { NAVIGATION, type NavKey } from './navigation.ts';

/**
 * Indicator styles would be an inline style element, and evaluated attributes are scripts in disguise: the policy forbids both. Errors
 * are pages too and are shown. Nothing is kept in the history cache: it would outlive the session.
 */
const HTMX_CONFIG = JSON.stringify({
  includeIndicatorStyles: false,
  allowEval: false,
  historyCacheSize: 0,
  refreshOnHistoryMiss: true,
  selfRequestsOnly: true,
  responseHandling: [
    { code: '204', swap: false },
    { code: '[23]..', swap: true },
    { code: '[45]..', swap: true, error: true },
  ],
});

interface DocumentProps {
  title: string;
  nav: NavKey | undefined;
  frame: Frame;
  /** Seconds; null for pages that do not change by themselves. */
  refreshS: number | null;
  children: ComponentChildren;
}

export function Document({ title, nav, frame, refreshS, children }: DocumentProps): JSX.Element {
  const { t, locale, tag, now } = useView();
  const { assets, user } = frame;
  // `Accept`: errors then come as pages, not as JSON.
  const headers = user === null ? undefined : JSON.stringify({ accept: 'text/html', 'x-csrf-token': frame.csrfToken });
  return (
    <html lang={locale} data-tag={tag}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
        <title>{title}</title>
        <meta name="color-scheme" content="light dark" />
        <meta name="theme-color" content="#f5f4f1" media="(prefers-color-scheme: light)" />
        <meta name="theme-color" content="#0d0f14" media="(prefers-color-scheme: dark)" />
        <meta name="robots" content="noindex" />
        <meta name="htmx-config" content={HTMX_CONFIG} />
        <Inline assets={assets} />
        <link rel="icon" href={assets.url('icon.svg')} type="image/svg+xml" />
        <link rel="apple-touch-icon" href={assets.url('icon-180.png')} />
        <link rel="manifest" href={assets.url('manifest.webmanifest')} />
        <script src={assets.url('htmx.js')} defer />
        <script src={assets.url('htmx-sse.js')} defer />
        <script src={assets.url('app.js')} defer />
        {refreshS === null ? null : (
          <noscript>
            <meta http-equiv="refresh" content={String(refreshS)} />
          </noscript>
        )}
      </head>
      <body
        class="flex min-h-dvh flex-col font-sans antialiased"
        hx-headers={headers}
        data-server-time={String(now.getTime())}
        data-visitor={user === null ? '' : undefined}
      >
        <a href="#main" class="btn btn-primary fixed top-2 left-2 z-50 -translate-y-20 focus:translate-y-0">
          {t.app.skip}
        </a>
        <Header nav={nav} frame={frame} />
        <main
          id="main"
          tabindex={-1}
          class={`mx-auto w-full max-w-6xl flex-1 px-4 pt-4 outline-none md:px-6 md:pt-8 ${user === null ? 'pb-10' : 'pb-28 md:pb-12'}`}
        >
          {user === null || user.isVerified ? null : <UnverifiedNote />}
          {children}
        </main>
        {user === null ? null : <TabBar current={nav} />}
      </body>
    </html>
  );
}

/** The text of the build, let in by its hash: the policy allows no other element of these kinds. */
function Inline({ assets: { inline } }: { assets: Assets }): JSX.Element | null {
  if (inline === null) return null;
  return (
    <>
      {/* biome-ignore lint/security/noDangerouslySetInnerHtml: text of our own build, which the policy checks by its hash */}
      <style dangerouslySetInnerHTML={{ __html: inline.style }} />
      {/* biome-ignore lint/security/noDangerouslySetInnerHtml: as above */}
      <script dangerouslySetInnerHTML={{ __html: inline.script }} />
    </>
  );
}

function UnverifiedNote(): JSX.Element {
  const { t } = useView();
  return (
    <p class="alert alert-warning alert-soft mb-4">
      <Icon name="alert" />
      <span>
        {t.verify.banner}{' '}
        <a href="/verify" class="link">
          {t.verify.bannerLink}
        </a>
      </span>
    </p>
  );
}

/** On phones, where the thumb is. */
function TabBar({ current }: { current: NavKey | undefined }): JSX.Element {
  const { t } = useView();
  return (
    <nav
      aria-label={t.nav.main}
      class="tab-bar fixed inset-x-0 bottom-0 z-30 border-base-300 border-t bg-base-100 md:hidden"
    >
      <ul class="mx-auto flex max-w-lg">
        {NAVIGATION.map(({ key, path, icon }) => (
          <li key={key} class="flex flex-1">
            <a href={path} class="tab" aria-current={key === current ? 'page' : undefined}>
              <span class="tab-icon">
                <Icon name={icon} class="size-6" />
              </span>
              {t.nav[key]}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
