import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { callerOf, requireAccess } from '../../http/authentication.ts';
import type { InverterService } from '../../services/services.ts';
import { idParams, nextCursor, pageQuery } from './requests.ts';

const KINDS = [
  'gap',
  'quarantined',
  'rebased',
  'clock_unset',
  'late',
  'recomputed',
  'outside_window',
  'two_gateways',
  'new_address',
] as const;

const eventShape = z.object({
  id: z.int(),
  time: z.iso.datetime().describe('what it is about, not when it was noticed'),
  kind: z.enum(KINDS),
  channel: z.int().nullable().describe('1…: an input; 0 or null: the inverter'),
  detail: z.record(z.string(), z.unknown()).describe('depends on the kind'),
});
const listShape = z.object({ items: z.array(eventShape), next_cursor: nextCursor });

/** `GET /api/v1/inverters/{id}/events`: what was noticed about its data, newest first. */
export function eventRoutes({ inverters }: { inverters: Pick<InverterService, 'events'> }): FastifyPluginAsyncZod {
  return async (app) => {
    app.get(
      '/api/v1/inverters/:id/events',
      {
        onRequest: requireAccess('read'),
        schema: { params: idParams, querystring: pageQuery, response: { 200: listShape } },
      },
      async (request) => {
        const { limit, cursor } = request.query;
        const wanted = { after: cursor, limit: limit + 1 };
        const found = await inverters.events(callerOf(request).id, request.params.id, wanted);
        const page = found.slice(0, limit);
        return {
          items: page.map(({ id, at, kind, channel, detail }) => ({
            id,
            time: at.toISOString(),
            kind: kind as (typeof KINDS)[number],
            channel,
            detail,
          })),
          next_cursor: found.length > limit ? (page.at(-1)?.id ?? null) : null,
        };
      },
    );
  };
}
