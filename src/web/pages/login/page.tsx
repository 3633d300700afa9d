import type { JSX } from 'preact';
import { LanguageLink } from '../../components/entrance.tsx';
import { Field, Form, FormMessage } from '../../components/form.tsx';
import { SunMark } from '../../components/icon.tsx';
import type { Frame } from '../../page-definition.ts';

export function LoginPage({ next, isOpen }: { next: string; isOpen: boolean }, frame: Frame): JSX.Element {
  const { t } = frame.language;
  const { form } = frame;
  return (
    <div class="mx-auto flex max-w-md flex-col gap-6 pt-4 md:pt-12">
      <div class="flex flex-col items-center gap-3 text-center">
        <SunMark class="size-16" />
        <h1 class="font-bold text-3xl">{t.login.title}</h1>
        <p class="text-muted">{t.login.lead}</p>
      </div>
      <Form action="/login" csrf={frame.csrfToken} class="panel flex flex-col gap-4">
        <FormMessage form={form} />
        <input type="hidden" name="next" value={form?.values['next'] ?? next} />
        <Field
          id="username"
          name="username"
          label={t.login.email}
          type="email"
          autocomplete="username"
          inputmode="email"
          value={form?.values['username']}
          error={form?.errors['username']}
          autofocus={form === null}
        />
        <Field
          id="password"
          name="password"
          label={t.login.password}
          type="password"
          autocomplete="current-password"
          error={form?.errors['password']}
          autofocus={form !== null && form.errors['username'] === undefined}
        />
        <button type="submit" class="btn btn-primary btn-block mt-2">
          {t.login.button}
        </button>
      </Form>
      <p class="flex flex-wrap justify-between gap-x-6 gap-y-2">
        <a href="/reset_password" class="link text-sm">
          {t.reset.link}
        </a>
        {isOpen ? (
          <a href="/signup" class="link text-sm">
            {t.signup.link}
          </a>
        ) : null}
        <LanguageLink frame={frame} path="/login" />
      </p>
    </div>
  );
}
