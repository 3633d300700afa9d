/** A daylight push of a two-input inverter behind an OpenDTU, and its decoding, for tests that change one thing about it. */
import type { Reading } from '../../src/domain/reading.ts';
import { opendtu } from '../../src/protocols/opendtu/index.ts';
import type { PushItem } from '../../src/protocols/protocol.ts';

export const NOW = new Date('2025-10-19T15:54:45Z');
export const PUSHED_AT = '2025-10-19T17:54:43+02:00';
/** Six seconds before PUSHED_AT. */
export const MEASURED_AT = 1760889277;

export const MEASUREMENTS = {
  power_ac: 212.4,
  voltage_ac: 231.2,
  current_ac: 0.91,
  frequency: 50.01,
  power_factor: 0.998,
  power_dc: 223.2,
};
export const EAST = {
  channel: 1,
  name: 'Ost',
  power: 110.3,
  voltage: 33.3,
  current: 3.31,
  yield_day: 812,
  yield_total: 512.004,
  irradiation: 29.016,
};
export const WEST = {
  channel: 2,
  name: 'West',
  power: 112.9,
  voltage: 33.1,
  current: 3.41,
  yield_day: 840,
  yield_total: 520.331,
  irradiation: 29.711,
};
export const NOTHING = { power_ac: 0, voltage_ac: 0, current_ac: 0, frequency: 0, power_factor: 0, power_dc: 0 };
export const ZEROED = { power: 0, voltage: 0, current: 0, irradiation: 0 };

export const INVERTER = {
  serial: '114182940773',
  name: 'Gartenhaus',
  reachable: true,
  producing: true,
  last_update: MEASURED_AT,
  measurements: MEASUREMENTS,
  dc_channels: [EAST, WEST],
};

export const push = (inverters: unknown, envelope: object = {}) =>
  opendtu.decode({ timestamp: PUSHED_AT, dtu_serial: '199980140256', inverters, ...envelope }, NOW);

/** The one inverter of a push, with some of its fields changed; it must be usable. */
export function decoded(changes: object = {}, envelope: object = {}): Extract<PushItem, { ok: true }> {
  const [item] = push([{ ...INVERTER, ...changes }], envelope).items;
  if (item?.ok !== true) throw new Error(`not usable: ${JSON.stringify(item)}`);
  return item;
}

export const read = (changes: object = {}, envelope: object = {}): Reading => decoded(changes, envelope).reading;

export const UNMEASURED = {
  powerW: null,
  powerDcW: null,
  voltageV: null,
  currentA: null,
  frequencyHz: null,
  powerFactor: null,
  temperatureC: null,
};
