import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { InvalidInput } from '../../domain/errors.ts';
import { callerOf, requireAccess } from '../../http/authentication.ts';
import type { InverterService, StatisticsService } from '../../services/services.ts';
import { idParams, moment, nameField, newInverterBody, pageQuery } from './requests.ts';
import { currentShape, currentToShape, inverterShape, inverterToShape, pointShape, pointToShape } from './shapes.ts';

const BUCKETS = ['raw', '1m', '5m', '15m', '1h', '1d'] as const;
const DAY_MS = 24 * 3600_000;

const listShape = z.object({ items: z.array(inverterShape), next_cursor: z.int().nullable() });
const powerShape = z.object({ bucket: z.enum(BUCKETS), points: z.array(pointShape) });
const powerQuery = z.object({
  from: moment.optional().describe('inclusive; a day before `to` when absent'),
  to: moment.optional().describe('exclusive; now when absent'),
  bucket: z.enum(BUCKETS).default('5m'),
});

export interface InverterRoutesOptions {
  inverters: InverterService;
  statistics: StatisticsService;
  now: () => Date;
}

/** `/api/v1/inverters`: an account's inverters, what they do now, and their power over time. */
export function inverterRoutes({ inverters, statistics, now }: InverterRoutesOptions): FastifyPluginAsyncZod {
  const path = '/api/v1/inverters';
  const read = requireAccess('read');
  const full = requireAccess('full');

  return async (app) => {
    app.get(
      path,
      { onRequest: read, schema: { querystring: pageQuery, response: { 200: listShape } } },
      async (request) => {
        const { limit, cursor } = request.query;
        const all = await inverters.list(callerOf(request).id, now());
        const rest = all.filter((inverter) => inverter.id > cursor).sort((a, b) => a.id - b.id);
        const page = rest.slice(0, limit);
        const nextCursor = rest.length > limit ? (page.at(-1)?.id ?? null) : null;
        return { items: page.map(inverterToShape), next_cursor: nextCursor };
      },
    );

    app.post(
      path,
      { onRequest: full, schema: { body: newInverterBody, response: { 201: inverterShape } } },
      async (request, reply) => {
        const user = callerOf(request);
        const { id } = await inverters.add(user, request.body, now());
        reply.code(201).header('location', `${path}/${id}/current`);
        return inverterToShape(await inverters.current(user.id, id, now()));
      },
    );

    app.get(
      `${path}/:id/current`,
      { onRequest: read, schema: { params: idParams, response: { 200: currentShape } } },
      async (request) => currentToShape(await inverters.current(callerOf(request).id, request.params.id, now())),
    );

    app.get(
      `${path}/:id/power`,
      { onRequest: read, schema: { params: idParams, querystring: powerQuery, response: { 200: powerShape } } },
      async (request) => {
        const range = rangeOf(request.query, now());
        const { bucket, points } = await statistics.power(callerOf(request).id, request.params.id, range);
        return { bucket, points: points.map(pointToShape) };
      },
    );

    app.patch(
      `${path}/:id`,
      {
        onRequest: full,
        schema: { params: idParams, body: z.strictObject({ name: nameField }), response: { 200: inverterShape } },
      },
      async (request) => {
        const { id: userId } = callerOf(request);
        await inverters.rename(userId, request.params.id, request.body.name);
        return inverterToShape(await inverters.current(userId, request.params.id, now()));
      },
    );

    app.delete(`${path}/:id`, { onRequest: full, schema: { params: idParams } }, async (request, reply) => {
      await inverters.remove(callerOf(request).id, request.params.id, now());
      return reply.code(204).send();
    });
  };
}

/** @throws InvalidInput when the range is empty */
function rangeOf(
  query: z.infer<typeof powerQuery>,
  now: Date,
): { from: Date; to: Date; bucket: (typeof BUCKETS)[number] } {
  const to = query.to ?? now;
  const from = query.from ?? new Date(to.getTime() - DAY_MS);
  if (from >= to) throw new InvalidInput('The range is empty.', { from: 'must be before `to`' });
  return { from, to, bucket: query.bucket };
}
