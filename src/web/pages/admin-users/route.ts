import { ListQuery } from '../../admin/list-query.ts';
import { ADMIN_PATHS } from '../../admin/paths.ts';
import { definePage } from '../../define-page.ts';
import { type UsersData, UsersPage } from './page.tsx';

/** All accounts. */
export const adminUsers = definePage<'admin', Record<string, never>, UsersData['query'], UsersData>({
  name: 'admin-users',
  path: ADMIN_PATHS.users,
  access: 'admin',
  query: ListQuery,
  load: async ({ services, user, query }) => ({
    ...(await services.admin.accounts(user, { search: query.q, from: query.from })),
    query,
  }),
  view: (data, frame) => ({ title: frame.language.t.admin.nav.users, body: UsersPage(data, frame) }),
});
