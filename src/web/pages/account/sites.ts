import { z } from 'zod';
import { InvalidInput } from '../../../domain/errors.ts';
import type { Dictionary } from '../../../i18n/en.ts';
import type { Site } from '../../../services/site-service.ts';
import { Redirect } from '../../page-definition.ts';
import type { AccountAction } from './action.ts';

const SiteForm = z.object({
  site: z.coerce.number().int().min(1).max(2_147_483_647),
  name: z.string().max(400),
  time_zone: z.string().max(100).optional(),
  latitude: z.string().max(40).default(''),
  longitude: z.string().max(40).default(''),
});

export const siteAction: AccountAction = {
  path: '/account/sites',
  explain: explainSite,
  async run({ form, services, user }) {
    const { site, name, time_zone: timeZone, latitude, longitude } = form(SiteForm);
    const change: Partial<Omit<Site, 'id'>> = {
      name,
      latitude: degrees(latitude, 'latitude', 90),
      longitude: degrees(longitude, 'longitude', 180),
      ...(timeZone === undefined ? {} : { timeZone }),
    };
    await services.sites.update(user.id, site, change);
    return new Redirect('/account?done=site');
  },
};

/** As people type it: with a comma or a dot. @throws InvalidInput */
function degrees(typed: string, field: string, most: number): number | null {
  const text = typed.trim().replace(',', '.');
  if (text === '') return null;
  const value = Number(text);
  if (Number.isNaN(value) || Math.abs(value) > most)
    throw new InvalidInput('No such place.', { [field]: 'out of range' });
  return value;
}

function explainSite(t: Dictionary, field: string): string {
  const { sites, profile } = t.settings;
  if (field === 'name') return sites.nameWrong;
  return field === 'time_zone' ? profile.timeZoneWrong : sites.placeWrong;
}
