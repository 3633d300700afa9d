import type { JSX } from 'preact';
import { Entrance, EntranceLink, LanguageLink } from '../../components/entrance.tsx';
import { Field, Form, FormMessage } from '../../components/form.tsx';
import { NewPasswordFields } from '../../components/new-password.tsx';
import type { Frame } from '../../page-definition.ts';

export interface ResetData {
  state: 'ask' | 'sent' | 'choose' | 'invalid' | 'done';
  token: string;
  /** The address that was typed in. */
  sentTo: string;
}

export function ResetPage({ state, token, sentTo }: ResetData, frame: Frame): JSX.Element {
  const { t } = frame.language;
  switch (state) {
    case 'ask':
      return <Ask frame={frame} />;
    case 'choose':
      return <Choose frame={frame} token={token} />;
    case 'sent':
      return (
        <Entrance title={t.entrance.checkMail} lead={t.reset.sent(sentTo)}>
          <EntranceLink href="/login">{t.entrance.toLogin}</EntranceLink>
        </Entrance>
      );
    case 'invalid':
      return (
        <Entrance title={t.reset.invalid} lead={t.reset.invalidHint}>
          <EntranceLink href="/reset_password">{t.reset.askAgain}</EntranceLink>
        </Entrance>
      );
    case 'done':
      return (
        <Entrance title={t.reset.done} lead={t.reset.doneHint}>
          <EntranceLink href="/login">{t.entrance.toLogin}</EntranceLink>
        </Entrance>
      );
  }
}

function Ask({ frame }: { frame: Frame }): JSX.Element {
  const { t } = frame.language;
  const { form } = frame;
  return (
    <Entrance title={t.reset.title} lead={t.reset.lead}>
      <Form action="/request_reset_password" csrf={frame.csrfToken} class="panel flex flex-col gap-4">
        <FormMessage form={form} />
        <Field
          id="email"
          name="email"
          label={t.entrance.email}
          type="email"
          autocomplete="username"
          inputmode="email"
          value={form?.values['email']}
          error={form?.errors['email']}
        />
        <button type="submit" class="btn btn-primary btn-block mt-2">
          {t.reset.button}
        </button>
      </Form>
      <p class="flex flex-wrap justify-between gap-x-6 gap-y-2">
        <a href="/login" class="link text-sm">
          {t.entrance.toLogin}
        </a>
        <LanguageLink frame={frame} path="/reset_password" />
      </p>
    </Entrance>
  );
}

function Choose({ frame, token }: { frame: Frame; token: string }): JSX.Element {
  const { t } = frame.language;
  const action = `/reset_password?token=${encodeURIComponent(token)}`;
  return (
    <Entrance title={t.reset.choose} lead={t.reset.chooseLead}>
      <Form action={action} csrf={frame.csrfToken} class="panel flex flex-col gap-4">
        <FormMessage form={frame.form} />
        <input type="hidden" name="token" value={token} />
        <NewPasswordFields t={t} errors={frame.form?.errors ?? {}} />
        <button type="submit" class="btn btn-primary btn-block mt-2">
          {t.reset.save}
        </button>
      </Form>
    </Entrance>
  );
}
