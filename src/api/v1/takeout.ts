import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { callerOf, requireSession } from '../../http/authentication.ts';
import { chooseLanguage } from '../../i18n/locale.ts';
import type { Visitor } from '../../services/accounts/account-services.ts';
import { disposition } from '../../services/export-formats.ts';
import type { Takeout, TakeoutService } from '../../services/takeout/takeout-service.ts';

const STATES = ['none', 'waiting', 'running', 'ready', 'failed', 'gone'] as const;
const time = z.iso.datetime().nullable();
const takeoutShape = z.object({
  state: z.enum(STATES).describe('none: never asked for; gone: removed, replaced, or past its time'),
  requested_at: time,
  progress_pct: z.int().min(0).max(100).describe('how much of it is made'),
  ready_at: time,
  expires_at: time.describe('until then it can be downloaded'),
  bytes: z.int().nullable(),
});

export interface TakeoutRoutesOptions {
  takeouts: TakeoutService;
  now: () => Date;
}

/** `/api/v1/account/takeout`: everything the account has, as one archive. For its owner; sessions and mails are no key's business. */
export function takeoutRoutes({ takeouts, now }: TakeoutRoutesOptions): FastifyPluginAsyncZod {
  const path = '/api/v1/account/takeout';
  const signedIn = requireSession();
  return async (app) => {
    app.get(path, { onRequest: signedIn, schema: { response: { 200: takeoutShape } } }, async (request) =>
      toShape(await takeouts.newest(callerOf(request).id, now())),
    );

    app.post(path, { onRequest: signedIn, schema: { response: { 202: takeoutShape } } }, async (request, reply) => {
      reply.code(202).header('location', path);
      return toShape(await takeouts.request(callerOf(request), visitorOf(request), now()));
    });

    app.delete(path, { onRequest: signedIn }, async (request, reply) => {
      await takeouts.remove(callerOf(request).id, visitorOf(request), now());
      return reply.code(204).send();
    });

    app.get(`${path}/file`, { onRequest: signedIn, exposeHeadRoute: false }, async (request, reply) => {
      const { name, bytes, pieces } = await takeouts.open(callerOf(request).id, visitorOf(request), now());
      return reply
        .type('application/zip')
        .header('content-length', bytes)
        .header('content-disposition', disposition(name, 'zip'))
        .send(Readable.from(pieces));
    });
  };
}

function visitorOf(request: FastifyRequest): Visitor {
  const { 'user-agent': userAgent = null, 'accept-language': wanted } = request.headers;
  const { locale } = chooseLanguage(callerOf(request).locale, wanted);
  return { client: { address: request.ip, userAgent }, locale };
}

function toShape(takeout: Takeout | null): z.infer<typeof takeoutShape> {
  const { state, requestedAt, progressPct, readyAt, expiresAt, bytes } = takeout ?? { state: 'none' };
  return {
    state,
    requested_at: requestedAt?.toISOString() ?? null,
    progress_pct: progressPct ?? 0,
    ready_at: readyAt?.toISOString() ?? null,
    expires_at: expiresAt?.toISOString() ?? null,
    bytes: bytes ?? null,
  };
}
