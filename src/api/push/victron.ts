import type { FastifyPluginAsync } from 'fastify';
import { victron } from '../../protocols/victron/index.ts';
import { type PushRouteOptions, pushRoute } from './push-route.ts';

/** `POST /api/victron/measurements` (predecessor §1.6). */
export function victronRoute(options: PushRouteOptions): FastifyPluginAsync {
  return pushRoute(
    victron,
    {
      gatewayKey: 'cerbo_serial',
      totalKey: 'total_devices',
      serialKey: 'device_identifier',
      powerKey: 'yield_power_w',
      unknown: (serial) => `Device ${serial} not found`,
    },
    options,
  );
}
