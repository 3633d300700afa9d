import { z } from 'zod';
import { explainAccount } from '../../components/entrance.tsx';
import { definePage } from '../../define-page.ts';
import { requiredText } from '../../input.ts';
import { newPasswordFields, sameTwice } from '../../new-password.ts';
import { accountRefusal } from '../../refusals.ts';
import { type ResetData, ResetPage } from './page.tsx';

interface ResetQuery {
  token: string;
}

const Token = z.string().max(200).catch('').default('');
const AskForm = z.object({ email: requiredText.max(400) });
const PasswordForm = z.object({ token: Token, ...newPasswordFields });

/** Asking for the link to a new password, and what it leads to. */
export const resetPassword = definePage<'public', Record<string, never>, ResetQuery, ResetData>({
  name: 'reset-password',
  path: '/reset_password',
  access: 'public',
  query: z.object({ token: Token }),
  async load({ services, query: { token }, now }) {
    if (token === '') return { state: 'ask', token, sentTo: '' };
    const isValid = await services.registration.isResetTokenValid(token, now);
    return { state: isValid ? 'choose' : 'invalid', token, sentTo: '' };
  },
  view: (data, frame) => ({
    title: data.state === 'choose' ? frame.language.t.reset.choose : frame.language.t.reset.title,
    body: ResetPage(data, frame),
    ...(data.state === 'invalid' ? { status: 403 } : {}),
  }),
  actions: [
    {
      path: '/request_reset_password',
      explain: explainAccount,
      refusal: accountRefusal,
      async run({ form, services, visitor, now }) {
        const { email } = form(AskForm);
        await services.registration.requestReset(email, visitor, now);
        return { data: { state: 'sent', sentTo: email } };
      },
    },
    {
      explain: explainAccount,
      refusal: accountRefusal,
      async run({ form, services, visitor, now }) {
        const { token, ...twice } = form(PasswordForm);
        await services.registration.resetPassword(token, sameTwice(twice), visitor, now);
        return { data: { state: 'done' } };
      },
    },
  ],
});
