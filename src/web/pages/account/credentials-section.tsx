import type { JSX } from 'preact';
import { Field, Form, FormMessage } from '../../components/form.tsx';
import { NewPasswordFields } from '../../components/new-password.tsx';
import type { Frame } from '../../page-definition.ts';

export function EmailSection({ frame }: { frame: Frame }): JSX.Element {
  const { t } = frame.language;
  const action = '/account/change-email';
  const form = frame.form?.action === action ? frame.form : null;
  return (
    <Form action={action} csrf={frame.csrfToken} class="flex flex-col gap-4" enhanced>
      <FormMessage form={form} />
      <p class="name text-muted">{t.settings.email.now(frame.user?.email ?? '')}</p>
      <div class="grid gap-4 sm:grid-cols-2">
        <Field
          id="new-email"
          name="new_email"
          label={t.settings.email.next}
          type="email"
          autocomplete="email"
          inputmode="email"
          value={form?.values['new_email']}
          error={form?.errors['new_email']}
        />
        <Field
          id="email-password"
          name="password"
          label={t.settings.password.current}
          type="password"
          autocomplete="current-password"
          error={form?.errors['password']}
        />
      </div>
      <div>
        <button type="submit" class="btn">
          {t.settings.email.button}
        </button>
      </div>
    </Form>
  );
}

export function PasswordSection({ frame }: { frame: Frame }): JSX.Element {
  const { t } = frame.language;
  const action = '/account/change-password';
  const form = frame.form?.action === action ? frame.form : null;
  return (
    <Form action={action} csrf={frame.csrfToken} class="flex flex-col gap-4" enhanced>
      <FormMessage form={form} />
      {/* For password managers: whose password this is. */}
      <input type="hidden" name="username" autocomplete="username" value={frame.user?.email ?? ''} />
      <Field
        id="current-password"
        name="current_password"
        label={t.settings.password.current}
        type="password"
        autocomplete="current-password"
        error={form?.errors['current_password']}
      />
      <div class="grid gap-4 sm:grid-cols-2">
        <NewPasswordFields t={t} errors={form?.errors ?? {}} />
      </div>
      <div>
        <button type="submit" class="btn">
          {t.settings.password.button}
        </button>
      </div>
    </Form>
  );
}
