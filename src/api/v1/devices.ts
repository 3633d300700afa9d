import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { DEVICE_KINDS } from '../../domain/inverter.ts';
import { callerOf, requireAccess } from '../../http/authentication.ts';
import type { InboxService, InverterService, PendingDevice } from '../../services/services.ts';
import { nameField, nextCursor, pageByPlace, pageQuery } from './requests.ts';
import { inverterShape, inverterToShape } from './shapes.ts';

const pendingShape = z.object({
  kind: z.enum(DEVICE_KINDS),
  serial: z.string(),
  name: z.string().nullable().describe('what the device calls itself'),
  model: z.string().nullable(),
  mppt_count: z.int().nullable(),
  rated_power_w: z.number().nullable(),
  gateway_serial: z.string().nullable(),
  first_seen_at: z.iso.datetime(),
  last_seen_at: z.iso.datetime(),
  readings: z.int().describe('kept for two days, and booked when the device is added'),
});
const inboxShape = z.object({
  items: z.array(pendingShape),
  next_cursor: nextCursor,
  auto_add: z.boolean().describe('such devices are added by themselves'),
});
const deviceParams = z.object({ kind: z.enum(DEVICE_KINDS), serial: z.string().max(400) });
const claimBody = z.strictObject({ name: nameField.nullable().default(null) });

export interface DeviceRoutesOptions {
  inbox: InboxService;
  inverters: Pick<InverterService, 'current'>;
  now: () => Date;
}

/** `/api/v1/devices`: what pushes under the account's keys and is not registered in it. */
export function deviceRoutes({ inbox, inverters, now }: DeviceRoutesOptions): FastifyPluginAsyncZod {
  const path = '/api/v1/devices';
  const full = requireAccess('full');
  return async (app) => {
    app.get(
      `${path}/pending`,
      { onRequest: requireAccess('read'), schema: { querystring: pageQuery, response: { 200: inboxShape } } },
      async (request) => readInbox(callerOf(request).id, request.query),
    );

    app.patch(
      `${path}/pending`,
      { onRequest: full, schema: { body: z.strictObject({ auto_add: z.boolean() }), response: { 200: inboxShape } } },
      async (request) => {
        const { id } = callerOf(request);
        await inbox.setAutoAdd(id, request.body.auto_add);
        return readInbox(id, pageQuery.parse({}));
      },
    );

    app.post(
      `${path}/:kind/:serial/claim`,
      { onRequest: full, schema: { params: deviceParams, body: claimBody, response: { 201: inverterShape } } },
      async (request, reply) => {
        const user = callerOf(request);
        const { kind, serial } = request.params;
        const { id } = await inbox.claim(user, { kind, serial, name: request.body.name }, now());
        reply.code(201).header('location', `/api/v1/inverters/${id}/current`);
        return inverterToShape(await inverters.current(user.id, id, now()));
      },
    );
  };

  async function readInbox(userId: number, query: z.infer<typeof pageQuery>): Promise<z.infer<typeof inboxShape>> {
    const { page, nextCursor: next } = pageByPlace(await inbox.list(userId), query);
    return { items: page.map(toShape), next_cursor: next, auto_add: await inbox.autoAdd(userId) };
  }
}

function toShape(device: PendingDevice): z.infer<typeof pendingShape> {
  return {
    kind: device.kind,
    serial: device.serial,
    name: device.name,
    model: device.model,
    mppt_count: device.mpptCount,
    rated_power_w: device.ratedPowerW,
    gateway_serial: device.gatewaySerial,
    first_seen_at: device.firstSeenAt.toISOString(),
    last_seen_at: device.lastSeenAt.toISOString(),
    readings: device.readings,
  };
}
