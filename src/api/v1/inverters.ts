import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { callerOf, requireAccess } from '../../http/authentication.ts';
import type { InverterService } from '../../services/services.ts';
import { idParams, nameField, newInverterBody, pageQuery } from './requests.ts';
import { currentShape, currentToShape, inverterShape, inverterToShape } from './shapes.ts';

const listShape = z.object({ items: z.array(inverterShape), next_cursor: z.int().nullable() });

export interface InverterRoutesOptions {
  inverters: InverterService;
  now: () => Date;
}

/** `/api/v1/inverters`: an account's inverters and what they do now. */
export function inverterRoutes({ inverters, now }: InverterRoutesOptions): FastifyPluginAsyncZod {
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
