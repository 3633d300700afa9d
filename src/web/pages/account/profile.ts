import { z } from 'zod';
import { explainAccount } from '../../components/entrance.tsx';
import { Redirect } from '../../page-definition.ts';
import type { AccountAction } from './action.ts';

const ProfileForm = z.object({
  first_name: z.string().default(''),
  last_name: z.string().default(''),
  locale: z.enum(['de', 'en', '']).default(''),
  time_zone: z.string().max(100),
});

export const profileAction: AccountAction = {
  path: '/account/profile',
  explain: explainAccount,
  async run({ form, services, user }) {
    const { first_name, last_name, locale, time_zone } = form(ProfileForm);
    await services.profile.update(user.id, {
      firstName: first_name,
      lastName: last_name,
      locale: locale === '' ? null : locale,
      timeZone: time_zone,
    });
    return new Redirect('/account?done=profile');
  },
};
