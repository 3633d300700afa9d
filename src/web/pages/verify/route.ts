import { z } from 'zod';
import { NotSignedIn } from '../../../domain/errors.ts';
import { definePage } from '../../define-page.ts';
import { accountRefusal } from '../../refusals.ts';
import { type VerifyData, VerifyPage } from './page.tsx';

interface VerifyQuery {
  token: string;
}

/**
 * The link of a mail that confirms an address. It does its work when it is opened, as such links always did; it signs nobody in, and
 * opening it twice does no harm. Without a link: what to do, and the mail once more.
 */
export const verify = definePage<'public', Record<string, never>, VerifyQuery, VerifyData>({
  name: 'verify',
  path: '/verify',
  access: 'public',
  query: z.object({ token: z.string().max(200).catch('').default('') }),
  async load({ services, user, visitor, query: { token }, now }) {
    if (token !== '') return { state: await services.registration.confirmAddress(token, visitor, now), isSent: false };
    if (user === null) return { state: 'invalid', isSent: false };
    return { state: user.isVerified ? 'confirmed' : 'waiting', isSent: false };
  },
  view: (data, frame) => ({
    title: frame.language.t.verify.title,
    body: VerifyPage(data, frame),
    ...(data.state === 'invalid' ? { status: 403 } : {}),
  }),
  actions: [
    {
      refusal: accountRefusal,
      async run({ services, user, visitor, now }) {
        if (user === null) throw new NotSignedIn('Please sign in.');
        await services.registration.resendConfirmation(user, visitor, now);
        return { data: { isSent: true } };
      },
    },
  ],
});
