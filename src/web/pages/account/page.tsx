import type { ComponentChildren, JSX } from 'preact';
import { Icon } from '../../components/icon.tsx';
import type { Frame } from '../../page-definition.ts';
import { EmailSection, PasswordSection } from './credentials-section.tsx';
import type { AccountData } from './data.ts';
import { ProfileSection } from './profile-section.tsx';
import { SessionsSection } from './sessions-section.tsx';
import { SitesSection } from './sites-section.tsx';
import { TakeoutSection } from './takeout-section.tsx';

export function AccountPage(data: AccountData, frame: Frame): JSX.Element {
  const { t } = frame.language;
  return (
    <div class="mx-auto flex max-w-3xl flex-col gap-6">
      <h1 class="font-bold text-2xl md:text-3xl">{t.settings.title}</h1>
      {data.done === null || frame.form !== null ? null : (
        <p role="status" class="alert alert-success alert-soft">
          <Icon name="checkCircle" />
          {t.settings.done[data.done]}
        </p>
      )}
      <Section id="profile" title={t.settings.profile.title}>
        <ProfileSection profile={data.profile} frame={frame} />
      </Section>
      <Section id="email" title={t.settings.email.title}>
        <EmailSection frame={frame} />
      </Section>
      <Section id="password" title={t.settings.password.title}>
        <PasswordSection frame={frame} />
      </Section>
      <Section id="sites" title={t.settings.sites.title}>
        <SitesSection data={data} frame={frame} />
      </Section>
      <Section id="sessions" title={t.settings.sessions.title}>
        <SessionsSection data={data} frame={frame} />
      </Section>
      <Section id="takeout" title={t.settings.takeout.title}>
        <TakeoutSection data={data} frame={frame} />
      </Section>
      <p class="flex flex-wrap justify-between gap-x-6 gap-y-2">
        <a href="/account/two-factor" class="link">
          {t.twoFactor.link}
        </a>
        <a href="/account/api-keys" class="link">
          {t.keys.title}
        </a>
        <a href="/account/delete" class="link text-error">
          {t.settings.remove.link}
        </a>
      </p>
    </div>
  );
}

/** One matter of the account, with its heading. */
function Section({ id, title, children }: { id: string; title: string; children: ComponentChildren }): JSX.Element {
  return (
    <section class="panel" aria-labelledby={`${id}-title`} id={id}>
      <h2 id={`${id}-title`} class="mb-4 font-bold text-lg">
        {title}
      </h2>
      {children}
    </section>
  );
}
