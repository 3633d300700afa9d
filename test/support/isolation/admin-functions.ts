import type { FunctionPolicy } from './function-rule.ts';

/** Each refuses whoever is no administrator: tried with every one of them in admin.test.ts. */
const FOR_ADMINISTRATORS: FunctionPolicy = {
  execute: ['admin'],
  definer: 'owner',
  foreign: 'is about all accounts, and refuses every tenant that is no administrator; shows nothing measured',
};

/** The functions behind the pages of administration. */
export const ADMIN_FUNCTIONS: Readonly<Record<string, FunctionPolicy>> = {
  'store.require_admin': { execute: [] },
  'store.keep_an_administrator': { execute: [], definer: 'owner' },
  ...Object.fromEntries(
    [
      ...['accounts', 'act', 'start_reset', 'inverters', 'gateways', 'strangers', 'assign_logger', 'sources', 'counts'],
      ...['processes', 'jobs', 'work', 'mails', 'retry_mail', 'audit'],
    ].map((name) => [`api.admin_${name}`, FOR_ADMINISTRATORS]),
  ),
};
