import { InvalidInput } from '../../domain/errors.ts';
import { MAX_CHANNELS } from '../../domain/inverter.ts';
import type { ChannelReading } from '../../domain/reading.ts';
import { MAX_NAME_LENGTH, type SentDevice } from '../json-push/device.ts';
import type { FieldReader, FieldRow } from '../json-push/field-reader.ts';
import { type NumberRule, roundTo } from '../json-push/scalars.ts';
import { parseMeasuredAt } from '../json-push/time.ts';

const WATTS: NumberRule = { min: -100_000, max: 100_000, decimals: 1 };
const VOLTS: NumberRule = { min: 0, max: 1000, decimals: 1 };
/** kWh as sent, Wh as stored. The bridge writes 0.0 for a value the bus does not have (devices §3.2). */
const TOTAL_WH: NumberRule = { min: 0, max: 1e10, decimals: 0, scale: 1000, zeroIsUnknown: true };

/** Elements of `trackers` looked at; the bridge sends at most four. */
const MAX_TRACKER_ELEMENTS = 32;
/** The lifetime yield comes with two digits behind the point, in kWh. */
const COUNTER_STEP_WH = 10;

const CHARGER_FIELDS = [
  { key: 'yield_power_w', metric: 'powerW', rule: WATTS },
  { key: 'yield_total_kwh', metric: 'energyTotalWh', rule: TOTAL_WH },
] as const satisfies readonly FieldRow<string>[];

const TRACKER_FIELDS = [
  { key: 'power', metric: 'powerW', rule: WATTS },
  { key: 'voltage', metric: 'voltageV', rule: VOLTS },
] as const satisfies readonly FieldRow<string>[];

/**
 * One element of `devices[]`. `producing` is not read: the bridge derives it from three of the charger's states and says false at
 * 348 W (devices §3.2); whether something is produced, the power tells.
 * @throws InvalidInput when the serial is the bridge's stand-in, or `trackers` is no list
 */
export function readCharger(charger: FieldReader, serial: string): SentDevice {
  if (serial === 'unknown') {
    throw new InvalidInput('The bridge could not read the serial number.', { serial: 'must not be UNKNOWN' });
  }
  return {
    measuredAt: parseMeasuredAt(charger.raw('last_update')),
    values: {
      ...charger.numbers(CHARGER_FIELDS),
      channels: readTrackers(charger),
      reachable: charger.boolean('reachable'),
      counterStepWh: COUNTER_STEP_WH,
      deviceName: charger.text('name', MAX_NAME_LENGTH) ?? charger.text('product_name', MAX_NAME_LENGTH),
    },
  };
}

/** Trackers count from 0, our channels from 1. The bridge knows no yields per tracker and leaves out those without voltage. */
function readTrackers(charger: FieldReader): ChannelReading[] {
  const channels = new Map<number, ChannelReading>();
  for (const reader of charger.list('trackers', MAX_TRACKER_ELEMENTS).readers) {
    const tracker = reader.integer('tracker', 0, MAX_CHANNELS - 1);
    if (tracker === null || channels.has(tracker + 1)) reader.reject('tracker');
    else channels.set(tracker + 1, readTracker(reader, tracker + 1));
  }
  return [...channels.values()].sort((a, b) => a.channel - b.channel);
}

function readTracker(reader: FieldReader, channel: number): ChannelReading {
  const { powerW, voltageV } = reader.numbers(TRACKER_FIELDS);
  return {
    channel,
    name: reader.text('name', MAX_NAME_LENGTH),
    powerW,
    voltageV,
    currentA: powerW !== null && voltageV !== null && voltageV > 0 ? roundTo(powerW / voltageV, 2) : null,
    energyTodayWh: null,
    energyTotalWh: null,
    irradiationPct: null,
  };
}
