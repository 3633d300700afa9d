import { z } from 'zod';
import { explainAccount } from '../../components/entrance.tsx';
import { newPasswordFields, sameTwice } from '../../new-password.ts';
import { Redirect } from '../../page-definition.ts';
import { accountRefusal } from '../../refusals.ts';
import type { AccountAction } from './action.ts';

const EmailForm = z.object({ new_email: z.string().trim().min(1).max(400), password: z.string().min(1) });
const PasswordForm = z.object({ current_password: z.string().min(1), ...newPasswordFields });

/** A new address and a new password; both under the predecessor's paths and names, both by the present password. */
export const credentialActions: readonly AccountAction[] = [
  {
    path: '/account/change-email',
    explain: explainAccount,
    refusal: accountRefusal,
    async run({ form, services, user, visitor, now }) {
      const { new_email, password } = form(EmailForm);
      await services.profile.changeEmail(user, new_email, password, visitor, now);
      return new Redirect('/account?done=email');
    },
  },
  {
    path: '/account/change-password',
    explain: explainAccount,
    refusal: accountRefusal,
    async run({ form, services, user, sessionId, visitor, now }) {
      const { current_password, ...twice } = form(PasswordForm);
      const passwords = { current: current_password, next: sameTwice(twice) };
      await services.profile.changePassword(user, sessionId ?? '', passwords, visitor, now);
      return new Redirect('/account?done=password');
    },
  },
];
