import type { JSX } from 'preact';
import { ADMIN_PATHS } from '../admin/paths.ts';
import { Form } from '../components/form.tsx';
import { Icon, SunMark } from '../components/icon.tsx';
import type { Frame } from '../page-definition.ts';
import { useView } from '../view.ts';
import { NAVIGATION, type NavKey } from './navigation.ts';

export function Header({ nav, frame }: { nav: NavKey | undefined; frame: Frame }): JSX.Element {
  const { t } = useView();
  const { user } = frame;
  return (
    <header class="border-base-300 border-b bg-base-100">
      <div class="mx-auto flex h-14 w-full max-w-6xl items-center gap-2 px-4 md:h-16 md:px-6">
        <a href="/" class="flex items-center gap-2.5 rounded-full font-bold text-lg" aria-label={t.app.homeLabel}>
          <SunMark class="size-8" />
          <span class="whitespace-nowrap">{t.app.name}</span>
        </a>
        {user === null ? null : (
          <nav aria-label={t.nav.main} class="ml-6 hidden md:block">
            <ul class="flex gap-1">
              {NAVIGATION.map(({ key, path, icon }) => (
                <li key={key}>
                  <a href={path} class="nav-link" aria-current={key === nav ? 'page' : undefined}>
                    <Icon name={icon} />
                    {t.nav[key]}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
        )}
        <div class="ml-auto flex items-center gap-1">
          <LiveMark />
          <button
            type="button"
            class="js-only icon-button"
            data-theme-toggle
            aria-pressed="false"
            aria-label={t.theme.toggle}
          >
            <Icon name="contrast" />
          </button>
          {user === null ? null : <AccountMenu frame={frame} name={fullName(user)} email={user.email} />}
        </div>
      </div>
    </header>
  );
}

/** Shown by the script once the stream is open or lost; a lost one is also said to screen readers. */
function LiveMark(): JSX.Element {
  const { t } = useView();
  return (
    <div role="status" class="text-sm">
      <span class="live-mark live-open items-center gap-2 px-2 text-muted" aria-hidden="true">
        <span class="live-dot" />
        <span class="hidden xs:inline">{t.live.open}</span>
      </span>
      <span class="live-mark live-lost chip chip-problem" title={t.live.lostHint}>
        <Icon name="unplugged" class="size-4" />
        <span data-live-text={t.live.lost} />
      </span>
    </div>
  );
}

function AccountMenu({ frame, name, email }: { frame: Frame; name: string; email: string }): JSX.Element {
  const { t } = useView();
  return (
    <details class="relative" data-menu>
      <summary class="icon-button" aria-label={t.account.menu}>
        <Icon name="user" />
      </summary>
      <div class="panel absolute right-0 z-40 mt-2 w-64 max-w-[calc(100vw-2rem)] border border-base-300">
        <p class="name font-semibold">{name}</p>
        <p class="name text-muted text-sm">{email}</p>
        <a href="/account" class="btn btn-block mt-4">
          {t.settings.title}
        </a>
        <a href="/account/api-keys" class="btn btn-block mt-2">
          {t.keys.title}
        </a>
        {frame.user?.isAdmin === true ? (
          <a href={ADMIN_PATHS.overview} class="btn btn-block mt-2">
            {t.admin.title}
          </a>
        ) : null}
        <Form action="/logout" csrf={frame.csrfToken} class="mt-2">
          <button type="submit" class="btn btn-block">
            {t.account.signOut}
          </button>
        </Form>
      </div>
    </details>
  );
}

function fullName({ firstName, lastName, email }: { firstName: string; lastName: string; email: string }): string {
  const name = `${firstName} ${lastName}`.trim();
  return name === '' ? email : name;
}
