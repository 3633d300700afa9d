import { definePage } from '../../define-page.ts';
import { Redirect } from '../../page-definition.ts';

/** Signing out is a POST: no link and no foreign page can do it. A visit leads back. */
export const logout = definePage<'public', Record<string, never>, Record<string, never>, null>({
  name: 'logout',
  path: '/logout',
  access: 'public',
  load: async () => new Redirect('/'),
  view: () => ({ title: '', body: null }),
  actions: [
    {
      async run({ services, user, sessionId, now, endSession }) {
        if (user !== null && sessionId !== null) await services.accounts.signOut(user.id, sessionId, now);
        endSession();
        return new Redirect('/login');
      },
    },
  ],
});
