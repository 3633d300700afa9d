import { z } from 'zod';
import { Conflict } from '../../../domain/errors.ts';
import { definePage } from '../../define-page.ts';
import { IdParams, requiredText } from '../../input.ts';
import { Redirect } from '../../page-definition.ts';
import { type ApiKeysData, LIFETIMES, SCOPES } from './data.ts';
import { ApiKeysPage, PATH } from './page.tsx';

const DAY_MS = 24 * 3600_000;

const NewKeyForm = z.object({
  name: requiredText,
  scope: z.enum(SCOPES),
  expires: z.enum(LIFETIMES).default('never'),
});

/** The keys of the account's devices and programs. */
export const apiKeys = definePage<'member', { id?: number | undefined }, Pick<ApiKeysData, 'done'>, ApiKeysData>({
  name: 'api-keys',
  path: PATH,
  access: 'member',
  // The id is there only where a key is revoked.
  params: IdParams.partial(),
  query: z.object({ done: z.enum(['revoked']).nullable().default(null) }),
  load: async ({ services, user, query }) => ({
    keys: await services.apiKeys.list(user.id),
    newKey: null,
    done: query.done,
  }),
  view: (data, frame) => ({ title: frame.language.t.keys.title, body: ApiKeysPage(data, frame) }),
  actions: [
    {
      explain: (t, field) => (field === 'name' ? t.keys.errors.name : t.keys.errors.choice),
      refusal: (error, t) => (error instanceof Conflict ? { status: 409, message: t.keys.tooMany } : null),
      // Answered with the page itself: a key is shown once, and nothing may keep it to show it after a redirect.
      async run({ form, services, user, now, client }) {
        const { name, scope, expires } = form(NewKeyForm);
        const expiresAt = expires === 'never' ? null : new Date(now.getTime() + Number(expires) * DAY_MS);
        const { key } = await services.apiKeys.create(user.id, { name, scope, expiresAt }, now, client);
        return { data: { newKey: { name, key } } };
      },
    },
    {
      path: `${PATH}/:id/revoke`,
      async run({ services, user, params, now, client }) {
        await services.apiKeys.revoke(user.id, params.id ?? 0, now, client);
        return new Redirect(`${PATH}?done=revoked`);
      },
    },
  ],
});
