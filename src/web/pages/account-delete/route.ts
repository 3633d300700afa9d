import { z } from 'zod';
import { Conflict } from '../../../domain/errors.ts';
import { explainAccount } from '../../components/entrance.tsx';
import { definePage } from '../../define-page.ts';
import { Redirect } from '../../page-definition.ts';
import { accountRefusal } from '../../refusals.ts';
import { type AccountDeleteData, AccountDeletePage } from './page.tsx';

const DeleteForm = z.object({ password: z.string().min(1) });

/** Says what will be lost before anything is, and asks for the password. */
export const accountDelete = definePage<'member', Record<string, never>, Record<string, never>, AccountDeleteData>({
  name: 'account-delete',
  path: '/account/delete',
  access: 'member',
  load: async ({ services, user, now }) => ({ inverterCount: (await services.inverters.list(user.id, now)).length }),
  view: (data, frame) => ({ title: frame.language.t.settings.remove.title, body: AccountDeletePage(data, frame) }),
  actions: [
    {
      explain: explainAccount,
      refusal: (error, t) =>
        error instanceof Conflict ? { status: 409, message: t.settings.remove.lastAdmin } : accountRefusal(error, t),
      async run({ form, services, user, visitor, now, endSession }) {
        await services.profile.deleteAccount(user, form(DeleteForm).password, visitor, now);
        endSession();
        return new Redirect('/login');
      },
    },
  ],
});
