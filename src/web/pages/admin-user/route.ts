import { z } from 'zod';
import { Conflict } from '../../../domain/errors.ts';
import { ADMIN_PATHS } from '../../admin/paths.ts';
import { definePage } from '../../define-page.ts';
import { IdParams } from '../../input.ts';
import { Redirect } from '../../page-definition.ts';
import { accountRefusal } from '../../refusals.ts';
import { ACTS, type UserData, UserPage } from './page.tsx';

const ActForm = z.object({ act: z.enum(ACTS) });

/** One account, and what can be done about it. */
export const adminUser = definePage<'admin', { id: number }, Pick<UserData, 'done'>, UserData>({
  name: 'admin-user',
  path: `${ADMIN_PATHS.users}/:id`,
  access: 'admin',
  params: IdParams,
  query: z.object({ done: z.enum(ACTS).nullable().default(null) }),
  load: async ({ services, user, params, query }) => ({
    account: await services.admin.account(user, params.id),
    done: query.done,
  }),
  view: (data, frame) => ({ title: data.account.email, body: UserPage(data, frame) }),
  actions: [
    {
      async run({ form, services, user, params, visitor, now }) {
        const { act } = form(ActForm);
        if (act === 'start-reset') await services.admin.startReset(user, params.id, visitor, now);
        else await services.admin.act(user, params.id, act, visitor, now);
        return new Redirect(`${ADMIN_PATHS.users}/${params.id}?done=${act}`);
      },
      refusal(error, t) {
        if (!(error instanceof Conflict)) return accountRefusal(error, t);
        const { reason } = error.details;
        return { status: 409, message: reason === 'self' ? t.admin.users.self : t.admin.users.last };
      },
    },
  ],
});
