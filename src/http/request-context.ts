import 'fastify';
import type { ApiKeyScope, SessionUser, SignedIn } from '../services/services.ts';
import type { Doorkeeper } from './doorkeeper.ts';
import type { ShortRoute } from './short-way.ts';

/** What `http` establishes for every request before a route sees it, and what pages may ask of a reply. */
export interface RequestSession {
  user: SessionUser;
  sessionId: string;
  tokenExpiresAt: Date;
}

export interface RequestKey {
  user: SessionUser;
  keyId: number;
  scope: ApiKeyScope;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Routes that answer known devices without the framework, by exact path (short-way.ts). */
    shortRoutes: Map<string, ShortRoute>;
    /** Bounds what devices may have under way, on either way. */
    doorkeeper: Doorkeeper;
  }
  interface FastifyRequest {
    /** Who is signed in, by cookie or by bearer token; null for nobody. */
    session: RequestSession | null;
    /** Whose API key the request carries; null for none. */
    apiKey: RequestKey | null;
    /** To be sent back with every unsafe request as form field `_csrf` or header `x-csrf-token`. */
    csrfToken: string;
  }
  interface FastifyReply {
    /** Puts the session cookie on this answer. */
    startSession(signedIn: Pick<SignedIn, 'token' | 'expiresAt'>): FastifyReply;
    /** Takes the session cookie away. */
    endSession(): FastifyReply;
  }
  interface FastifyContextConfig {
    /** False: nobody asks who is there (assets, health), and the database is not needed to answer. */
    identify?: boolean;
    /** False: needs no form token, because the answer gives a browser nothing that it would send by itself. */
    csrf?: boolean;
    /** True: a success is worth a line in the log only while looking for something (devices push every few seconds). */
    quiet?: boolean;
  }
}
