import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { callerOf, requireAccess } from '../../http/authentication.ts';
import type { LoggerDetails, LoggerService } from '../../services/logger-service.ts';
import { clientOf, idParams } from './requests.ts';

const text = z.string().nullable();
const number = z.number().nullable();
const time = z.iso.datetime().nullable();

const loggerShape = z.object({
  claim: z
    .object({
      restart_until: time.describe('until when a restart counts that was announced'),
      released: z.boolean().describe('given up by this account: only a restart brings it back'),
      taken: z.boolean().describe('it belongs to another account'),
      rivals: z.boolean().describe('another account waits for it too'),
      last_seen_at: time.describe('when it was last here, still nobody’s'),
    })
    .nullable()
    .describe('null when it waits for no proof'),
  gateway: z
    .object({
      firmware: text,
      hardware: text,
      local_address: text,
      mac_address: text,
      wifi_name: text,
      signal_pct: number,
      upload_period_s: number,
      sample_period_s: number,
      heartbeat_period_s: number,
      inverter_firmware: text,
      handshake_at: time,
      last_seen_at: time,
      last_address: text,
    })
    .nullable()
    .describe('what it said of itself; null when nothing was heard'),
  kept_frames: z
    .array(z.object({ layout: z.string(), reason: z.string(), count: z.int(), last_received_at: time }))
    .describe('payloads nothing could be made of yet'),
  tls: z
    .object({ address: z.string(), last_seen_at: time })
    .nullable()
    .describe('a logger near you that speaks TLS, which cannot be used'),
});

const framesShape = z.object({
  serial: z.string(),
  frames: z.array(z.object({ received_at: time, layout: z.string(), reason: z.string(), payload_hex: z.string() })),
});

export interface LoggerRoutesOptions {
  loggers: LoggerService;
  now: () => Date;
}

/** `/api/v1/inverters/{id}/logger` and what stands beside it: the logger behind a Solarman inverter, and whose it is. */
export function loggerRoutes({ loggers, now }: LoggerRoutesOptions): FastifyPluginAsyncZod {
  const path = '/api/v1/inverters/:id';
  const read = requireAccess('read');
  const full = requireAccess('full');
  const answered = { params: idParams, response: { 200: loggerShape } };

  return async (app) => {
    app.get(`${path}/logger`, { onRequest: read, schema: answered }, async (request) =>
      toShape(await loggers.details(callerOf(request).id, request.params.id, now())),
    );

    app.post(`${path}/restart`, { onRequest: full, schema: answered }, async (request) =>
      toShape(await loggers.askRestart(callerOf(request).id, request.params.id, now())),
    );

    app.post(`${path}/release`, { onRequest: full, schema: { params: idParams } }, async (request, reply) => {
      await loggers.release(callerOf(request).id, request.params.id, now(), clientOf(request));
      return reply.code(204).send();
    });

    app.get(
      `${path}/frames`,
      { onRequest: read, schema: { params: idParams, response: { 200: framesShape } } },
      async (request, reply) => {
        const { serial, frames } = await loggers.frames(callerOf(request).id, request.params.id);
        // A serial may hold any printable character.
        const name = serial.replaceAll(/[^\w-]/g, '_');
        reply.header('content-disposition', `attachment; filename="frames-${name}.json"`);
        return {
          serial,
          frames: frames.map((frame) => ({
            received_at: frame.receivedAt.toISOString(),
            layout: frame.layout,
            reason: frame.reason,
            payload_hex: frame.bytes.toString('hex'),
          })),
        };
      },
    );
  };
}

function toShape({ claim, gateway, keptFrames, tls }: LoggerDetails): z.infer<typeof loggerShape> {
  const at = (date: Date | null): string | null => date?.toISOString() ?? null;
  return {
    claim:
      claim === null
        ? null
        : {
            restart_until: at(claim.restartUntil),
            released: claim.isReleased,
            taken: claim.isTaken,
            rivals: claim.hasRivals,
            last_seen_at: at(claim.lastSeenAt),
          },
    gateway:
      gateway === null
        ? null
        : {
            firmware: gateway.firmware,
            hardware: gateway.hardware,
            local_address: gateway.localAddress,
            mac_address: gateway.macAddress,
            wifi_name: gateway.wifiName,
            signal_pct: gateway.signalPct,
            upload_period_s: gateway.uploadPeriodS,
            sample_period_s: gateway.samplePeriodS,
            heartbeat_period_s: gateway.heartbeatPeriodS,
            inverter_firmware: gateway.inverterFirmware,
            handshake_at: at(gateway.handshakeAt),
            last_seen_at: at(gateway.lastSeenAt),
            last_address: gateway.lastAddress,
          },
    kept_frames: keptFrames.map(({ layout, reason, count, lastReceivedAt }) => ({
      layout,
      reason,
      count,
      last_received_at: at(lastReceivedAt),
    })),
    tls: tls === null ? null : { address: tls.address, last_seen_at: at(tls.lastSeenAt) },
  };
}
