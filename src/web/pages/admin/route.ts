import type { AdminOverview } from '../../../services/admin/admin-service.ts';
import { ADMIN_PATHS } from '../../admin/paths.ts';
import { definePage } from '../../define-page.ts';
import { AdminOverviewPage } from './page.tsx';

type None = Record<string, never>;

/** How the installation goes, over all processes. */
export const admin = definePage<'admin', None, None, AdminOverview>({
  name: 'admin',
  path: ADMIN_PATHS.overview,
  access: 'admin',
  load: ({ services, user, now }) => services.admin.overview(user, now),
  view: (data, frame) => ({ title: frame.language.t.admin.title, body: AdminOverviewPage(data, frame) }),
});
