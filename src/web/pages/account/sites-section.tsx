import type { JSX } from 'preact';
import type { Site } from '../../../services/site-service.ts';
import { Field, Form, FormMessage } from '../../components/form.tsx';
import type { Frame } from '../../page-definition.ts';
import type { AccountData } from './data.ts';
import { ZoneField } from './zone-field.tsx';

const ACTION = '/account/sites';

export function SitesSection({ data, frame }: { data: AccountData; frame: Frame }): JSX.Element {
  const { sites: words } = frame.language.t.settings;
  return (
    <>
      <p class="mb-4 text-muted">{words.lead}</p>
      <ul class="flex flex-col gap-6 divide-y divide-base-300">
        {data.sites.map((site, n) => (
          <li key={site.id} class={n === 0 ? undefined : 'pt-6'}>
            <SiteForm site={site} isFirst={n === 0} frame={frame} />
          </li>
        ))}
      </ul>
    </>
  );
}

function SiteForm({ site, isFirst, frame }: { site: Site; isFirst: boolean; frame: Frame }): JSX.Element {
  const { t, locale } = frame.language;
  const words = t.settings.sites;
  const posted = frame.form?.action === ACTION && frame.form.values['site'] === String(site.id) ? frame.form : null;
  const errors = posted?.errors ?? {};
  const values = posted?.values ?? {};
  const degrees = (value: number | null): string =>
    value === null ? '' : String(value).replace('.', locale === 'de' ? ',' : '.');
  const of = (name: string): string => `site-${site.id}-${name}`;
  return (
    <Form action={ACTION} csrf={frame.csrfToken} class="flex flex-col gap-4" enhanced>
      <FormMessage form={posted} />
      <input type="hidden" name="site" value={site.id} />
      <div class="grid gap-4 sm:grid-cols-2">
        <Field
          id={of('name')}
          name="name"
          label={words.name}
          value={values['name'] ?? site.name}
          error={errors['name']}
          maxlength={100}
        />
        {/* That of the first is the account's, which the profile says. */}
        {isFirst ? (
          <p class="self-end pb-2 text-muted">{words.timeZoneAbove(site.timeZone.replaceAll('_', ' '))}</p>
        ) : (
          <ZoneField
            id={of('zone')}
            label={words.timeZone}
            zone={site.timeZone}
            chosen={values['time_zone']}
            hint={errors['time_zone']}
          />
        )}
        <Field
          id={of('latitude')}
          name="latitude"
          label={words.latitude}
          hint={words.placeHint}
          value={values['latitude'] ?? degrees(site.latitude)}
          error={errors['latitude']}
          maxlength={40}
          required={false}
        />
        <Field
          id={of('longitude')}
          name="longitude"
          label={words.longitude}
          value={values['longitude'] ?? degrees(site.longitude)}
          error={errors['longitude']}
          maxlength={40}
          required={false}
        />
      </div>
      <div>
        <button type="submit" class="btn" aria-label={words.saveOf(site.name)}>
          {words.save}
        </button>
      </div>
    </Form>
  );
}
