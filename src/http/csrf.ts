import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { deriveKey } from '../crypto/derive-key.ts';
import { NotAllowed } from '../domain/errors.ts';
import { isByCookie, refusalOf } from './authentication.ts';
import { cookieName } from './cookie-name.ts';

/** Ties the forms of somebody who is not signed in (sign-in, set-up, new password) to the browser they were given to. */
export const FORM_COOKIE = 'deye_hard_form';
const FORM_FIELD = '_csrf';
const FORM_HEADER = 'x-csrf-token';
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

export interface CsrfOptions {
  authSecret: string;
  baseUrl: URL;
  cookieSecure: boolean;
}

/**
 * Nobody else's page can act for a browser that is signed in here, nor sign it in: every unsafe request must carry a token that only
 * our own pages know, and must not come from a foreign origin. Requests that identify themselves by a header need neither: no page
 * can make a browser send that header. On by default; a route says `config: { csrf: false }` where it gives a browser nothing.
 */
export function installCsrf(app: FastifyInstance, options: CsrfOptions): void {
  const tokens = new FormTokens(options.authSecret);
  const formCookie = cookieName(FORM_COOKIE, options.cookieSecure);
  const replies = new WeakMap<FastifyRequest, FastifyReply>();
  const given = new WeakMap<FastifyRequest, string>();

  app.decorateRequest('csrfToken', {
    getter(this: FastifyRequest): string {
      let token = given.get(this);
      if (token === undefined) {
        token = tokens.make(bindingOf(this, formCookie) ?? newBrowser(this));
        given.set(this, token);
      }
      return token;
    },
  });

  /** Only when a page really shows a form: whoever only looks gets no cookie. */
  function newBrowser(request: FastifyRequest): string {
    const id = randomBytes(16).toString('base64url');
    const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure: options.cookieSecure } as const;
    replies.get(request)?.setCookie(formCookie, id, cookie);
    return browserBinding(id);
  }

  app.addHook('onRequest', async (request, reply) => {
    replies.set(request, reply);
  });
  app.addHook('preValidation', async (request) => {
    if (SAFE_METHODS.has(request.method) || request.is404 || request.routeOptions.config.csrf === false) return;
    const byHeader = (request.session !== null || request.apiKey !== null) && !isByCookie(request);
    if (byHeader) return;
    // Somebody whose session just ended is to sign in again, not to puzzle over a form.
    const refusal = refusalOf(request);
    if (refusal !== null) throw refusal;
    if (!isOwnOrigin(request, options.baseUrl)) {
      throw new NotAllowed('The request came from another site.', { details: { reason: 'origin' } });
    }
    const binding = bindingOf(request, formCookie);
    if (binding === null || !tokens.isValid(sentToken(request), binding)) {
      throw new NotAllowed('The form is out of date. Please load the page again.', { details: { reason: 'csrf' } });
    }
  });
}

/** What a token is good for: one session, or one browser that is not signed in. */
function bindingOf(request: FastifyRequest, formCookie: string): string | null {
  if (request.session !== null) return `session ${request.session.sessionId}`;
  const id = request.cookies[formCookie];
  return id === undefined || id === '' ? null : browserBinding(id);
}

function browserBinding(id: string): string {
  return `browser ${id}`;
}

function sentToken(request: FastifyRequest): string {
  const header = request.headers[FORM_HEADER];
  if (typeof header === 'string') return header;
  const body = request.body;
  const field = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[FORM_FIELD] : undefined;
  return typeof field === 'string' ? field : '';
}

/**
 * Whether the page that made the request is ours: by the host the request itself was sent to, or by BASE_URL, because people also
 * come by an address in their own network. Without either header (old browsers, programs) the token has to do.
 */
export function isOwnOrigin(request: Pick<FastifyRequest, 'headers' | 'host'>, baseUrl: URL): boolean {
  const { origin } = request.headers;
  if (origin === undefined) {
    const site = request.headers['sec-fetch-site'];
    return site === undefined || site === 'same-origin' || site === 'none';
  }
  // A page without an origin of its own (a sandboxed frame) says `null`.
  if (!URL.canParse(origin)) return false;
  const from = new URL(origin);
  // A proxy in front may speak https where we are asked in http, so the schemes are not compared, but the port each implies is.
  const asked = `${from.protocol}//${request.host}`;
  return (
    from.origin === baseUrl.origin || (URL.canParse(asked) && from.host !== '' && from.host === new URL(asked).host)
  );
}

/** `<nonce>.<HMAC of binding and nonce>`: fresh in every page, so that compression tells nothing of it, and kept nowhere. */
class FormTokens {
  readonly #key: Buffer;

  constructor(authSecret: string) {
    this.#key = deriveKey(authSecret, 'form tokens');
  }

  make(binding: string): string {
    const nonce = randomBytes(12).toString('base64url');
    return `${nonce}.${this.#sign(nonce, binding).toString('base64url')}`;
  }

  isValid(token: string, binding: string): boolean {
    const [nonce = '', signature = ''] = token.split('.');
    const expected = this.#sign(nonce, binding);
    const sent = Buffer.from(signature, 'base64url');
    return sent.length === expected.length && timingSafeEqual(sent, expected);
  }

  #sign(nonce: string, binding: string): Buffer {
    return createHmac('sha256', this.#key).update(`${nonce}.${binding}`).digest();
  }
}
