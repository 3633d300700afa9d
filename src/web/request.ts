import type { FastifyRequest } from 'fastify';
import { chooseLanguage, type Language } from '../i18n/locale.ts';
import { chosenLanguage } from './language-route.ts';

/** Whether htmx asks for a piece of the open page. Boosted links and restored history want the whole one. */
export function isFragmentRequest({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return (
    headers['hx-request'] === 'true' &&
    headers['hx-boosted'] !== 'true' &&
    headers['hx-history-restore-request'] !== 'true'
  );
}

export function languageFor(request: FastifyRequest): Language {
  return chooseLanguage(request.session?.user.locale ?? chosenLanguage(request), request.headers['accept-language']);
}
