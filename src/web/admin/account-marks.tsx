import type { JSX } from 'preact';
import type { AdminAccountRow } from '../../store/admin-accounts.ts';
import { useView } from '../view.ts';

/** What is particular about an account. */
export function AccountMarks({ account }: { account: AdminAccountRow }): JSX.Element {
  const { t } = useView();
  return (
    <p class="flex flex-wrap gap-2">
      {account.isAdmin ? <span class="chip chip-sun">{t.admin.users.isAdmin}</span> : null}
      {account.disabledAt === null ? null : <span class="chip chip-problem">{t.admin.users.disabled}</span>}
      {account.verifiedAt === null ? <span class="chip chip-quiet">{t.admin.users.unverified}</span> : null}
      {account.hasTwoFactor ? <span class="chip chip-quiet">{t.admin.users.twoFactor}</span> : null}
    </p>
  );
}
