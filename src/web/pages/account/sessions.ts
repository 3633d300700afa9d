import { z } from 'zod';
import { Redirect } from '../../page-definition.ts';
import type { AccountAction } from './action.ts';

const EndForm = z.object({ session: z.string().min(1).max(100) });

export const sessionActions: readonly AccountAction[] = [
  {
    path: '/account/sessions/end',
    async run({ form, services, user, visitor, now }) {
      await services.sessions.end(user.id, form(EndForm).session, visitor.client, now);
      return new Redirect('/account?done=session');
    },
  },
  {
    path: '/account/sessions/end-others',
    async run({ services, user, sessionId, visitor, now }) {
      await services.sessions.endAll(user.id, sessionId, visitor.client, now);
      return new Redirect('/account?done=sessions');
    },
  },
];
