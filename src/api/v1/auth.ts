import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { NotSignedIn, OtpRequired } from '../../domain/errors.ts';
import { requireSession } from '../../http/authentication.ts';
import type { AccountService } from '../../services/services.ts';
import { errorShape } from './shapes.ts';

/** The fields of OAuth2's password grant; the others of the form (grant_type, scope, client_…) are of no use here. */
const loginBody = z.object({
  username: z.string().max(400),
  password: z.string().max(10_000),
  otp: z
    .string()
    .max(100)
    .optional()
    .describe('a code of the authenticator app, or a recovery code, where the account has a second factor'),
});
const tokenShape = z.object({ access_token: z.string(), token_type: z.literal('bearer') });
const refusedShape = errorShape.extend({
  detail: z.enum(['LOGIN_BAD_CREDENTIALS', 'OTP_REQUIRED']).optional().describe('missing when the body cannot be read'),
});

export interface AuthRoutesOptions {
  /** With `limitSignIns` around it. */
  accounts: Pick<AccountService, 'signIn' | 'signOut'>;
  now: () => Date;
}

/** `/auth/jwt`: tokens for programs, as the predecessor gave them out (§1.1). */
export function authRoutes({ accounts, now }: AuthRoutesOptions): FastifyPluginAsyncZod {
  return async (app) => {
    app.post(
      '/auth/jwt/login',
      {
        // The token is in the answer, which no foreign page can read; no cookie is set.
        config: { identify: false, csrf: false },
        schema: { body: loginBody, response: { 200: tokenShape, 400: refusedShape } },
      },
      async (request, reply) => {
        const client = { address: request.ip, userAgent: request.headers['user-agent'] ?? null };
        try {
          const { username, password, otp } = request.body;
          const { token } = await accounts.signIn(username, password, client, now(), otp);
          return { access_token: token, token_type: 'bearer' as const };
        } catch (error) {
          if (error instanceof OtpRequired) {
            const { code, message } = error;
            return reply.code(400).send({ detail: 'OTP_REQUIRED' as const, error: code, message, details: {} });
          }
          if (!(error instanceof NotSignedIn)) throw error;
          // 400 and `detail`: what the predecessor's clients look for.
          const detail = 'LOGIN_BAD_CREDENTIALS' as const;
          return reply.code(400).send({ detail, error: 'bad_credentials', message: error.message, details: {} });
        }
      },
    );

    app.post('/auth/jwt/logout', { onRequest: requireSession() }, async (request, reply) => {
      const { session } = request;
      if (session !== null) await accounts.signOut(session.user.id, session.sessionId, now());
      return reply.endSession().code(204).send();
    });
  };
}
