import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { NotFound } from '../domain/errors.ts';
import { LOCALES, type Locale } from '../i18n/locale.ts';
import { parsed, safePath } from './input.ts';

const COOKIE = 'deye_hard_language';
const YEAR_S = 365 * 24 * 3600;
const Query = z.object({ to: z.enum(LOCALES), next: z.string().max(2000).optional() });

/** `GET /language?to=de&next=/login`: the language of whoever is not signed in. A link may do it: it changes nothing but words. */
export function registerLanguage(app: FastifyInstance, options: { cookieSecure: boolean }): void {
  app.get('/language', { config: { identify: false } }, (request, reply) => {
    const { to, next } = parsed(Query, request.query, () => new NotFound('There is no such language.'));
    const cookie = {
      path: '/',
      httpOnly: true,
      sameSite: 'lax',
      secure: options.cookieSecure,
      maxAge: YEAR_S,
    } as const;
    return reply.setCookie(COOKIE, to, cookie).redirect(safePath(next), 303);
  });
}

/** What was chosen there; null for nothing. */
export function chosenLanguage(request: Pick<FastifyRequest, 'cookies'>): Locale | null {
  return LOCALES.find((locale) => locale === request.cookies[COOKIE]) ?? null;
}
