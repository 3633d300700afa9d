import { z } from 'zod';
import { explainAccount } from '../../components/entrance.tsx';
import { definePage } from '../../define-page.ts';
import { accountRefusal } from '../../refusals.ts';
import { type SignUpData, SignUpPage } from './page.tsx';

const SignUpForm = z.object({
  first_name: z.string().default(''),
  last_name: z.string().default(''),
  email: z.string().default(''),
  password: z.string().default(''),
});

type None = Record<string, never>;

/** A new account. Whether the address has one already is told to its owner by mail and to nobody here. */
export const signup = definePage<'public', None, None, SignUpData>({
  name: 'signup',
  path: '/signup',
  access: 'public',
  load: async ({ services }) => ({ isOpen: services.registration.isOpen, sentTo: null }),
  view: (data, frame) => ({ title: frame.language.t.signup.title, body: SignUpPage(data, frame) }),
  actions: [
    {
      explain: explainAccount,
      refusal: accountRefusal,
      async run({ form, services, visitor, now }) {
        const { email, password, first_name, last_name } = form(SignUpForm);
        const account = { email, password, firstName: first_name, lastName: last_name };
        await services.registration.signUp(account, visitor, now);
        return { data: { sentTo: email.trim() } };
      },
    },
  ],
});
