import type { FastifyPluginAsync } from 'fastify';
import { opendtu } from '../../protocols/opendtu/index.ts';
import { type PushRouteOptions, pushRoute } from './push-route.ts';

/** `POST /api/opendtu/measurements` (predecessor §1.5). */
export function opendtuRoute(options: PushRouteOptions): FastifyPluginAsync {
  return pushRoute(
    opendtu,
    {
      gatewayKey: 'dtu_serial',
      totalKey: 'total_inverters',
      serialKey: 'serial',
      powerKey: 'power_ac',
      unknown: (serial) => `Inverter with serial ${serial} not found`,
    },
    options,
  );
}
