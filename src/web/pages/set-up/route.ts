import { definePage } from '../../define-page.ts';
import { IdParams } from '../../input.ts';
import type { SetUpData } from './data.ts';
import { setUpFragments } from './live.tsx';
import { SetUpPage } from './page.tsx';

/** The set-up guide for a registered inverter: what to type into it, and whether its data arrives. */
export const setUp = definePage<'member', { id: number }, Record<string, never>, SetUpData>({
  name: 'set-up',
  path: '/inverters/:id/setup',
  access: 'member',
  nav: 'guide',
  params: IdParams,
  load: async ({ services, user, params, now }) => ({
    inverter: await services.inverters.current(user.id, params.id, now),
    newKey: null,
  }),
  view: (data, frame) => ({ title: frame.language.t.guide.title, body: SetUpPage(data, frame) }),
  live: {
    fragments: setUpFragments,
    concerns: (event, { id }) => event.inverterId === id,
  },
  actions: [
    {
      // Answered with the page itself: a key is shown once, and nothing may keep it to show it after a redirect.
      async run({ services, user, params, language, now }) {
        const { kind } = await services.inverters.current(user.id, params.id, now);
        const name = language.t.guide.keyName(language.t.kind[kind]);
        const { key } = await services.apiKeys.create(user.id, { name, scope: 'ingest', expiresAt: null }, now);
        return { data: { newKey: key } };
      },
    },
  ],
});
