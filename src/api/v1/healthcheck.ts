import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { HealthService } from '../../services/services.ts';

const healthShape = z.object({
  status: z.enum(['ok', 'failing']),
  FastAPI: z.literal('OK').describe("the predecessor's whole answer, which set-ups in the field look for"),
  components: z.object({ database: z.string(), collector: z.string(), worker: z.string() }),
});

/** `GET /healthcheck`: 200 while this process can do its work, else 503. Asks nobody who they are. */
export function healthRoute(health: HealthService, now: () => Date): FastifyPluginAsyncZod {
  return async (app) => {
    app.get(
      '/healthcheck',
      { config: { identify: false, quiet: true }, schema: { response: { 200: healthShape, 503: healthShape } } },
      async (_, reply) => {
        const { ok, components } = await health.report(now());
        reply.code(ok ? 200 : 503);
        return { status: ok ? ('ok' as const) : ('failing' as const), FastAPI: 'OK' as const, components };
      },
    );
  };
}
