import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { MAX_CHANNELS } from '../../domain/inverter.ts';
import { callerOf, requireAccess } from '../../http/authentication.ts';
import type { InverterService } from '../../services/services.ts';
import {
  channelParams,
  clientOf,
  idParams,
  nameField,
  newInverterBody,
  nextCursor,
  pageById,
  pageQuery,
  watts,
} from './requests.ts';
import { currentShape, currentToShape, inverterShape, inverterToShape } from './shapes.ts';

const listShape = z.object({ items: z.array(inverterShape), next_cursor: nextCursor });

const changeBody = z.strictObject({
  name: nameField.optional(),
  rated_power_w: watts.nullable().optional().describe('null: as the device says'),
  mppt_count: z.int().min(1).max(MAX_CHANNELS).nullable().optional().describe('null: as the device says'),
  site_id: z.int().min(1).max(2_147_483_647).optional(),
});
const channelChangeBody = z.strictObject({
  name: nameField.nullable().optional().describe('null: as the device calls it'),
  peak_power_w: watts.nullable().optional().describe('of the modules on this input'),
});
const channelSettingsShape = z.object({
  channel: z.int(),
  name: z.string().nullable(),
  peak_power_w: z.int().nullable(),
});

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
        const { page, nextCursor: next } = pageById(await inverters.list(callerOf(request).id, now()), request.query);
        return { items: page.map(inverterToShape), next_cursor: next };
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
        schema: { params: idParams, body: changeBody, response: { 200: inverterShape } },
      },
      async (request) => {
        const { id: userId } = callerOf(request);
        const { name, rated_power_w: ratedPowerW, mppt_count: mpptCount, site_id: siteId } = request.body;
        await inverters.update(userId, request.params.id, { name, ratedPowerW, mpptCount, siteId });
        return inverterToShape(await inverters.current(userId, request.params.id, now()));
      },
    );

    app.patch(
      `${path}/:id/channels/:n`,
      {
        onRequest: full,
        schema: { params: channelParams, body: channelChangeBody, response: { 200: channelSettingsShape } },
      },
      async (request) => {
        const { id, n } = request.params;
        const { name, peak_power_w: wanted } = request.body;
        const { channel, ...set } = await inverters.updateChannel(callerOf(request).id, id, n, {
          name,
          peakPowerW: wanted,
        });
        return { channel, name: set.name, peak_power_w: set.peakPowerW };
      },
    );

    app.delete(`${path}/:id`, { onRequest: full, schema: { params: idParams } }, async (request, reply) => {
      await inverters.remove(callerOf(request).id, request.params.id, now(), clientOf(request));
      return reply.code(204).send();
    });
  };
}
