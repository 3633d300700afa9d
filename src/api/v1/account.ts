import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { NotSignedIn } from '../../domain/errors.ts';
import { callerOf, refusalOf, requireAccess, requireSession } from '../../http/authentication.ts';
import type { Services } from '../../services/services.ts';
import { clientOf, nextCursor, pageByPlace, pageQuery } from './requests.ts';

const accountShape = z.object({
  id: z.int(),
  email: z.string(),
  first_name: z.string(),
  last_name: z.string(),
  locale: z.enum(['de', 'en']).nullable().describe('null: as the browser asks'),
  time_zone: z.string().describe('IANA zone of the first site'),
  is_admin: z.boolean(),
  is_verified: z.boolean().describe('whether the e-mail address was confirmed'),
});
const sessionShape = z.object({
  id: z.string(),
  created_at: z.iso.datetime(),
  last_used_at: z.iso.datetime().describe('to within five minutes'),
  address: z.string().nullable(),
  user_agent: z.string().nullable(),
  is_current: z.boolean().describe('the session that asks'),
});
const sessionsShape = z.object({ items: z.array(sessionShape), next_cursor: nextCursor });
const sessionParams = z.object({ id: z.string().max(64) });

export interface AccountRoutesOptions {
  services: Pick<Services, 'profile' | 'sessions'>;
  now: () => Date;
}

/** `/api/v1/account` and the places it is signed in at, which no key may see or end. */
export function accountRoutes({ services, now }: AccountRoutesOptions): FastifyPluginAsyncZod {
  const signedIn = requireSession();
  return async (app) => {
    app.get(
      '/api/v1/account',
      { onRequest: requireAccess('read'), schema: { response: { 200: accountShape } } },
      async (request) => {
        const { id, email, isAdmin, isVerified } = callerOf(request);
        const { firstName, lastName, locale, timeZone } = await services.profile.read(id);
        return {
          id,
          email,
          first_name: firstName,
          last_name: lastName,
          locale,
          time_zone: timeZone,
          is_admin: isAdmin,
          is_verified: isVerified,
        };
      },
    );

    app.get(
      '/api/v1/sessions',
      { onRequest: signedIn, schema: { querystring: pageQuery, response: { 200: sessionsShape } } },
      async (request) => {
        const all = await services.sessions.list(callerOf(request).id, now());
        const { page, nextCursor: next } = pageByPlace(all, request.query);
        const items = page.map(({ id, createdAt, lastUsedAt, address, userAgent }) => ({
          id,
          created_at: createdAt.toISOString(),
          last_used_at: lastUsedAt.toISOString(),
          address,
          user_agent: userAgent,
          is_current: id === request.session?.sessionId,
        }));
        return { items, next_cursor: next };
      },
    );

    app.delete(
      '/api/v1/sessions/:id',
      { onRequest: signedIn, schema: { params: sessionParams } },
      async (request, reply) => {
        const { session } = request;
        if (session === null) throw refusalOf(request) ?? new NotSignedIn('Please sign in.');
        await services.sessions.end(session.user.id, request.params.id, clientOf(request), now());
        if (request.params.id === session.sessionId) reply.endSession();
        return reply.code(204).send();
      },
    );

    app.delete('/api/v1/sessions', { onRequest: signedIn }, async (request, reply) => {
      await services.sessions.endAll(callerOf(request).id, null, clientOf(request), now());
      return reply.endSession().code(204).send();
    });
  };
}
