import type { GatewayFacts } from '../protocol.ts';
import type { Field, FieldValues } from './layouts/field.ts';
import { numberOf, readFields, textOf } from './layouts/layout.ts';

/** With this frame type the inverter's serial stands where the SSID otherwise does (solarman-v5 §3.2). */
const DEVICE_INFO = 0x04;

export type WifiMetric = 'wifiName' | 'signalPct' | 'last';

/** Frame type and time block stand before these; the u16 at 13 is unknown. */
export const wifiFields: readonly Field<WifiMetric>[] = [
  { at: 15, type: 'ascii', length: 30, metric: 'wifiName', words: 'SSID' },
  { at: 45, type: 'u8', max: 100, metric: 'signalPct', words: 'signal, %' },
  { at: 46, type: 'u8', metric: 'last', words: 'always 01' },
];

export function readWifi(payload: Buffer): FieldValues<WifiMetric> {
  return readFields(wifiFields, payload).values;
}

export function wifiFacts(payload: Buffer): GatewayFacts {
  const values = readWifi(payload);
  const name = textOf(values, 'wifiName');
  if (payload[0] === DEVICE_INFO) return name === null ? {} : { inverterSerial: name };
  const signalPct = numberOf(values, 'signalPct');
  return { ...(name === null ? {} : { wifiName: name }), ...(signalPct === null ? {} : { signalPct }) };
}
