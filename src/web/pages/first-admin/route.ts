import { z } from 'zod';
import { definePage } from '../../define-page.ts';
import type { Explain } from '../../form.ts';
import { Redirect } from '../../page-definition.ts';
import { type FirstAdminData, FirstAdminPage } from './page.tsx';

interface FirstAdminQuery {
  token: string;
}

const Token = z.string().max(200).catch('').default('');
const FirstAdminForm = z.object({
  first_name: z.string().default(''),
  last_name: z.string().default(''),
  email: z.string().default(''),
  password: z.string().default(''),
});

const explain: Explain = (t, field, problem) => {
  const { errors } = t.setup;
  if (field === 'password') return errors.password;
  if (field === 'email') return problem === 'taken' ? errors.emailTaken : errors.email;
  return errors.name;
};

/** The one-time link that the server prints while it has no administrator. */
export const firstAdmin = definePage<'public', Record<string, never>, FirstAdminQuery, FirstAdminData>({
  name: 'first-admin',
  path: '/setup',
  access: 'public',
  query: z.object({ token: Token }),
  async load({ services, query: { token } }) {
    const isValid = token !== '' && (await services.accounts.isSetupTokenValid(token));
    return { token: isValid ? token : null };
  },
  view: (data, frame) => ({
    title: frame.language.t.setup.title,
    body: FirstAdminPage(data, frame),
    ...(data.token === null ? { status: 403 } : {}),
  }),
  actions: [
    {
      explain,
      async run({ form, services, query: { token }, client, now, startSession }) {
        const { first_name, last_name, email, password } = form(FirstAdminForm);
        const account = { email, password, firstName: first_name, lastName: last_name };
        await services.accounts.createFirstAdmin(token, account, now);
        startSession(await services.accounts.signIn(email, password, client, now));
        return new Redirect('/');
      },
    },
  ],
});
