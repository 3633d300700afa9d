/** Where the parts of the administration are, in the order of their menu. */
export const ADMIN_PATHS = {
  overview: '/admin',
  users: '/admin/users',
  devices: '/admin/devices',
  loggers: '/admin/loggers',
  jobs: '/admin/jobs',
  mails: '/admin/mails',
  audit: '/admin/audit',
} as const;

export type AdminPart = keyof typeof ADMIN_PATHS;
