import { z } from 'zod';
import { NotSignedIn, TooMany } from '../../../domain/errors.ts';
import { definePage } from '../../define-page.ts';
import { requiredText, safePath } from '../../input.ts';
import { Redirect } from '../../page-definition.ts';
import { LoginPage } from './page.tsx';

interface LoginQuery {
  next?: string | undefined;
}

interface LoginData {
  next: string;
  /** Whether strangers may create accounts. */
  isOpen: boolean;
}

/** The predecessor's field names, so that password managers and scripts go on. */
const LoginForm = z.object({ username: requiredText, password: z.string().min(1), next: z.string().optional() });

export const login = definePage<'public', Record<string, never>, LoginQuery, LoginData>({
  name: 'login',
  path: '/login',
  access: 'public',
  query: z.object({ next: z.string().max(2000).optional() }),
  load: async ({ services, user, query }) =>
    user === null
      ? { next: safePath(query.next), isOpen: services.registration.isOpen }
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
        startSession(await services.accounts.signIn(username, password, client, now));
        return new Redirect(safePath(next));
      },
    },
  ],
});
