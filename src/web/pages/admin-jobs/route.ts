import { ADMIN_PATHS } from '../../admin/paths.ts';
import { definePage } from '../../define-page.ts';
import { type JobsData, JobsPage } from './page.tsx';

type None = Record<string, never>;

/** How maintenance goes. */
export const adminJobs = definePage<'admin', None, None, JobsData>({
  name: 'admin-jobs',
  path: ADMIN_PATHS.jobs,
  access: 'admin',
  load: ({ services, user }) => services.admin.jobs(user),
  view: (data, frame) => ({ title: frame.language.t.admin.nav.jobs, body: JobsPage(data, frame) }),
});
