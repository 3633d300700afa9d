import type { JSX } from 'preact';
import type { AdminAccountRow } from '../../../store/admin-accounts.ts';
import { AccountMarks } from '../../admin/account-marks.tsx';
import { linkTo } from '../../admin/list-query.ts';
import { AdminPage, Facts, When } from '../../admin/parts.tsx';
import { ADMIN_PATHS } from '../../admin/paths.ts';
import { Form, FormMessage } from '../../components/form.tsx';
import type { Frame } from '../../page-definition.ts';

export const ACTS = [
  'verify',
  'start-reset',
  'end-sessions',
  'make-admin',
  'unmake-admin',
  'enable',
  'disable',
] as const;
export type Act = (typeof ACTS)[number];

export interface UserData {
  account: AdminAccountRow;
  done: Act | null;
}

/** What would change something about this account. */
function actsFor(account: AdminAccountRow, isOneself: boolean): Act[] {
  const isOn = account.disabledAt === null;
  const offered: Record<Act, boolean> = {
    verify: account.verifiedAt === null,
    'start-reset': isOn,
    'end-sessions': account.sessions > 0,
    'make-admin': !account.isAdmin && isOn,
    'unmake-admin': account.isAdmin,
    enable: !isOn,
    disable: isOn && !isOneself,
  };
  return ACTS.filter((act) => offered[act]);
}

export function UserPage({ account, done }: UserData, frame: Frame): JSX.Element {
  const { t, fmt } = frame.language;
  const { timeZone } = frame.config;
  const name = `${account.firstName} ${account.lastName}`.trim();
  return (
    <AdminPage part="users" title={<bdi>{account.email}</bdi>} done={done === null ? null : t.admin.users.done[done]}>
      <FormMessage form={frame.form} />
      <div class="panel">
        <div class="flex flex-wrap items-start justify-between gap-x-6 gap-y-1">
          <p class="min-w-0 font-semibold">
            <bdi class="name">{name === '' ? t.admin.account(account.id) : name}</bdi>
          </p>
          <AccountMarks account={account} />
        </div>
        <Facts>
          <span>{t.admin.account(account.id)}</span>
          <span>
            {t.admin.users.since} {fmt.dateTime(account.createdAt, timeZone)}
          </span>
          <When label={t.admin.users.used} at={account.lastUsedAt} frame={frame} />
        </Facts>
        <Facts>
          <span>{t.admin.users.inverters(account.inverters)}</span>
          <span>{t.admin.users.keys(account.apiKeys)}</span>
          <span>{t.admin.users.sessions(account.sessions)}</span>
        </Facts>
        <div class="mt-3 flex flex-wrap gap-3">
          <a href={linkTo(ADMIN_PATHS.devices, { q: account.email })} class="quiet-button">
            {t.admin.users.devices}
          </a>
          <a href={linkTo(ADMIN_PATHS.audit, { who: account.id })} class="quiet-button">
            {t.admin.users.log}
          </a>
        </div>
      </div>
      <section aria-labelledby="acts" class="panel">
        <h2 id="acts" class="mb-2 font-bold text-lg">
          {t.admin.users.acts}
        </h2>
        <ul class="flex flex-col divide-y divide-base-300">
          {actsFor(account, account.id === frame.user?.id).map((act) => (
            <li key={act} class="py-2">
              <ActForm act={act} userId={account.id} frame={frame} />
            </li>
          ))}
        </ul>
      </section>
    </AdminPage>
  );
}

/** Behind a second button, with what it brings about beside it. */
function ActForm({ act, userId, frame }: { act: Act; userId: number; frame: Frame }): JSX.Element {
  const { t } = frame.language;
  const isGrave = act === 'disable' || act === 'make-admin' || act === 'unmake-admin';
  return (
    <details>
      <summary class="btn btn-ghost -ml-2 h-auto min-h-11 justify-start px-2 text-left">
        {t.admin.users.act[act]} …
      </summary>
      <Form action={`${ADMIN_PATHS.users}/${userId}`} csrf={frame.csrfToken} class="mt-2 mb-1 flex flex-col gap-3">
        <input type="hidden" name="act" value={act} />
        <p>{t.admin.users.sure[act]}</p>
        <div>
          <button type="submit" class={`btn h-auto min-h-11 ${isGrave ? 'btn-error' : ''}`}>
            {t.admin.users.act[act]}
          </button>
        </div>
      </Form>
    </details>
  );
}
