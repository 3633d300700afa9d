import type { ComponentChildren } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { Document } from './layout/document.tsx';
import type { NavKey } from './layout/navigation.ts';
import type { Frame, PageView } from './page-definition.ts';
import { type View, ViewProvider } from './view.ts';

export interface PageFrame {
  nav: NavKey | undefined;
  /** Its values go on by themselves; without scripts it reloads now and then. */
  isLive: boolean;
  /** Only the content of `<main>`, for htmx. */
  fragment: boolean;
}

export function renderPage(view: PageView, frame: Frame, { nav, isLive, fragment }: PageFrame): string {
  const inner = { ...frame.language, now: frame.now };
  if (fragment) {
    // htmx takes the title out and sets it.
    const title = renderFragment(<title>{documentTitle(view, frame)}</title>, inner);
    return title + renderFragment(view.body, inner);
  }
  const document = (
    <Document
      title={documentTitle(view, frame)}
      nav={nav}
      frame={frame}
      refreshS={isLive ? frame.config.autoRefreshRateS : null}
    >
      {view.body}
    </Document>
  );
  return `<!doctype html>${renderFragment(document, inner)}`;
}

export function renderFragment(content: ComponentChildren, view: View): string {
  return renderToString(<ViewProvider value={view}>{content}</ViewProvider>);
}

function documentTitle({ title }: PageView, { language }: Frame): string {
  return title === '' ? language.t.app.name : `${title} · ${language.t.app.name}`;
}
