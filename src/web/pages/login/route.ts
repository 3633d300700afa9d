import { z } from 'zod';
import { NotSignedIn, OtpRequired, TooMany } from '../../../domain/errors.ts';
import { definePage } from '../../define-page.ts';
import { requiredText, safePath } from '../../input.ts';
import { Redirect } from '../../page-definition.ts';
import { accountRefusal } from '../../refusals.ts';
import { type LoginData, LoginPage } from './page.tsx';

interface LoginQuery {
  next?: string | undefined;
}

/** The predecessor's field names, so that password managers and scripts go on. */
const LoginForm = z.object({ username: requiredText, password: z.string().min(1), next: z.string().optional() });

const CodeForm = z.object({
  challenge: z.string().min(1).max(4000),
  otp: requiredText.max(100),
  next: z.string().optional(),
});

export const login = definePage<'public', Record<string, never>, LoginQuery, LoginData>({
  name: 'login',
  path: '/login',
  access: 'public',
  query: z.object({ next: z.string().max(2000).optional() }),
  load: async ({ services, user, query }) =>
    user === null
      ? {
          next: safePath(query.next),
          isOpen: services.registration.isOpen,
          isAdministered: await services.accounts.hasAdministrator(),
          challenge: null,
        }
      : new Redirect(safePath(query.next)),
  view: (data, frame) => ({ title: frame.language.t.login.title, body: LoginPage(data, frame) }),
  actions: [
    {
      explain: (t) => t.login.required,
      refusal(error, t) {
        if (error instanceof NotSignedIn) return { status: 401, message: t.login.wrong };
        if (!(error instanceof TooMany)) return null;
        const message = t.login.tooMany(Math.max(1, Math.ceil(error.retryAfterS / 60)));
        return { status: 429, message, retryAfterS: error.retryAfterS };
      },
      async run({ form, services, client, now, startSession }) {
        const { username, password, next } = form(LoginForm);
        try {
          const signedIn = await services.accounts.signIn(username, password, client, now);
          startSession(signedIn);
          // An administrator without a second factor is asked to set it up before anything else.
          return new Redirect((await services.twoFactor.isDue(signedIn.user)) ? '/account/two-factor' : safePath(next));
        } catch (error) {
          if (!(error instanceof OtpRequired)) throw error;
          return { data: { challenge: error.challenge, next: safePath(next) } };
        }
      },
    },
    {
      path: '/login/code',
      explain: (t) => t.login.required,
      refusal(error, t) {
        if (error instanceof NotSignedIn) return { status: 401, message: t.twoFactor.signInWrong };
        return accountRefusal(error, t);
      },
      async run({ form, services, client, now, startSession }) {
        const { challenge, otp, next } = form(CodeForm);
        startSession(await services.accounts.signInWithCode(challenge, otp, client, now));
        return new Redirect(safePath(next));
      },
    },
  ],
});
