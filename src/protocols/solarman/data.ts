import type { Reading } from '../../domain/reading.ts';
import type { GatewayFacts, RawPayload } from '../protocol.ts';
import { hex } from './codes.ts';
import { layoutOf } from './layouts/index.ts';
import { type DataValues, type Layout, type ReadValues, readFields, textOf } from './layouts/layout.ts';
import { toReading } from './reading.ts';
import { readTimeBlock, type TimeBlock } from './time.ts';

/** The head all data payloads share (solarman-v5 §3.4): frame type, sensor type, time block, item count, counter. */
export const DATA_HEAD_BYTES = 21;
export const LIVE = 0x01;
/** Bit of the frame type: a sample the logger kept from an earlier time. */
const STORED_BIT = 0x80;

export interface DataHead {
  stored: boolean;
  sensorType: number;
  time: TimeBlock;
  itemCount: number;
  /** Not unique: the same number was seen on a stored and a live frame. */
  counter: number;
}

export interface DecodedData {
  head: DataHead;
  /** `0x5408` */
  name: string;
  layout: Layout;
  /** What the rows of the layout say, without the details. */
  fields: ReadValues<keyof DataValues>;
}

export type DataResult = { ok: true; data: DecodedData } | { ok: false; raw: RawPayload };

/** Understand a data payload, or say why it has to be kept as it came. With `details`, also what a reading has no place for. */
export function decodeData(payload: Buffer, details = false): DataResult {
  const head = readHead(payload);
  if (head === null) return { ok: false, raw: { layout: 'data', reason: 'too_short', bytes: payload } };
  const name = hex(head.sensorType, 4);
  const known = layoutOf(head.sensorType);
  if (known === undefined) return { ok: false, raw: { layout: name, reason: 'unknown_layout', bytes: payload } };
  const { layout, readingFields } = known;
  if (payload.length < layout.minLength) {
    return { ok: false, raw: { layout: name, reason: 'too_short', bytes: payload } };
  }
  return {
    ok: true,
    data: { head, name, layout, fields: readFields(details ? layout.fields : readingFields, payload) },
  };
}

function readHead(payload: Buffer): DataHead | null {
  const time = readTimeBlock(payload, 3);
  if (time === null || payload.length < DATA_HEAD_BYTES) return null;
  return {
    stored: isStored(payload),
    sensorType: payload.readUInt16LE(1),
    time,
    itemCount: payload.readUInt16LE(15),
    counter: payload.readUInt32LE(17),
  };
}

function isStored(payload: Buffer): boolean {
  return ((payload[0] ?? 0) & STORED_BIT) !== 0;
}

export function dataReading(
  data: DecodedData,
  serial: string,
  date: Pick<Reading, 'sampledAt' | 'timeQuality'>,
): Reading {
  return toReading(data.layout, data.fields, { serial, stored: data.head.stored, ...date });
}

export function dataFacts({ head, fields: { values } }: DecodedData): GatewayFacts {
  const inverterSerial = textOf(values, 'inverterSerial');
  const inverterFirmware = firmwareName(values);
  return {
    ...(inverterSerial === null ? {} : { inverterSerial }),
    ...(inverterFirmware === null ? {} : { inverterFirmware }),
    ...(head.stored ? {} : { powerOnTimeS: head.time.powerOnS }),
  };
}

/** Both boards' versions in one line, as a support forum would want to read them. */
function firmwareName(values: DataValues): string | null {
  const dc = textOf(values, 'dcFirmware');
  const ac = textOf(values, 'acFirmware');
  const protocol = textOf(values, 'protocolVersion');
  const parts: string[] = [];
  if (dc !== null) parts.push(`DC ${dc}`);
  if (ac !== null) parts.push(`AC ${ac}`);
  if (protocol !== null) parts.push(`protocol ${protocol}`);
  return parts.length === 0 ? null : parts.join(', ');
}
