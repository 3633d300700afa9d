import { printable } from '../text.ts';

/**
 * A payload is described by rows of data, one per field, as the manual's table has them: offset, type, scale, what it measures, and
 * the manual's words. One reader and one writer walk the rows.
 */
export type Field<Metric extends string> = NumberField<Metric> | TextField<Metric> | ClockField<Metric>;

interface FieldBase<Metric extends string> {
  /** Offset in the payload, counted from the first byte after the 11-byte header. */
  at: number;
  /** What the value is called here; the name carries our unit. */
  metric: Metric;
  /** What the manual or the specification calls it. */
  words: string;
  /** A reading has no place for it: it is read for diagnosis and replay, not with every frame. */
  detail?: true;
}

export type NumberType = 'u8' | 'u16le' | 'u16be' | 's16le' | 's16be' | 'u32le' | 'u32be';

export interface NumberField<Metric extends string> extends FieldBase<Metric> {
  type: NumberType;
  /** Value of one step, in the manual's unit; 1 when absent. */
  scale?: 0.1 | 0.01 | 1 | 60;
  /** The manual counts in kilowatt-hours; we keep whole watt-hours. */
  unit?: 'kWh';
  /** Added after scaling. */
  plus?: number;
  /** The raw number that means "not available". */
  absent?: number;
  /** Limits of what is physically possible, in the value's own unit: anything beyond is rejected, never clamped. */
  min?: number;
  max?: number;
}

export interface TextField<Metric extends string> extends FieldBase<Metric> {
  type: 'ascii' | 'mac';
  length: number;
  /** What the device fills the rest with; NUL when absent. */
  pad?: ' ';
}

/** Year (since 2000), month, day, hour, minute, second, in the plant's local time. */
export interface ClockField<Metric extends string> extends FieldBase<Metric> {
  type: 'clock.u8' | 'clock.u16le';
}

export type FieldValue = number | string | null;
export type FieldValues<Metric extends string> = Partial<Record<Metric, FieldValue>>;

const NUMBER_BYTES: Record<NumberType, 1 | 2 | 4> = {
  u8: 1,
  u16le: 2,
  u16be: 2,
  s16le: 2,
  s16be: 2,
  u32le: 4,
  u32be: 4,
};

/** An inverter's clock before this year was never set (solarman-v5 §2.6 step 3). */
const FIRST_PLAUSIBLE_YEAR = 2015;
const CENTURY = 2000;

export function isNumberField<Metric extends string>(field: Field<Metric>): field is NumberField<Metric> {
  return field.type in NUMBER_BYTES;
}

/** Bytes a field takes. */
export function bytesOf(field: Field<string>): number {
  switch (field.type) {
    case 'ascii':
    case 'mac':
      return field.length;
    case 'clock.u8':
      return 6;
    case 'clock.u16le':
      return 12;
    default:
      return NUMBER_BYTES[field.type];
  }
}

/** The value of one field. `undefined`: it cannot be true and was rejected; null: not available. The bytes must reach that far. */
export function readField(field: Field<string>, payload: Buffer): FieldValue | undefined {
  switch (field.type) {
    case 'ascii':
      return printable(payload.subarray(field.at, field.at + field.length));
    case 'mac':
      return readMac(payload.subarray(field.at, field.at + field.length));
    case 'clock.u8':
    case 'clock.u16le':
      return readClock(field, payload);
    default: {
      const raw = readNumber(field.type, payload, field.at);
      if (raw === field.absent) return null;
      const value = fromRaw(field, raw);
      return value < (field.min ?? Number.NEGATIVE_INFINITY) || value > (field.max ?? Number.POSITIVE_INFINITY)
        ? undefined
        : value;
    }
  }
}

/** The opposite of `readField`, for the simulator and the tests. Null becomes the raw number that means so, else nothing but zeros. */
export function writeField(field: Field<string>, value: FieldValue, payload: Buffer): void {
  switch (field.type) {
    case 'ascii':
      payload.fill(field.pad ?? '\0', field.at, field.at + field.length);
      if (value !== null) payload.write(String(value), field.at, field.length, 'latin1');
      return;
    case 'mac':
      if (value !== null) payload.write(String(value).replaceAll(':', ''), field.at, field.length, 'hex');
      return;
    case 'clock.u8':
    case 'clock.u16le':
      if (value !== null) writeClock(field, String(value), payload);
      return;
    default:
      writeNumber(field.type, payload, field.at, value === null ? (field.absent ?? 0) : toRaw(field, Number(value)));
  }
}

/** Division by a power of ten gives the nearest number to the decimal the manual means; 1775 * 0.1 would not. */
function fromRaw(field: NumberField<string>, raw: number): number {
  const scale = field.scale ?? 1;
  if (field.unit === 'kWh') return Math.round(raw * scale * 1000);
  return (scale < 1 ? raw / Math.round(1 / scale) : raw * scale) + (field.plus ?? 0);
}

function toRaw(field: NumberField<string>, value: number): number {
  const scale = field.scale ?? 1;
  if (field.unit === 'kWh') return Math.round(value / (scale * 1000));
  return Math.round((value - (field.plus ?? 0)) / scale);
}

function readNumber(type: NumberType, payload: Buffer, at: number): number {
  switch (type) {
    case 'u8':
      return payload.readUInt8(at);
    case 'u16le':
      return payload.readUInt16LE(at);
    case 'u16be':
      return payload.readUInt16BE(at);
    case 's16le':
      return payload.readInt16LE(at);
    case 's16be':
      return payload.readInt16BE(at);
    case 'u32le':
      return payload.readUInt32LE(at);
    case 'u32be':
      return payload.readUInt32BE(at);
  }
}

function writeNumber(type: NumberType, payload: Buffer, at: number, raw: number): void {
  switch (type) {
    case 'u8':
      payload.writeUInt8(raw, at);
      return;
    case 'u16le':
      payload.writeUInt16LE(raw, at);
      return;
    case 'u16be':
      payload.writeUInt16BE(raw, at);
      return;
    case 's16le':
      payload.writeInt16LE(raw, at);
      return;
    case 's16be':
      payload.writeInt16BE(raw, at);
      return;
    case 'u32le':
      payload.writeUInt32LE(raw, at);
      return;
    case 'u32be':
      payload.writeUInt32BE(raw, at);
  }
}

function readMac(bytes: Buffer): string | null {
  return bytes.every((byte) => byte === 0) ? null : (bytes.toString('hex').match(/../g)?.join(':') ?? null);
}

/** `YYYY-MM-DDTHH:MM:SS` without a zone; null when it is no date or was never set. */
function readClock(field: ClockField<string>, payload: Buffer): string | null {
  const step = field.type === 'clock.u8' ? 1 : 2;
  const parts = [0, 1, 2, 3, 4, 5].map((part) => payload.readUIntLE(field.at + part * step, step));
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  if (year > 99 || CENTURY + year < FIRST_PLAUSIBLE_YEAR) return null;
  const date = new Date(Date.UTC(CENTURY + year, month - 1, day, hour, minute, second));
  const isDate =
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second;
  return isDate ? date.toISOString().slice(0, 19) : null;
}

function writeClock(field: ClockField<string>, value: string, payload: Buffer): void {
  const step = field.type === 'clock.u8' ? 1 : 2;
  const parts = value.split(/[-T:]/).map(Number);
  for (let part = 0; part < 6; part++) {
    const number = part === 0 ? (parts[0] ?? CENTURY) - CENTURY : (parts[part] ?? 0);
    payload.writeUIntLE(number, field.at + part * step, step);
  }
}
