import type { JSX } from 'preact';
import { Entrance, EntranceLink } from '../../components/entrance.tsx';
import { Form, FormMessage } from '../../components/form.tsx';
import type { Frame } from '../../page-definition.ts';

export interface VerifyData {
  state: 'confirmed' | 'invalid' | 'waiting';
  /** The mail was just sent once more. */
  isSent: boolean;
}

export function VerifyPage({ state, isSent }: VerifyData, frame: Frame): JSX.Element {
  const { t } = frame.language;
  const { user } = frame;
  if (state === 'waiting') {
    return (
      <Entrance title={t.verify.title} lead={t.verify.waiting(user?.email ?? '')}>
        <div class="panel flex flex-col gap-4">
          <FormMessage form={frame.form} />
          {isSent ? (
            <p role="status" class="alert alert-success alert-soft">
              {t.verify.sent}
            </p>
          ) : null}
          <p>{t.verify.until}</p>
          <Form action="/verify" csrf={frame.csrfToken}>
            <button type="submit" class="btn btn-block">
              {t.verify.again}
            </button>
          </Form>
        </div>
      </Entrance>
    );
  }
  return (
    <Entrance
      title={state === 'confirmed' ? t.verify.confirmed : t.verify.invalid}
      lead={state === 'confirmed' ? t.verify.confirmedHint : t.verify.invalidHint}
    >
      <EntranceLink href={user === null ? '/login' : '/'}>
        {user === null ? t.entrance.toLogin : t.verify.goOn}
      </EntranceLink>
    </Entrance>
  );
}
