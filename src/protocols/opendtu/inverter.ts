import { MAX_CHANNELS } from '../../domain/inverter.ts';
import type { ChannelReading } from '../../domain/reading.ts';
import { MAX_NAME_LENGTH, type SentDevice } from '../json-push/device.ts';
import type { FieldReader } from '../json-push/field-reader.ts';
import { parseMeasuredAt } from '../json-push/time.ts';
import { AC_FIELDS, CHANNEL_FIELDS } from './fields.ts';
import { modelOf } from './models.ts';

/** Elements of `dc_channels` looked at; firmware sends at most six. */
const MAX_CHANNEL_ELEMENTS = 32;

type AcValues = Record<(typeof AC_FIELDS)[number]['metric'], number | null>;

/**
 * One element of `inverters[]` (devices §1.2). `producing` is not read: it is derived from a power that may be frozen.
 * @throws InvalidInput when `measurements` or `dc_channels` is not of the kind it must be
 */
export function readInverter(inverter: FieldReader, serial: string): SentDevice {
  const ac: AcValues = inverter.section('measurements').numbers(AC_FIELDS);
  const { channels, complete } = readChannels(inverter);
  const model = modelOf(serial);
  const reachable = inverter.boolean('reachable');
  const measuredAt = parseMeasuredAt(inverter.raw('last_update'));
  const isZero = measuresNothing(ac, channels);
  const isNeverPolled = isZero && measuredAt === 'never' && hasNoCounter(ac, channels);
  return {
    measuredAt,
    isNeverPolled,
    // "Zero runtime data" is switched on (devices §1.5): 0 W is then what the gateway states, not what it repeats.
    isZeroed: isZero && ac.powerW === 0 && reachable === false && !isNeverPolled,
    values: {
      ...ac,
      energyTodayWh: (complete ? sumOf(channels, 'energyTodayWh') : null) ?? ac.energyTodayWh,
      energyTotalWh: (complete ? sumOf(channels, 'energyTotalWh') : null) ?? ac.energyTotalWh,
      channels,
      reachable,
      ratedPowerW: model?.ratedPowerW ?? null,
      mpptCount: model === null ? null : Math.max(model.inputs, ...channels.map(({ channel }) => channel)),
      deviceName: inverter.text('name', MAX_NAME_LENGTH),
    },
  };
}

/** `complete` is false when an input was sent that could not be understood, so that a sum over the others would be too small. */
function readChannels(inverter: FieldReader): { channels: ChannelReading[]; complete: boolean } {
  const { readers, complete: allObjects } = inverter.list('dc_channels', MAX_CHANNEL_ELEMENTS);
  const channels = new Map<number, ChannelReading>();
  let complete = allObjects;
  for (const reader of readers) {
    const channel = reader.integer('channel', 1, MAX_CHANNELS);
    if (channel === null) complete = false;
    if (channel === null || channels.has(channel)) reader.reject('channel');
    else channels.set(channel, readChannel(reader, channel));
  }
  return { channels: [...channels.values()].sort((a, b) => a.channel - b.channel), complete };
}

function readChannel(reader: FieldReader, channel: number): ChannelReading {
  const values = reader.numbers(CHANNEL_FIELDS);
  // Without a configured peak power the gateway has no percentage and writes 0 (devices §1.2).
  const irradiationPct = values.irradiationPct === 0 && values.powerW !== 0 ? null : values.irradiationPct;
  return { channel, name: reader.text('name', MAX_NAME_LENGTH), ...values, irradiationPct };
}

/** The sum over all inputs; null when there are none or one is unknown: a sum without it would be a counter that fell. */
function sumOf(channels: readonly ChannelReading[], metric: 'energyTodayWh' | 'energyTotalWh'): number | null {
  if (channels.length === 0) return null;
  let sum = 0;
  for (const channel of channels) {
    const value = channel[metric];
    if (value === null) return null;
    sum += value;
  }
  return sum;
}

/** Whether every momentary value is 0 or unknown. */
function measuresNothing(ac: AcValues, channels: readonly ChannelReading[]): boolean {
  const { powerW, powerDcW, voltageV, currentA, frequencyHz, powerFactor, temperatureC } = ac;
  return (
    [powerW, powerDcW, voltageV, currentA, frequencyHz, powerFactor, temperatureC].every((value) => !value) &&
    channels.every((channel) => !channel.powerW && !channel.voltageV && !channel.currentA)
  );
}

/** Whether no lifetime counter is anything but 0 or unknown. */
function hasNoCounter(ac: AcValues, channels: readonly ChannelReading[]): boolean {
  return !ac.energyTotalWh && channels.every((channel) => !channel.energyTotalWh);
}
