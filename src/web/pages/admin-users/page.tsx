import type { JSX } from 'preact';
import type { Part } from '../../../services/admin/admin-service.ts';
import type { AdminAccountRow } from '../../../store/admin-accounts.ts';
import { AccountMarks } from '../../admin/account-marks.tsx';
import { AccountLink, AdminPage, Facts, Row, Rows, Search, When } from '../../admin/parts.tsx';
import { ADMIN_PATHS } from '../../admin/paths.ts';
import type { Frame } from '../../page-definition.ts';

export interface UsersData extends Part<AdminAccountRow> {
  query: { q: string; from: number | null };
}

export function UsersPage({ items, next, query }: UsersData, frame: Frame): JSX.Element {
  const { t } = frame.language;
  const path = ADMIN_PATHS.users;
  return (
    <AdminPage part="users">
      <Search path={path} label={t.admin.users.search} value={query.q} />
      <Rows path={path} query={query} next={next}>
        {items.map((account) => (
          <Row key={account.id}>
            <div class="flex flex-wrap items-start justify-between gap-x-6 gap-y-1">
              <p class="min-w-0 font-semibold">
                <AccountLink id={account.id} email={account.email} />
              </p>
              <AccountMarks account={account} />
            </div>
            <Facts>
              <bdi class="name">{`${account.firstName} ${account.lastName}`.trim()}</bdi>
              <span>{t.admin.users.inverters(account.inverters)}</span>
              <When label={t.admin.users.used} at={account.lastUsedAt} frame={frame} />
            </Facts>
          </Row>
        ))}
      </Rows>
    </AdminPage>
  );
}
