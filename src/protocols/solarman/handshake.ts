import type { GatewayFacts } from '../protocol.ts';
import { hex } from './codes.ts';
import type { Field, FieldValues } from './layouts/field.ts';
import { numberOf, readFields, textOf } from './layouts/layout.ts';

/** Old loggers end here; what follows is read as far as the payload goes (solarman-v5 §3.1, four generations). */
export const MIN_HANDSHAKE_BYTES = 86;
export const HANDSHAKE_FRAME_TYPE = 0x02;

export type HandshakeMetric =
  | 'uploadPeriodS'
  | 'samplePeriodS'
  | 'heartbeatPeriodS'
  | 'maxDevices'
  | 'signalPct'
  | 'frameKind'
  | 'firmware'
  | 'macAddress'
  | 'localAddress'
  | 'sensorListCount'
  | 'sensorList'
  | 'hardware'
  | 'wifiName';
export type HandshakeValues = FieldValues<HandshakeMetric>;

/** Frame type 02 and the time block stand before these. */
export const handshakeFields: readonly Field<HandshakeMetric>[] = [
  { at: 13, type: 'u8', scale: 60, absent: 0, metric: 'uploadPeriodS', words: 'upload period, minutes' },
  { at: 14, type: 'u8', absent: 0, metric: 'samplePeriodS', words: 'sampling period, seconds' },
  { at: 15, type: 'u8', absent: 0, metric: 'heartbeatPeriodS', words: 'heartbeat period, seconds' },
  { at: 16, type: 'u8', metric: 'maxDevices', words: 'maximum number of connected devices' },
  { at: 17, type: 'u8', max: 100, metric: 'signalPct', words: 'Wi-Fi signal, %' },
  { at: 18, type: 'u8', metric: 'frameKind', words: 'unknown (01, 03)' },
  { at: 19, type: 'ascii', length: 40, metric: 'firmware', words: 'logger firmware' },
  { at: 59, type: 'mac', length: 6, metric: 'macAddress', words: 'MAC' },
  { at: 65, type: 'ascii', length: 16, metric: 'localAddress', words: 'local IP' },
  { at: 83, type: 'u8', metric: 'sensorListCount', words: 'number of entries in the sensor list' },
  { at: 84, type: 'u16le', metric: 'sensorList', words: 'sensor list id' },
  { at: 89, type: 'ascii', length: 40, metric: 'hardware', words: 'hardware / extended version' },
  { at: 172, type: 'ascii', length: 40, metric: 'wifiName', words: 'SSID' },
];

/** Everything a handshake payload says, by the rows above. */
export function readHandshake(payload: Buffer): HandshakeValues {
  return readFields(handshakeFields, payload).values;
}

export function handshakeFacts(payload: Buffer, powerOnTimeS: number | null): GatewayFacts {
  const values = readHandshake(payload);
  const sensorList = numberOf(values, 'sensorList');
  return {
    ...numbers(values, ['uploadPeriodS', 'samplePeriodS', 'heartbeatPeriodS', 'signalPct']),
    ...texts(values, ['firmware', 'macAddress', 'localAddress', 'hardware', 'wifiName']),
    ...(sensorList === null ? {} : { sensorList: hex(sensorList, 4) }),
    ...(powerOnTimeS === null ? {} : { powerOnTimeS }),
  };
}

/** Only what was said: an absent key keeps what is already known. */
function numbers<Key extends HandshakeMetric>(values: HandshakeValues, keys: readonly Key[]) {
  const facts: Partial<Record<Key, number>> = {};
  for (const key of keys) {
    const value = numberOf(values, key);
    if (value !== null) facts[key] = value;
  }
  return facts;
}

function texts<Key extends HandshakeMetric>(values: HandshakeValues, keys: readonly Key[]) {
  const facts: Partial<Record<Key, string>> = {};
  for (const key of keys) {
    const value = textOf(values, key);
    if (value !== null) facts[key] = value;
  }
  return facts;
}
