import { DATA_HEAD_BYTES, type DataHead, LIVE } from './data.ts';
import { HANDSHAKE_FRAME_TYPE, type HandshakeValues, handshakeFields, MIN_HANDSHAKE_BYTES } from './handshake.ts';
import { deyeMicro } from './layouts/deye-micro.ts';
import type { FieldValues } from './layouts/field.ts';
import { type DataValues, type Layout, writeFields } from './layouts/layout.ts';
import { type TimeBlock, writeTimeBlock } from './time.ts';
import { type WifiMetric, wifiFields } from './wifi.ts';

/**
 * The logger's side: payloads made from the same rows that decode them, for the simulator and the tests. Frame them with
 * `encodeFrame`.
 */

const STORED = 0x81;
const LAST_WIFI_BYTE = 1;

/** The four generations of handshake payloads (solarman-v5 §3.1). */
export const HANDSHAKE_LENGTHS = [130, MIN_HANDSHAKE_BYTES, 212, 314] as const;
/** What stands at 86 and 129 of the newer generations. */
const HANDSHAKE_MARK = [0x07, 0x00, 0xff] as const;
const HANDSHAKE_TAIL = 0xff;

export interface EncodedHandshake {
  time: TimeBlock;
  values: HandshakeValues;
  length?: (typeof HANDSHAKE_LENGTHS)[number];
}

export function encodeHandshake({ time, values, length = 130 }: EncodedHandshake): Buffer {
  const payload = Buffer.alloc(length);
  payload[0] = HANDSHAKE_FRAME_TYPE;
  writeTimeBlock(time, payload, 1);
  writeFields(handshakeFields, { maxDevices: 1, frameKind: 1, sensorListCount: 1, ...values }, payload);
  if (length > MIN_HANDSHAKE_BYTES) {
    payload.set(HANDSHAKE_MARK, MIN_HANDSHAKE_BYTES);
    payload[129] = HANDSHAKE_TAIL;
  }
  return payload;
}

export interface EncodedWifi {
  time: TimeBlock;
  stored?: boolean;
  values: FieldValues<WifiMetric>;
}

export function encodeWifi({ time, stored = false, values }: EncodedWifi): Buffer {
  const payload = Buffer.alloc(47);
  payload[0] = stored ? STORED : LIVE;
  writeTimeBlock(time, payload, 1);
  writeFields(wifiFields, { last: LAST_WIFI_BYTE, ...values }, payload);
  return payload;
}

/** The end-of-cycle report with its upgrade record; without an upgrade the record is all ones (§3.3). */
export function encodeReport(time: TimeBlock, upgrade: { at: Date; firmware: string } | null): Buffer {
  const payload = Buffer.alloc(60);
  payload[0] = LIVE;
  writeTimeBlock(time, payload, 1);
  payload.set([1, 5, 44], 13);
  if (upgrade === null) payload.fill(0xff, 16);
  else {
    payload.writeUInt32LE(Math.floor(upgrade.at.getTime() / 1000), 16);
    payload.write(upgrade.firmware, 20, 40, 'latin1');
  }
  return payload;
}

export function encodeHeartbeat(): Buffer {
  return Buffer.alloc(1);
}

export interface EncodedData {
  time: TimeBlock;
  stored?: boolean;
  counter?: number;
  values: DataValues;
  length?: number;
}

/** A data payload of any layout. @throws RangeError when it would be shorter than the layout's rows */
export function encodeData(layout: Layout, data: EncodedData): Buffer {
  const length = data.length ?? layout.lengths[0] ?? layout.minLength;
  if (length < layout.minLength) throw new RangeError(`${layout.name}: at least ${layout.minLength} bytes`);
  const payload = Buffer.alloc(length);
  writeHead(
    {
      stored: data.stored ?? false,
      sensorType: layout.sensorTypes[0] ?? 0,
      time: data.time,
      itemCount: 1,
      counter: data.counter ?? 0,
    },
    payload,
  );
  writeFields(layout.fields, data.values, payload);
  return payload;
}

/** A Deye microinverter's data payload. What is not given is what a real one sends: no further temperatures, device class 4. */
export function encodeDeyeMicroData(data: EncodedData): Buffer {
  const values: DataValues = {
    deviceClass: 4,
    deviceClassRegister: 4,
    phaseCount: 1,
    temperatureC: null,
    temperature2C: null,
    temperature3C: null,
    temperature4C: null,
    temperature5C: null,
    ...data.values,
  };
  return encodeData(deyeMicro, { ...data, values });
}

/** The head of any data payload, also of one that no layout decodes. */
export function writeHead(head: DataHead, payload: Buffer): void {
  if (payload.length < DATA_HEAD_BYTES) throw new RangeError(`a data payload has at least ${DATA_HEAD_BYTES} bytes`);
  payload[0] = head.stored ? STORED : LIVE;
  payload.writeUInt16LE(head.sensorType, 1);
  writeTimeBlock(head.time, payload, 3);
  payload.writeUInt16LE(head.itemCount, 15);
  payload.writeUInt32LE(head.counter, 17);
}
