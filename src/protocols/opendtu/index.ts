import { decodePush, type PushFormat } from '../json-push/envelope.ts';
import type { PushProtocol } from '../protocol.ts';
import { readInverter } from './inverter.ts';

const FORMAT: PushFormat = {
  kind: 'opendtu',
  devicesKey: 'inverters',
  gatewayKey: 'dtu_serial',
  readDevice: readInverter,
};

/** OpenDTU's HTTP push (the fork's format; devices §1, predecessor §1.5). */
export const opendtu: PushProtocol = {
  id: 'opendtu',
  name: 'OpenDTU HTTP push',
  listen: { http: '/api/opendtu/measurements' },
  decode: (body, now, context = {}) => decodePush(FORMAT, body, now, context),
};
