import type { JSX } from 'preact';
import { Field, Form, FormMessage } from '../../components/form.tsx';
import { SunMark } from '../../components/icon.tsx';
import type { Frame } from '../../page-definition.ts';

export interface FirstAdminData {
  /** Null when the link is used up, unknown or missing. */
  token: string | null;
}

export function FirstAdminPage({ token }: FirstAdminData, frame: Frame): JSX.Element {
  const { t } = frame.language;
  const { form } = frame;
  const values = form?.values ?? {};
  const errors = form?.errors ?? {};
  if (token === null) {
    return (
      <div class="mx-auto flex max-w-md flex-col items-center gap-4 pt-8 text-center">
        <SunMark class="size-16" />
        <h1 class="font-bold text-2xl">{t.setup.usedUp}</h1>
        <p class="text-muted">{t.setup.usedUpHint}</p>
        <a href="/login" class="btn btn-primary">
          {t.setup.toLogin}
        </a>
      </div>
    );
  }
  return (
    <div class="mx-auto flex max-w-md flex-col gap-6 pt-4 md:pt-8">
      <div class="flex flex-col items-center gap-3 text-center">
        <SunMark class="size-16" />
        <h1 class="font-bold text-3xl">{t.setup.title}</h1>
        <p class="text-muted">{t.setup.lead}</p>
      </div>
      <Form
        action={`/setup?token=${encodeURIComponent(token)}`}
        csrf={frame.csrfToken}
        class="panel flex flex-col gap-4"
      >
        <FormMessage form={form} />
        <div class="grid gap-4 sm:grid-cols-2">
          <Field
            id="first-name"
            name="first_name"
            label={t.setup.firstName}
            autocomplete="given-name"
            value={values['first_name']}
            error={errors['first_name']}
            maxlength={255}
            required={false}
          />
          <Field
            id="last-name"
            name="last_name"
            label={t.setup.lastName}
            autocomplete="family-name"
            value={values['last_name']}
            error={errors['last_name']}
            maxlength={255}
            required={false}
          />
        </div>
        <Field
          id="email"
          name="email"
          label={t.setup.email}
          type="email"
          autocomplete="email"
          inputmode="email"
          value={values['email']}
          error={errors['email']}
        />
        <Field
          id="password"
          name="password"
          label={t.setup.password}
          type="password"
          autocomplete="new-password"
          hint={t.setup.passwordHint}
          error={errors['password']}
        />
        <button type="submit" class="btn btn-primary btn-block mt-2">
          {t.setup.button}
        </button>
      </Form>
    </div>
  );
}
