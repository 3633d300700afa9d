import { Conflict, NotFound, TooMany } from '../../../domain/errors.ts';
import type { Dictionary } from '../../../i18n/en.ts';
import { Redirect } from '../../page-definition.ts';
import type { AccountAction } from './action.ts';

export const takeoutActions: readonly AccountAction[] = [
  {
    path: '/account/takeout',
    refusal: startRefusal,
    async run({ services, user, visitor, now }) {
      await services.takeouts.request(user, visitor, now);
      return new Redirect('/account?done=takeout#takeout');
    },
  },
  {
    path: '/account/takeout/remove',
    async run({ services, user, visitor, now }) {
      try {
        await services.takeouts.remove(user.id, visitor, now);
      } catch (error) {
        // Gone by itself in the meantime: that is what was wanted.
        if (!(error instanceof NotFound)) throw error;
      }
      return new Redirect('/account?done=takeoutRemoved#takeout');
    },
  },
];

function startRefusal(error: unknown, t: Dictionary): ReturnType<NonNullable<AccountAction['refusal']>> {
  const { underWay, tooMany } = t.settings.takeout;
  if (error instanceof Conflict) return { status: 409, message: underWay };
  if (!(error instanceof TooMany)) return null;
  const { retryAfterS } = error;
  return { status: 429, message: tooMany(Math.ceil(retryAfterS / 3600)), retryAfterS };
}
