import { z } from 'zod';
import { explainAccount } from '../../components/entrance.tsx';
import { definePage } from '../../define-page.ts';
import type { Explain } from '../../form.ts';
import { requiredText } from '../../input.ts';
import { type Action, Redirect } from '../../page-definition.ts';
import { accountRefusal } from '../../refusals.ts';
import { type TwoFactorData, TwoFactorPage } from './page.tsx';

type None = Record<string, never>;

const PasswordForm = z.object({ password: z.string().min(1) });
const CodeForm = z.object({ otp: requiredText.max(100) });

const explain: Explain = (t, field, problem, values) =>
  field === 'otp' && problem !== 'required' ? t.twoFactor.wrongCode : explainAccount(t, field, problem, values);

const form = { explain, refusal: accountRefusal } satisfies Partial<Action<'member', None, None, TwoFactorData>>;

/** The second factor: set up, confirmed, renewed, switched off; each but the confirmation by the password. */
export const twoFactor = definePage<'member', None, None, TwoFactorData>({
  name: 'two-factor',
  path: '/account/two-factor',
  access: 'member',
  load: async ({ services, user, now }) => ({ state: await services.twoFactor.state(user, now), codes: null }),
  view: (data, frame) => ({ title: frame.language.t.twoFactor.title, body: TwoFactorPage(data, frame) }),
  actions: [
    {
      ...form,
      async run({ form, services, user, visitor, now }) {
        await services.twoFactor.begin(user, form(PasswordForm).password, visitor, now);
        return new Redirect('/account/two-factor');
      },
    },
    {
      ...form,
      path: '/account/two-factor/confirm',
      // Answered with the page itself: the codes are shown once, and nothing may keep them to show them after a redirect.
      async run({ form, services, user, sessionId, visitor, now }) {
        const codes = await services.twoFactor.confirm(user, sessionId ?? '', form(CodeForm).otp, visitor, now);
        return { data: { codes } };
      },
    },
    {
      ...form,
      path: '/account/two-factor/codes',
      async run({ form, services, user, visitor, now }) {
        return {
          data: { codes: await services.twoFactor.renewCodes(user, form(PasswordForm).password, visitor, now) },
        };
      },
    },
    {
      ...form,
      path: '/account/two-factor/disable',
      async run({ form, services, user, visitor, now }) {
        await services.twoFactor.disable(user, form(PasswordForm).password, visitor, now);
        return new Redirect('/account/two-factor');
      },
    },
  ],
});
