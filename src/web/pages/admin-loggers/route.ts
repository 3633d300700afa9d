import { z } from 'zod';
import { ListQuery } from '../../admin/list-query.ts';
import { ADMIN_PATHS } from '../../admin/paths.ts';
import { definePage } from '../../define-page.ts';
import { requiredText } from '../../input.ts';
import { Redirect } from '../../page-definition.ts';
import { type LoggersData, LoggersPage } from './page.tsx';

const AssignForm = z.object({
  serial: requiredText.max(64),
  email: requiredText.max(320),
  name: requiredText.max(100),
});

/** Loggers that are nobody's; each can be given to an account. */
export const adminLoggers = definePage<'admin', Record<string, never>, LoggersData['query'], LoggersData>({
  name: 'admin-loggers',
  path: ADMIN_PATHS.loggers,
  access: 'admin',
  query: ListQuery.extend({ done: z.enum(['assigned']).nullable().default(null) }),
  load: async ({ services, user, query }) => ({
    ...(await services.admin.strangers(user, { search: query.q, from: query.from })),
    query,
  }),
  view: (data, frame) => ({ title: frame.language.t.admin.nav.loggers, body: LoggersPage(data, frame) }),
  actions: [
    {
      explain: (t, field, problem) => {
        if (problem === 'required') return t.admin.loggers.required;
        return field === 'serial' ? t.admin.loggers.taken : t.admin.loggers.noAccount;
      },
      async run({ form, services, user, visitor, now }) {
        await services.admin.assignLogger(user, form(AssignForm), visitor, now);
        return new Redirect(`${ADMIN_PATHS.loggers}?done=assigned`);
      },
    },
  ],
});
