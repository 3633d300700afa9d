import type { ComponentChildren, JSX } from 'preact';
import type { TwoFactorState } from '../../../services/accounts/account-services.ts';
import { Field, Form, FormMessage } from '../../components/form.tsx';
import { QrCode } from '../../components/qr-code.tsx';
import { CopyValue } from '../../guide/values.tsx';
import type { Frame } from '../../page-definition.ts';

export interface TwoFactorData {
  state: TwoFactorState;
  /** Recovery codes that were just made: shown this once. */
  codes: string[] | null;
}

const PATH = '/account/two-factor';

export function TwoFactorPage({ state, codes }: TwoFactorData, frame: Frame): JSX.Element {
  const { t } = frame.language;
  return (
    <div class="mx-auto flex max-w-xl flex-col gap-6">
      <h1 class="font-bold text-2xl md:text-3xl">{t.twoFactor.title}</h1>
      {frame.user?.isAdmin === true && !state.isOn ? (
        <p class="alert alert-warning alert-soft">{t.twoFactor.adminNeeds}</p>
      ) : null}
      <p class="text-muted">{t.twoFactor.lead}</p>
      {codes === null ? <Present state={state} frame={frame} /> : <Codes codes={codes} frame={frame} />}
    </div>
  );
}

function Present({ state, frame }: { state: TwoFactorState; frame: Frame }): JSX.Element {
  const { t } = frame.language;
  if (state.isOn) {
    return (
      <>
        <p class="panel font-semibold">{t.twoFactor.on(state.recoveryCodes)}</p>
        <PasswordForm frame={frame} action={`${PATH}/codes`} button={t.twoFactor.renew} />
        <PasswordForm frame={frame} action={`${PATH}/disable`} button={t.twoFactor.disable} />
      </>
    );
  }
  if (state.setUp !== null) return <Confirm setUp={state.setUp} frame={frame} />;
  return (
    <PasswordForm frame={frame} action={PATH} button={t.twoFactor.begin}>
      <p class="font-semibold">{t.twoFactor.off}</p>
    </PasswordForm>
  );
}

interface PasswordFormProps {
  frame: Frame;
  action: string;
  button: string;
  children?: ComponentChildren;
}

function PasswordForm({ frame, action, button, children }: PasswordFormProps): JSX.Element {
  const { t } = frame.language;
  const form = frame.form?.action === action ? frame.form : null;
  return (
    <Form action={action} csrf={frame.csrfToken} class="panel flex flex-col gap-4">
      {children}
      <FormMessage form={form} />
      <Field
        id={`password-for-${action.split('/').at(-1)}`}
        name="password"
        label={t.twoFactor.password}
        type="password"
        autocomplete="current-password"
        error={form?.errors['password']}
      />
      <div>
        <button type="submit" class="btn">
          {button}
        </button>
      </div>
    </Form>
  );
}

function Confirm({ setUp, frame }: { setUp: { seed: string; url: string }; frame: Frame }): JSX.Element {
  const { t } = frame.language;
  const action = `${PATH}/confirm`;
  const form = frame.form?.action === action ? frame.form : null;
  return (
    <Form action={action} csrf={frame.csrfToken} class="panel flex flex-col gap-4">
      <FormMessage form={form} />
      <p>{t.twoFactor.scan}</p>
      <QrCode text={setUp.url} label={t.twoFactor.qrCode} />
      <dl>
        <CopyValue label={t.twoFactor.key} value={(setUp.seed.match(/.{1,4}/g) ?? []).join(' ')} />
      </dl>
      <p>
        <a href={setUp.url} class="link">
          {t.twoFactor.open}
        </a>
      </p>
      <Field
        id="otp"
        name="otp"
        label={t.twoFactor.code}
        hint={t.twoFactor.codeHint}
        autocomplete="one-time-code"
        inputmode="numeric"
        error={form?.errors['otp']}
        maxlength={20}
      />
      <div>
        <button type="submit" class="btn btn-primary">
          {t.twoFactor.confirm}
        </button>
      </div>
    </Form>
  );
}

function Codes({ codes, frame }: { codes: string[]; frame: Frame }): JSX.Element {
  const { t } = frame.language;
  return (
    <section class="panel flex flex-col gap-4" aria-labelledby="codes-title" role="status">
      <h2 id="codes-title" class="font-bold text-lg">
        {t.twoFactor.codesTitle}
      </h2>
      <p>{t.twoFactor.codesHint}</p>
      <ul class="grid gap-x-6 gap-y-1 font-mono sm:grid-cols-2">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div>
        <a href="/account" class="btn btn-primary">
          {t.twoFactor.done}
        </a>
      </div>
    </section>
  );
}
