import { NotFound } from '../domain/errors.ts';
import type { Language } from '../i18n/locale.ts';
import type { LiveEvent } from '../live/events.ts';
import type { SessionUser } from '../services/services.ts';
import { pageQuery, parsed } from './input.ts';
import {
  type Access,
  type LoadContext,
  type PageDefinition,
  Redirect,
  type UserOf,
  type WebDependencies,
} from './page-definition.ts';
import { renderFragment } from './render.tsx';

/** What a topic's subscribers are sent: named pieces of HTML, and the shape of page they fit. */
export interface LiveState {
  shape: string;
  fragments: Record<string, string>;
}

/** A page's live side with its types forgotten. */
export interface LiveSource {
  /** @throws NotFound where the page would answer so; also when the page would now lead elsewhere */
  read(
    deps: WebDependencies,
    user: SessionUser,
    id: string | undefined,
    language: Language,
    query: Record<string, string>,
  ): Promise<LiveState>;
  concerns(event: LiveEvent, id: string | undefined): boolean;
}

/** Reads with the page's own `load`, so that what is pushed is what a reload would show. */
export function liveSource<A extends Access, P, Q, D>(definition: PageDefinition<A, P, Q, D>): LiveSource | null {
  const { live } = definition;
  if (live === undefined) return null;
  const paramsOf = (id: string | undefined): P =>
    parsed(definition.params, id === undefined ? {} : { id }, () => new NotFound('There is no such topic.'));
  return {
    async read({ services, config, now: clock }, user, id, language, query) {
      const now = clock();
      const context: LoadContext<A, P, Q> = {
        services,
        config,
        now,
        language,
        user: user as UserOf<A>,
        sessionId: null,
        visitor: { client: { address: '', userAgent: null }, locale: language.locale },
        params: paramsOf(id),
        // As the page itself: one that makes no sense is none.
        query: pageQuery(definition.query, query),
        isUpdate: true,
      };
      const data = await definition.load(context);
      if (data instanceof Redirect) throw new NotFound('The page leads elsewhere.');
      const fragments: Record<string, string> = {};
      for (const [name, content] of Object.entries(live.fragments(data))) {
        fragments[name] = renderFragment(content, { ...language, now });
      }
      return { shape: live.shape?.(data) ?? '', fragments };
    },
    concerns: (event, id) => live.concerns?.(event, paramsOf(id)) ?? event.type !== 'takeout',
  };
}
