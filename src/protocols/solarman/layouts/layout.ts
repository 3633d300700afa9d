import { bytesOf, type Field, type FieldValues, readField, writeField } from './field.ts';

type Input = 1 | 2 | 3 | 4;
type Phase = 1 | 2 | 3;

/** What a data payload can say. The unit is in the name; ours, not the manual's. */
export type DataMetric =
  | 'inverterSerial'
  | 'inverterClock'
  | 'deviceClass'
  | 'deviceClassRegister'
  | 'protocolVersion'
  | 'dcFirmware'
  | 'acFirmware'
  | 'ratedPowerW'
  | 'mpptCount'
  | 'phaseCount'
  | 'powerW'
  | 'frequencyHz'
  | 'energyTodayWh'
  | 'energyTotalWh'
  | 'temperatureC'
  | `temperature${2 | 3 | 4 | 5}C`
  | 'overFrequencyStartHz'
  | 'overFrequencyReductionPct'
  | 'gridVoltageMaxV'
  | 'gridVoltageMinV'
  | 'gridFrequencyMaxHz'
  | 'gridFrequencyMinHz'
  | 'selfCheckS'
  | `phase${Phase}.${'voltageV' | 'currentA'}`
  | `pv${Input}.${'voltageV' | 'currentA' | 'powerW' | 'energyTodayWh' | 'energyTotalWh' | 'portSerial'}`;

export type DataFields = readonly Field<DataMetric>[];
export type DataValues = FieldValues<DataMetric>;

/** One kind of data frame, chosen by the sensor type in its head (solarman-v5 §3.4). */
export interface Layout {
  name: string;
  sensorTypes: readonly number[];
  /** Where the rows come from and what they were checked against. */
  source: string;
  /** Shorter payloads are not decoded but kept as they are. */
  minLength: number;
  /** Payload lengths seen in the field; the first is what the encoder makes. */
  lengths: readonly number[];
  /** DC inputs the payload has room for. */
  inputs: 1 | 2 | 3 | 4;
  /** How many of them are real: the device says so (`mpptCount`), or all. */
  shownInputs: 'mpptCount' | 'all';
  /** One step of the lifetime counter, in Wh. */
  counterStepWh: number;
  fields: DataFields;
}

export interface ReadValues<Metric extends string> {
  values: FieldValues<Metric>;
  /** Fields whose number cannot be true; their value is null. */
  rejected: Metric[];
}

/** Walk the rows. A field the payload is too short for stays absent, so older and shorter generations decode as far as they go. */
export function readFields<Metric extends string>(
  fields: readonly Field<Metric>[],
  payload: Buffer,
): ReadValues<Metric> {
  const values: FieldValues<Metric> = {};
  const rejected: Metric[] = [];
  for (const field of fields) {
    if (field.at + bytesOf(field) > payload.length) continue;
    const value = readField(field, payload);
    if (value === undefined) rejected.push(field.metric);
    values[field.metric] = value ?? null;
  }
  return { values, rejected };
}

/** Fill a payload from values; a field without a value, or beyond the payload's end, leaves its bytes as they are. */
export function writeFields<Metric extends string>(
  fields: readonly Field<Metric>[],
  values: FieldValues<Metric>,
  payload: Buffer,
): void {
  for (const field of fields) {
    const value = values[field.metric];
    if (value !== undefined && field.at + bytesOf(field) <= payload.length) writeField(field, value, payload);
  }
}

export function numberOf<Metric extends string>(values: FieldValues<Metric>, metric: Metric): number | null {
  const value = values[metric];
  return typeof value === 'number' ? value : null;
}

export function textOf<Metric extends string>(values: FieldValues<Metric>, metric: Metric): string | null {
  const value = values[metric];
  return typeof value === 'string' ? value : null;
}
