import { InvalidInput } from '../../domain/errors.ts';
import { DEVICE_KINDS, type DeviceKind, MAX_CHANNELS, MAX_SERIAL_LENGTH } from '../../domain/inverter.ts';
import { type ChannelReading, emptyReading, type PhaseReading, type Reading } from '../../domain/reading.ts';
import { MAX_NAME_LENGTH } from '../json-push/device.ts';
import { FieldReader, type FieldRow } from '../json-push/field-reader.ts';
import { isRecord, type NumberRule, spelledSerial } from '../json-push/scalars.ts';
import { parseSentTime } from '../json-push/time.ts';

/** Readings of one request. */
export const MAX_READINGS = 1_000;
const MAX_PHASES = 3;

/** One element of `readings`. Whose it is, and of which kind where it does not say, the caller finds out. */
export type SentReading =
  | {
      ok: true;
      /** As sent. */
      serial: string;
      kind: DeviceKind | null;
      /** Everything but kind and serial, which are yet to be put in. */
      reading: Reading & { sampledAt: Date };
    }
  | { ok: false; serial: string | null; field: string; error: string };

const WATTS: NumberRule = { min: -1_000_000, max: 1_000_000, decimals: 1 };
const VOLTS: NumberRule = { min: 0, max: 1_600, decimals: 1 };
const AMPERES: NumberRule = { min: -650, max: 650, decimals: 2 };
const DAY_WH: NumberRule = { min: 0, max: 12_000_000, decimals: 0 };
/** Negative where the user set an offset (devices §1.2). */
const TOTAL_WH: NumberRule = { min: -1e12, max: 1e12, decimals: 0 };

const READING_FIELDS = [
  { key: 'power_w', metric: 'powerW', rule: WATTS },
  { key: 'power_dc_w', metric: 'powerDcW', rule: WATTS },
  { key: 'voltage_v', metric: 'voltageV', rule: VOLTS },
  { key: 'current_a', metric: 'currentA', rule: AMPERES },
  { key: 'frequency_hz', metric: 'frequencyHz', rule: { min: 0, max: 70, decimals: 2 } },
  { key: 'power_factor', metric: 'powerFactor', rule: { min: -1, max: 1, decimals: 3 } },
  { key: 'temperature_c', metric: 'temperatureC', rule: { min: -60, max: 150, decimals: 1 } },
  { key: 'energy_today_wh', metric: 'energyTodayWh', rule: DAY_WH },
  { key: 'energy_total_wh', metric: 'energyTotalWh', rule: TOTAL_WH },
] as const satisfies readonly FieldRow<keyof Reading>[];

const CHANNEL_FIELDS = [
  { key: 'power_w', metric: 'powerW', rule: WATTS },
  { key: 'voltage_v', metric: 'voltageV', rule: VOLTS },
  { key: 'current_a', metric: 'currentA', rule: AMPERES },
  { key: 'energy_today_wh', metric: 'energyTodayWh', rule: DAY_WH },
  { key: 'energy_total_wh', metric: 'energyTotalWh', rule: TOTAL_WH },
  { key: 'irradiation_pct', metric: 'irradiationPct', rule: { min: 0, max: 1_000, decimals: 2 } },
] as const satisfies readonly FieldRow<keyof ChannelReading>[];

const PHASE_FIELDS = [
  { key: 'voltage_v', metric: 'voltageV', rule: VOLTS },
  { key: 'current_a', metric: 'currentA', rule: AMPERES },
  { key: 'power_w', metric: 'powerW', rule: WATTS },
] as const satisfies readonly FieldRow<keyof PhaseReading>[];

/** Names of a reading's own numbers and of an input's, as they are called from outside. */
export const READING_KEYS: readonly string[] = READING_FIELDS.map(({ key }) => key);
export const CHANNEL_KEYS: readonly string[] = ['name', ...CHANNEL_FIELDS.map(({ key }) => key)];
export const PHASE_KEYS: readonly string[] = PHASE_FIELDS.map(({ key }) => key);

/**
 * Reads the body of a batch. Unlike a device's push it is strict: somebody is there to mend it, so a value that cannot be kept is an
 * error of its reading, never a silent gap. Unknown keys are passed over.
 * @throws InvalidInput when the body itself is unusable
 */
export function decodeReadings(body: unknown): SentReading[] {
  const readings = isRecord(body) ? body['readings'] : undefined;
  if (!Array.isArray(readings))
    throw new InvalidInput('The body must hold a list of readings.', { readings: 'must be a list' });
  if (readings.length > MAX_READINGS) {
    throw new InvalidInput('These are too many readings at once.', { readings: `at most ${MAX_READINGS}` });
  }
  return readings.map(decodeReading);
}

/** Reads one of them; never throws. */
export function decodeReading(sent: unknown): SentReading {
  const serial = isRecord(sent) ? spelledSerial(new FieldReader(sent).raw('serial')) : null;
  try {
    if (!isRecord(sent)) throw wrong('reading', 'must be an object');
    if (serial === null || serial.trim() === '') throw wrong('serial', 'required');
    const reader = new FieldReader(sent);
    const kind = kindOf(reader);
    const reading = readReading(reader);
    const [rejected] = reader.rejected;
    if (rejected !== undefined) throw wrong(rejected, 'cannot be believed');
    return { ok: true, serial, kind, reading };
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    const [field = 'reading', why = error.message] = Object.entries(error.fields)[0] ?? [];
    return { ok: false, serial: serial?.slice(0, MAX_SERIAL_LENGTH) ?? null, field, error: why };
  }
}

function readReading(reader: FieldReader): Reading & { sampledAt: Date } {
  const sampledAt = timeOf(reader.raw('sampled_at') ?? null);
  const values = reader.numbers(READING_FIELDS);
  const channels = readChannels(reader);
  const { readers: phaseReaders } = reader.list('phases', MAX_PHASES);
  const phases = phaseReaders.map((phase) => phase.numbers(PHASE_FIELDS));
  const isEmpty = [values, ...phases, ...channels.map(({ channel, name, ...rest }) => rest)].every((part) =>
    Object.values(part).every((value) => value === null),
  );
  if (isEmpty && reader.rejected.length === 0) throw wrong('reading', 'holds no value');
  const base = { kind: 'other', serial: '', timeQuality: 'device' } as const;
  return { ...emptyReading({ ...base, sampledAt, ...values, channels, phases }), sampledAt };
}

function readChannels(reader: FieldReader): ChannelReading[] {
  const channels = new Map<number, ChannelReading>();
  for (const input of reader.list('channels', MAX_CHANNELS).readers) {
    const channel = input.integer('channel', 1, MAX_CHANNELS);
    if (channel === null || channels.has(channel)) input.reject('channel');
    else
      channels.set(channel, { channel, name: input.text('name', MAX_NAME_LENGTH), ...input.numbers(CHANNEL_FIELDS) });
  }
  return [...channels.values()].sort((a, b) => a.channel - b.channel);
}

function kindOf(reader: FieldReader): DeviceKind | null {
  const sent = reader.raw('kind') ?? null;
  if (sent === null || sent === '') return null;
  const kind = DEVICE_KINDS.find((known) => known === sent);
  if (kind === undefined) throw wrong('kind', `one of ${DEVICE_KINDS.join(', ')}`);
  return kind;
}

function timeOf(sent: unknown): Date {
  const time = parseSentTime(sent);
  if (time.kind === 'absent') throw wrong('sampled_at', 'required');
  if (time.kind === 'naive') throw wrong('sampled_at', 'needs an offset, e.g. +02:00 or Z');
  if (time.kind === 'unreadable') throw wrong('sampled_at', 'must be ISO 8601 with offset');
  return new Date(time.ms);
}

function wrong(field: string, why: string): InvalidInput {
  return new InvalidInput(`${field}: ${why}`, { [field]: why });
}
