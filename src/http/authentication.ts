import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isApiKey } from '../crypto/api-key.ts';
import { NotAllowed, NotSignedIn } from '../domain/errors.ts';
import { type Accounts, SESSION_IDLE_S } from '../services/accounts/accounts.ts';
import type { ApiKeyScope, ApiKeyService, IdentifiedKey, SessionUser } from '../services/services.ts';
import { cookieName } from './cookie-name.ts';
import type { KeyLimit } from './key-limit.ts';
import './request-context.ts';

/** The predecessor's cookie, so that its name in scripts and proxies stays right; on https with a prefix (`cookieName`). */
export const SESSION_COOKIE = 'fastapiusersauth';
/** A token that ends sooner than this is replaced on the way. */
const RENEW_WITHIN_MS = 24 * 3600_000;

export interface AuthenticationOptions {
  accounts: Pick<Accounts, 'identify' | 'resume' | 'renew'>;
  apiKeys: Pick<ApiKeyService, 'identify' | 'remembers' | 'recall'>;
  keyLimit: KeyLimit;
  cookieSecure: boolean;
  now: () => Date;
}

/** How a request says who it comes from. */
type Credential = { by: 'key' | 'bearer' | 'cookie'; text: string };

const credentials = new WeakMap<FastifyRequest, Credential['by']>();
const refusals = new WeakMap<FastifyRequest, NotSignedIn>();
const checks = new WeakMap<FastifyRequest, () => Promise<unknown>>();

/**
 * Finds out before every route who is asking: an API key (`X-API-Key`, or as bearer), a session's token as bearer, or the cookie. The
 * first of these that is there counts alone. A bad one is the same as none, until a route needs somebody.
 */
export function installAuthentication(app: FastifyInstance, options: AuthenticationOptions): void {
  const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure: options.cookieSecure } as const;
  const name = cookieName(SESSION_COOKIE, options.cookieSecure);
  app.decorateRequest('session', null);
  app.decorateRequest('apiKey', null);
  app.decorateReply('startSession', function (this: FastifyReply, { token }) {
    // As long as the session may live; the token in it is renewed while it is used.
    return this.setCookie(name, token, { ...cookie, maxAge: SESSION_IDLE_S });
  });
  app.decorateReply('endSession', function (this: FastifyReply) {
    return this.clearCookie(name, cookie);
  });
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404 || request.routeOptions.config.identify === false) return;
    const credential = credentialOf(request, name);
    if (credential === null) return;
    try {
      await identify(request, reply, credential, options);
      credentials.set(request, credential.by);
      checks.set(request, () => identifyAgain(request, credential, options));
    } catch (error) {
      if (!(error instanceof NotSignedIn)) throw error;
      refusals.set(request, error);
      if (credential.by === 'cookie') reply.endSession();
    }
  });
}

function credentialOf(request: FastifyRequest, sessionCookie: string): Credential | null {
  const sent = sentInHeader(request.headers);
  if (sent !== null) return sent;
  const cookie = request.cookies[sessionCookie];
  return cookie === undefined ? null : { by: 'cookie', text: cookie };
}

function sentInHeader(headers: IncomingHttpHeaders): Credential | null {
  const key = headers['x-api-key'];
  if (typeof key === 'string') return { by: 'key', text: key };
  // Another scheme is somebody else's, e.g. a proxy's that asks for a password of its own.
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer === undefined) return null;
  return { by: isApiKey(bearer) ? 'key' : 'bearer', text: bearer };
}

/** Whose key a request carries that may do this, where that is known without a query; null where it takes more to tell. */
export function recallKey(
  headers: IncomingHttpHeaders,
  need: Need,
  apiKeys: Pick<ApiKeyService, 'recall'>,
  now: Date,
): IdentifiedKey | null {
  const sent = sentInHeader(headers);
  const key = sent?.by === 'key' ? apiKeys.recall(sent.text, now) : null;
  return key !== null && SCOPES[need].includes(key.scope) ? key : null;
}

async function identify(
  request: FastifyRequest,
  reply: FastifyReply,
  { by, text }: Credential,
  { accounts, apiKeys, keyLimit, now: clock }: AuthenticationOptions,
): Promise<void> {
  const now = clock();
  if (by === 'key') {
    request.apiKey = await keyLimit.identify(apiKeys, text, request.ip, now);
  } else if (by === 'bearer') {
    request.session = await accounts.identify(text, now);
  } else {
    const session = await accounts.resume(text, now);
    if (session.tokenExpiresAt.getTime() - now.getTime() < RENEW_WITHIN_MS) {
      const renewed = await accounts.renew(session.user.id, session.sessionId, now);
      reply.startSession(renewed);
      session.tokenExpiresAt = renewed.expiresAt;
    }
    request.session = session;
  }
}

/** A cookie's token may be over while its session lives: the session counts. A bearer's token is all its program has. */
async function identifyAgain(
  { session }: FastifyRequest,
  { by, text }: Credential,
  { accounts, apiKeys, now }: AuthenticationOptions,
): Promise<unknown> {
  if (by === 'key') return apiKeys.identify(text, now());
  if (by === 'bearer' || session === null) return accounts.identify(text, now());
  return accounts.renew(session.user.id, session.sessionId, now());
}

/** Whether the key or session that a long answer began with still lives. @throws NotSignedIn when it does not */
export async function checkAgain(request: FastifyRequest): Promise<void> {
  const check = checks.get(request);
  if (check === undefined) throw new NotSignedIn('Please sign in.');
  await check();
}

/** Whether the browser identified itself by something it sends along unasked, so that a foreign page could have made it. */
export function isByCookie(request: FastifyRequest): boolean {
  return credentials.get(request) === 'cookie';
}

/** Why the credential that came with the request was not accepted; null when it was, or there was none. */
export function refusalOf(request: FastifyRequest): NotSignedIn | null {
  return refusals.get(request) ?? null;
}

/** What a route needs: a session may do everything, a key what its scope says (interfaces, "REST v1"). */
export type Need = 'read' | 'ingest' | 'ingest-only' | 'full';

const SCOPES: Readonly<Record<Need, readonly ApiKeyScope[]>> = {
  read: ['read', 'full'],
  ingest: ['ingest', 'full'],
  'ingest-only': ['ingest'],
  full: ['full'],
};

/** Who may use a route, told from its hook, so that the documentation cannot say otherwise. */
export interface Access {
  /** Scopes of keys that may; empty for none. */
  scopes: readonly ApiKeyScope[];
  /** Whether a session may. */
  session: boolean;
}

type AccessHook = (request: FastifyRequest) => Promise<void>;
const accesses = new WeakMap<object, Access>();

function withAccess(access: Access, hook: AccessHook): AccessHook {
  accesses.set(hook, access);
  return hook;
}

/** What a route with these `onRequest` hooks needs; null when it is for everybody. */
export function accessOf(hooks: unknown): Access | null {
  for (const hook of [hooks].flat()) {
    const access = typeof hook === 'function' ? accesses.get(hook) : undefined;
    if (access !== undefined) return access;
  }
  return null;
}

/** A route's `onRequest` hook: lets pass whoever may. @throws NotSignedIn, NotAllowed */
export function requireAccess(need: Need): AccessHook {
  return withAccess({ scopes: SCOPES[need], session: true }, async (request) => {
    if (request.session === null) checkKey(request, need);
  });
}

/** A route's `onRequest` hook for devices, which have a key and nothing else. @throws NotSignedIn, NotAllowed */
export function requireKey(need: Need): AccessHook {
  return withAccess({ scopes: SCOPES[need], session: false }, async (request) => checkKey(request, need));
}

/** A route's `onRequest` hook for what a key may never do. @throws NotSignedIn */
export function requireSession(): AccessHook {
  return withAccess({ scopes: [], session: true }, async (request) => {
    if (request.session === null) throw refusalOf(request) ?? new NotSignedIn('Please sign in.');
  });
}

function checkKey(request: FastifyRequest, need: Need): void {
  if (request.apiKey === null) throw refusalOf(request) ?? new NotSignedIn('Please sign in, or send an API key.');
  if (!SCOPES[need].includes(request.apiKey.scope)) {
    throw new NotAllowed(
      `This API key has the scope "${request.apiKey.scope}"; this needs ${SCOPES[need].join(' or ')}.`,
    );
  }
}

/** Whose data a request works with. @throws NotSignedIn */
export function callerOf(request: FastifyRequest): SessionUser {
  const user = request.session?.user ?? request.apiKey?.user;
  if (user === undefined) throw refusalOf(request) ?? new NotSignedIn('Please sign in.');
  return user;
}
