import { z } from 'zod';
import { TooMany } from '../../../domain/errors.ts';
import { definePage } from '../../define-page.ts';
import { IdParams } from '../../input.ts';
import { Redirect } from '../../page-definition.ts';
import { type SetUpData, setUpShape } from './data.ts';
import { setUpFragments } from './live.tsx';
import { SetUpPage } from './page.tsx';

const SetUpForm = z.object({ intent: z.enum(['key', 'restart']).default('key') });

/** The set-up guide for a registered inverter: what to type into it, and whether its data arrives. */
export const setUp = definePage<'member', { id: number }, Record<string, never>, SetUpData>({
  name: 'set-up',
  path: '/inverters/:id/setup',
  access: 'member',
  nav: 'guide',
  params: IdParams,
  async load({ services, user, params, now }) {
    const inverter = await services.inverters.current(user.id, params.id, now);
    const logger = inverter.kind === 'solarman' ? await services.loggers.details(user.id, params.id, now) : null;
    return { inverter, logger, newKey: null };
  },
  view: (data, frame) => ({ title: frame.language.t.guide.title, body: SetUpPage(data, frame) }),
  live: {
    fragments: setUpFragments,
    shape: setUpShape,
    concerns: (event, { id }) => event.inverterId === id,
  },
  actions: [
    {
      // Answered with the page itself: a key is shown once, and nothing may keep it to show it after a redirect.
      async run({ services, user, params, form, language, now, client }) {
        if (form(SetUpForm).intent === 'restart') {
          await services.loggers.askRestart(user.id, params.id, now);
          return new Redirect(`/inverters/${params.id}/setup`);
        }
        const { kind } = await services.inverters.current(user.id, params.id, now);
        const name = language.t.guide.keyName(language.t.kind[kind]);
        const { key } = await services.apiKeys.create(user.id, { name, scope: 'ingest', expiresAt: null }, now, client);
        return { data: { newKey: key } };
      },
      refusal: (error, t) => (error instanceof TooMany ? { status: 429, message: t.guide.claim.tooOften } : null),
    },
  ],
});
