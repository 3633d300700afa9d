import { z } from 'zod';
import { MAIL_STATES } from '../../../store/admin-operation.ts';
import { ListQuery } from '../../admin/list-query.ts';
import { ADMIN_PATHS } from '../../admin/paths.ts';
import { definePage } from '../../define-page.ts';
import { Redirect } from '../../page-definition.ts';
import { type MailsData, MailsPage } from './page.tsx';

const RetryForm = z.object({ mail: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) });

/** The outbox, without what is written in it. */
export const adminMails = definePage<'admin', Record<string, never>, MailsData['query'], MailsData>({
  name: 'admin-mails',
  path: ADMIN_PATHS.mails,
  access: 'admin',
  query: ListQuery.pick({ from: true }).extend({
    state: z.enum(MAIL_STATES).nullable().default(null),
    done: z.enum(['retried']).nullable().default(null),
  }),
  load: async ({ services, user, query }) => ({
    ...(await services.admin.mails(user, query.state, query.from)),
    query,
  }),
  view: (data, frame) => ({ title: frame.language.t.admin.nav.mails, body: MailsPage(data, frame) }),
  actions: [
    {
      async run({ form, services, user, visitor, now }) {
        await services.admin.retryMail(user, form(RetryForm).mail, visitor, now);
        return new Redirect(`${ADMIN_PATHS.mails}?done=retried`);
      },
    },
  ],
});
