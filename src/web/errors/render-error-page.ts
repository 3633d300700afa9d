import { h } from 'preact';
import '../../http/request-context.ts';
import type { RenderErrorPage } from '../../http/errors.ts';
import { type Language, languageOf } from '../../i18n/locale.ts';
import type { SessionUser } from '../../services/services.ts';
import type { Assets } from '../assets.ts';
import type { WebConfig } from '../config.ts';
import { renderPage } from '../render.tsx';
import { isFragmentRequest, languageFor } from '../request.ts';
import { ErrorPage, errorWords } from './error-page.tsx';

export interface ErrorPageContext {
  language: Language;
  user: SessionUser | null;
  csrfToken: string;
  requestId: string | null;
  /** Only the content, for htmx. */
  fragment: boolean;
  now: Date;
}

/** What `http` answers people with in place of the JSON of an error. */
export function errorPages(deps: { config: WebConfig; assets: Assets; now?: () => Date }): RenderErrorPage {
  return ({ status }, request) => {
    // Where identifying failed, nobody is known; the page must still come.
    const user = request.session?.user ?? null;
    return renderErrorPage(deps, status, {
      language: languageFor(request),
      user,
      csrfToken: user === null ? '' : request.csrfToken,
      requestId: request.id,
      fragment: isFragmentRequest(request),
      now: deps.now?.() ?? new Date(),
    });
  };
}

export function renderErrorPage(
  { config, assets }: { config: WebConfig; assets: Assets },
  status: number,
  context: Partial<ErrorPageContext> = {},
): string {
  const language = context.language ?? languageOf('en-GB');
  const body = h(ErrorPage, { status, requestId: context.requestId ?? null });
  const frame = {
    language,
    user: context.user ?? null,
    config,
    assets,
    now: context.now ?? new Date(),
    csrfToken: context.csrfToken ?? '',
    form: null,
  };
  const title = errorWords(language.t.error, status).title;
  return renderPage({ title, body }, frame, { nav: undefined, isLive: false, fragment: context.fragment ?? false });
}
