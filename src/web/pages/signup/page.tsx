import type { JSX } from 'preact';
import { Entrance, EntranceLink, LanguageLink } from '../../components/entrance.tsx';
import { Field, Form, FormMessage } from '../../components/form.tsx';
import type { Frame } from '../../page-definition.ts';

export interface SignUpData {
  isOpen: boolean;
  /** Where the mail went; null before the form was sent. */
  sentTo: string | null;
}

export function SignUpPage({ isOpen, sentTo }: SignUpData, frame: Frame): JSX.Element {
  const { t } = frame.language;
  const { form } = frame;
  const values = form?.values ?? {};
  const errors = form?.errors ?? {};
  if (!isOpen || sentTo !== null) {
    return (
      <Entrance
        title={sentTo === null ? t.signup.title : t.entrance.checkMail}
        lead={sentTo === null ? t.entrance.closed : t.signup.sent(sentTo)}
      >
        <EntranceLink href="/login">{t.entrance.toLogin}</EntranceLink>
      </Entrance>
    );
  }
  return (
    <Entrance title={t.signup.title} lead={t.signup.lead}>
      <Form action="/signup" csrf={frame.csrfToken} class="panel flex flex-col gap-4">
        <FormMessage form={form} />
        <div class="grid gap-4 sm:grid-cols-2">
          <Field
            id="first-name"
            name="first_name"
            label={t.signup.firstName}
            autocomplete="given-name"
            value={values['first_name']}
            error={errors['first_name']}
            maxlength={255}
            required={false}
          />
          <Field
            id="last-name"
            name="last_name"
            label={t.signup.lastName}
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
          label={t.entrance.email}
          type="email"
          autocomplete="email"
          inputmode="email"
          value={values['email']}
          error={errors['email']}
        />
        <Field
          id="password"
          name="password"
          label={t.entrance.password}
          type="password"
          autocomplete="new-password"
          hint={t.entrance.passwordHint}
          error={errors['password']}
        />
        <button type="submit" class="btn btn-primary btn-block mt-2">
          {t.signup.button}
        </button>
      </Form>
      <p class="flex flex-wrap justify-between gap-x-6 gap-y-2">
        <a href="/login" class="link text-sm">
          {t.signup.toLogin}
        </a>
        <LanguageLink frame={frame} path="/signup" />
      </p>
    </Entrance>
  );
}
