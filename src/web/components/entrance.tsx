import type { ComponentChildren, JSX } from 'preact';
import type { Dictionary } from '../../i18n/en.ts';
import type { Explain } from '../form.ts';
import type { Frame } from '../page-definition.ts';
import { SunMark } from './icon.tsx';

/** A page before the sign-in: what it is for, and one panel. */
export function Entrance({
  title,
  lead,
  children,
}: {
  title: string;
  lead?: string;
  children?: ComponentChildren;
}): JSX.Element {
  return (
    <div class="mx-auto flex max-w-md flex-col gap-6 pt-4 md:pt-8">
      <div class="flex flex-col items-center gap-3 text-center">
        <SunMark class="size-16" />
        <h1 class="font-bold text-3xl">{title}</h1>
        {lead === undefined ? null : <p class="max-w-full break-words text-muted">{lead}</p>}
      </div>
      {children}
    </div>
  );
}

/** The way onward from an entrance that has nothing more to ask. */
export function EntranceLink({ href, children }: { href: string; children: ComponentChildren }): JSX.Element {
  return (
    <div class="text-center">
      <a href={href} class="btn btn-primary">
        {children}
      </a>
    </div>
  );
}

/** For whoever cannot read the page: the other language, kept in a cookie. */
export function LanguageLink({ frame, path }: { frame: Frame; path: string }): JSX.Element {
  const { t, locale } = frame.language;
  const other = locale === 'de' ? 'en' : 'de';
  return (
    <a
      href={`/language?to=${other}&next=${encodeURIComponent(path)}`}
      lang={other}
      hreflang={other}
      class="link text-sm"
    >
      {t.entrance.language}
    </a>
  );
}

/** The words for the fields that all account forms share. */
export const explainAccount: Explain = (t: Dictionary, field: string, problem: string): string => {
  const { errors } = t.entrance;
  if (problem === 'required') return errors.required;
  if (field === 'email' || field === 'new_email') return problem === 'unchanged' ? t.settings.email.same : errors.email;
  if (field === 'new_password2') return errors.again;
  if (field === 'password' || field === 'new_password1') return errors.password;
  if (field === 'time_zone') return t.settings.profile.timeZoneWrong;
  return errors.name;
};
