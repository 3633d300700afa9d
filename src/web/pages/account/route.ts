import { z } from 'zod';
import { definePage } from '../../define-page.ts';
import type { AccountQuery } from './action.ts';
import { credentialActions } from './credentials.ts';
import { type AccountData, DONE } from './data.ts';
import { AccountPage } from './page.tsx';
import { profileAction } from './profile.ts';
import { sessionActions } from './sessions.ts';
import { siteAction } from './sites.ts';
import { takeoutActions } from './takeout.ts';
import { accountFragments } from './takeout-section.tsx';

/** The account and what belongs to it. */
export const account = definePage<'member', Record<string, never>, AccountQuery, AccountData>({
  name: 'account',
  path: '/account',
  access: 'member',
  query: z.object({ done: z.enum(DONE).nullable().default(null) }),
  load: async ({ services, user, sessionId, query, now }) => ({
    profile: await services.profile.read(user.id),
    sessions: await services.sessions.list(user.id, now),
    sessionId,
    sites: await services.sites.list(user.id),
    takeout: await services.takeouts.newest(user.id, now),
    done: query.done,
  }),
  view: (data, frame) => ({ title: frame.language.t.settings.title, body: AccountPage(data, frame) }),
  actions: [profileAction, ...credentialActions, ...sessionActions, siteAction, ...takeoutActions],
  // Only what nobody can be typing in.
  live: { fragments: accountFragments, concerns: ({ type }) => type === 'takeout' },
});
