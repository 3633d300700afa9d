import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { refusalOf } from './authentication.ts';

/** Ids that tell requests apart across restarts and processes, for the log and for whoever reports an error. */
export function requestIds(): () => string {
  const start = randomBytes(4).toString('hex');
  let count = 0;
  return () => `${start}-${(++count).toString(36)}`;
}

/**
 * One line a request, when it is over. Never the query (links in mails carry their token there), never a header, a body or an
 * e-mail address.
 */
export function installRequestLog(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  app.addHook('onResponse', async (request, reply) => {
    const status = reply.statusCode;
    const line = {
      method: request.method,
      path: loggedPath(request),
      status,
      ms: Math.round(reply.elapsedTime),
      address: request.ip,
      ...(request.session === null ? {} : { userId: request.session.user.id }),
      ...(request.apiKey === null ? {} : { userId: request.apiKey.user.id, keyId: request.apiKey.keyId }),
    };
    // What came with it to say who asks, and was not believed: a key that was revoked, a session that is over.
    const refusal = refusalOf(request);
    if (refusal !== null) request.log.warn({ ...line, refused: refusal.message }, 'request');
    else if (status < 400 && request.routeOptions.config.quiet === true) request.log.debug(line, 'request');
    else request.log.info(line, 'request');
  });
}

function loggedPath(request: FastifyRequest): string {
  const hasSecret = Object.hasOwn((request.params ?? {}) as object, 'token');
  const path = hasSecret ? (request.routeOptions.url ?? '') : request.url;
  return path.split('?', 1)[0]?.slice(0, 200) ?? '';
}
