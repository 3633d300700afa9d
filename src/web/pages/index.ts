import type { Page } from '../define-page.ts';
import { account } from './account/route.ts';
import { accountDelete } from './account-delete/route.ts';
import { admin } from './admin/route.ts';
import { adminAudit } from './admin-audit/route.ts';
import { adminDevices } from './admin-devices/route.ts';
import { adminJobs } from './admin-jobs/route.ts';
import { adminLoggers } from './admin-loggers/route.ts';
import { adminMails } from './admin-mails/route.ts';
import { adminUser } from './admin-user/route.ts';
import { adminUsers } from './admin-users/route.ts';
import { apiKeys } from './api-keys/route.ts';
import { dashboard } from './dashboard/route.ts';
import { dcChannels } from './dc-channels/route.ts';
import { exportPage } from './export/route.ts';
import { firstAdmin } from './first-admin/route.ts';
import { guide } from './guide/route.ts';
import { inverterDelete } from './inverter-delete/route.ts';
import { inverters } from './inverters/route.ts';
import { loggerRelease } from './logger-release/route.ts';
import { login } from './login/route.ts';
import { logout } from './logout/route.ts';
import { offline } from './offline/route.ts';
import { overview } from './overview/route.ts';
import { resetPassword } from './reset-password/route.ts';
import { setUp } from './set-up/route.ts';
import { signup } from './signup/route.ts';
import { summary } from './summary/route.ts';
import { twoFactor } from './two-factor/route.ts';
import { verify } from './verify/route.ts';

/** Every page there is. A new one is a folder beside these and a line here. */
export const PAGES: readonly Page[] = [
  overview,
  summary,
  dashboard,
  dcChannels,
  exportPage,
  inverters,
  guide,
  setUp,
  inverterDelete,
  loggerRelease,
  account,
  accountDelete,
  twoFactor,
  apiKeys,
  admin,
  adminUsers,
  adminUser,
  adminDevices,
  adminLoggers,
  adminJobs,
  adminMails,
  adminAudit,
  login,
  logout,
  signup,
  verify,
  resetPassword,
  firstAdmin,
  offline,
];
