import type { JSX } from 'preact';
import type { ProfileChange } from '../../../services/accounts/account-services.ts';
import { Field, Form, FormMessage } from '../../components/form.tsx';
import type { Frame } from '../../page-definition.ts';
import { ZoneField } from './zone-field.tsx';

const ACTION = '/account/profile';

export function ProfileSection({ profile, frame }: { profile: ProfileChange; frame: Frame }): JSX.Element {
  const { t } = frame.language;
  const form = frame.form?.action === ACTION ? frame.form : null;
  const errors = form?.errors ?? {};
  const values = form?.values ?? {};
  const locale = values['locale'] ?? profile.locale ?? '';
  return (
    <Form action={ACTION} csrf={frame.csrfToken} class="flex flex-col gap-4" enhanced>
      <FormMessage form={form} />
      <div class="grid gap-4 sm:grid-cols-2">
        <Field
          id="first-name"
          name="first_name"
          label={t.settings.profile.firstName}
          autocomplete="given-name"
          value={values['first_name'] ?? profile.firstName}
          error={errors['first_name']}
          maxlength={255}
          required={false}
        />
        <Field
          id="last-name"
          name="last_name"
          label={t.settings.profile.lastName}
          autocomplete="family-name"
          value={values['last_name'] ?? profile.lastName}
          error={errors['last_name']}
          maxlength={255}
          required={false}
        />
        <div class="flex flex-col gap-1.5">
          <label for="locale" class="font-semibold text-sm">
            {t.settings.profile.language}
          </label>
          <select id="locale" name="locale" class="select w-full">
            {(['', 'de', 'en'] as const).map((one) => (
              <option key={one} value={one} selected={locale === one} lang={one === '' ? undefined : one}>
                {t.settings.profile.languages[one === '' ? 'browser' : one]}
              </option>
            ))}
          </select>
        </div>
        <ZoneField
          id="time-zone"
          label={t.settings.profile.timeZone}
          zone={profile.timeZone}
          chosen={values['time_zone']}
          hint={errors['time_zone'] ?? t.settings.profile.timeZoneHint}
        />
      </div>
      <div>
        <button type="submit" class="btn btn-primary">
          {t.settings.profile.save}
        </button>
      </div>
    </Form>
  );
}
