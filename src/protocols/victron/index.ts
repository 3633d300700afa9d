import { decodePush, type PushFormat } from '../json-push/envelope.ts';
import type { PushProtocol } from '../protocol.ts';
import { readCharger } from './charger.ts';

const FORMAT: PushFormat = {
  kind: 'victron',
  devicesKey: 'devices',
  gatewayKey: 'cerbo_serial',
  readDevice: readCharger,
};

/** Victron's solar chargers, pushed by the bridge on a Venus OS device (devices §3.2, predecessor §1.6). */
export const victron: PushProtocol = {
  id: 'victron',
  name: 'Victron bridge',
  listen: { http: '/api/victron/measurements' },
  decode: (body, now, context = {}) => decodePush(FORMAT, body, now, context),
};
