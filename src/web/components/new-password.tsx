import type { JSX } from 'preact';
import type { Dictionary } from '../../i18n/en.ts';
import { Field } from './form.tsx';

/** A new password, twice. */
export function NewPasswordFields({ t, errors }: { t: Dictionary; errors: Record<string, string> }): JSX.Element {
  return (
    <>
      <Field
        id="new-password"
        name="new_password1"
        label={t.entrance.newPassword}
        type="password"
        autocomplete="new-password"
        hint={t.entrance.passwordHint}
        error={errors['new_password1']}
      />
      <Field
        id="new-password-again"
        name="new_password2"
        label={t.entrance.again}
        type="password"
        autocomplete="new-password"
        error={errors['new_password2']}
      />
    </>
  );
}
