import { describe, expect, test } from 'vitest';
import {
  decoded,
  EAST,
  INVERTER,
  MEASURED_AT,
  MEASUREMENTS,
  PUSHED_AT,
  push,
  read,
  WEST,
} from '../../../test/support/opendtu-push.ts';

describe('a daylight push', () => {
  test('is read field by field', () => {
    expect(read()).toEqual({
      kind: 'opendtu',
      serial: '114182940773',
      sampledAt: new Date(MEASURED_AT * 1000),
      timeQuality: 'device',
      deviceClock: null,
      stored: false,
      fresh: true,
      flags: [],
      reachable: true,
      powerW: 212.4,
      powerDcW: 223.2,
      voltageV: 231.2,
      currentA: 0.91,
      frequencyHz: 50.01,
      powerFactor: 0.998,
      temperatureC: null,
      energyTodayWh: 1652,
      energyTotalWh: 1_032_335,
      phases: [],
      channels: [
        {
          channel: 1,
          name: 'Ost',
          powerW: 110.3,
          voltageV: 33.3,
          currentA: 3.31,
          energyTodayWh: 812,
          energyTotalWh: 512_004,
          irradiationPct: 29.016,
        },
        {
          channel: 2,
          name: 'West',
          powerW: 112.9,
          voltageV: 33.1,
          currentA: 3.41,
          energyTodayWh: 840,
          energyTotalWh: 520_331,
          irradiationPct: 29.711,
        },
      ],
      counterStepWh: 1,
      ratedPowerW: 800,
      mpptCount: 2,
      inverterSerial: null,
      deviceName: 'Gartenhaus',
      gatewaySerial: '199980140256',
    });
    expect(decoded()).toMatchObject({ sentSerial: '114182940773', sentPowerW: 212.4, rejected: [] });
  });

  test('echoes the gateway and the time as they were sent', () => {
    expect(push([])).toEqual({ gatewaySerial: '199980140256', timestamp: PUSHED_AT, items: [] });
    const envelope = push([INVERTER], { dtu_serial: ' 19998014ABCD', timestamp: 1760889283 });
    expect(envelope).toMatchObject({ gatewaySerial: ' 19998014ABCD', timestamp: 1760889283 });
    expect(envelope.items[0]).toMatchObject({ reading: { gatewaySerial: '19998014abcd' } });
    expect(push([], { dtu_serial: undefined, timestamp: null })).toMatchObject({
      gatewaySerial: null,
      timestamp: null,
    });
  });

  test.each<[unknown, string, string]>([
    ['2821A1B2C3D4 ', '2821A1B2C3D4 ', '2821a1b2c3d4'],
    [114182940773, '114182940773', '114182940773'],
  ])('the serial %j is answered as sent and kept in one spelling', (serial, sent, normalised) => {
    expect(decoded({ serial })).toMatchObject({ sentSerial: sent, reading: { serial: normalised } });
  });

  test('takes over what a later firmware adds', () => {
    const more = { ...MEASUREMENTS, temperature: 21.34, efficiency: 94.7, yield_day: 1489, yield_total: 2617.458 };
    const reading = read({ measurements: more, dc_channels: [], limit_relative: 100, radio_stats: { rssi: -62 } });
    expect(reading).toMatchObject({ temperatureC: 21.3, energyTodayWh: 1489, energyTotalWh: 2_617_458, flags: [] });
  });

  test('knows no percentage where no peak power is configured', () => {
    const [first, second] = read({
      dc_channels: [
        { ...EAST, irradiation: 0 },
        { ...WEST, power: 0, irradiation: 0 },
      ],
    }).channels;
    expect([first?.irradiationPct, second?.irradiationPct]).toEqual([null, 0]);
  });

  test('takes the number of inputs from the payload where it knows more than the serial', () => {
    expect(read({ dc_channels: [EAST, { ...WEST, channel: 4 }] }).mpptCount).toBe(4);
    expect(read({ serial: '999999999999' })).toMatchObject({ mpptCount: null, ratedPowerW: null });
  });

  test('leaves the line voltage of a three-phase model alone', () => {
    const measurements = { ...MEASUREMENTS, voltage_ac: 401.7, current_ac: 7.08, power_ac: 1630.4 };
    expect(read({ serial: '138284652162', measurements })).toMatchObject({
      voltageV: 401.7,
      currentA: 7.08,
      flags: [],
      mpptCount: 6,
    });
  });
});

describe('one odd field never loses the rest', () => {
  test('null is unknown and nothing to report', () => {
    const reading = read({
      name: null,
      measurements: { ...MEASUREMENTS, power_factor: null },
      dc_channels: [EAST, { ...WEST, voltage: null, irradiation: null }],
    });
    expect(reading).toMatchObject({
      powerW: 212.4,
      powerFactor: null,
      deviceName: null,
      flags: [],
      energyTotalWh: 1_032_335,
    });
    expect(reading.channels[1]).toMatchObject({ powerW: 112.9, voltageV: null, irradiationPct: null });
  });

  test.each<[string, object, string, object]>([
    [
      '6553.5 V',
      { measurements: { ...MEASUREMENTS, voltage_ac: 6553.5 } },
      'measurements.voltage_ac',
      { voltageV: null },
    ],
    [
      '655.35 A',
      { measurements: { ...MEASUREMENTS, current_ac: 655.35 } },
      'measurements.current_ac',
      { currentA: null },
    ],
    [
      '204.84 A at reconnection',
      { measurements: { ...MEASUREMENTS, current_ac: 204.84 } },
      'measurements.current_ac',
      { currentA: null },
    ],
    ['1e12 W', { measurements: { ...MEASUREMENTS, power_ac: 1e12 } }, 'measurements.power_ac', { powerW: null }],
    [
      'text',
      { measurements: { ...MEASUREMENTS, frequency: 'offline' } },
      'measurements.frequency',
      { frequencyHz: null },
    ],
    [
      'an object',
      { measurements: { ...MEASUREMENTS, power_dc: { v: 1 } } },
      'measurements.power_dc',
      { powerDcW: null },
    ],
    ['an odd boolean', { reachable: 'maybe' }, 'reachable', { reachable: null, fresh: true }],
    [
      '65 535 Wh of a day',
      { dc_channels: [{ ...EAST, yield_day: 65535 }, WEST] },
      'dc_channels[0].yield_day',
      { energyTodayWh: null, energyTotalWh: 1_032_335 },
    ],
    [
      '1e300 kWh',
      { dc_channels: [EAST, { ...WEST, yield_total: 1e300 }] },
      'dc_channels[1].yield_total',
      { energyTodayWh: 1652, energyTotalWh: null },
    ],
  ])('%s', (_title, changes, path, expected) => {
    const { reading, rejected } = decoded(changes);
    expect(rejected).toEqual([path]);
    expect(reading).toMatchObject({ flags: ['value_rejected'], energyTotalWh: 1_032_335, ...expected });
  });

  test('strings, numbers and booleans of bridges are understood', () => {
    const measurements = Object.fromEntries(Object.entries(MEASUREMENTS).map(([key, value]) => [key, String(value)]));
    const changes = {
      serial: 114182940773,
      reachable: '1',
      producing: 'false',
      last_update: String(MEASURED_AT),
      measurements,
    };
    expect(read(changes)).toEqual(read());
  });

  test('a power factor of 0.002 and a slightly negative power stand as they are', () => {
    const measurements = { ...MEASUREMENTS, power_factor: 0.002, power_ac: -0.4 };
    expect(read({ measurements })).toMatchObject({ powerFactor: 0.002, powerW: -0.4, flags: [] });
  });

  test('known counter glitches pass: only the history tells them from the truth', () => {
    expect(
      read({
        dc_channels: [
          { ...EAST, yield_total: 2113405 },
          { ...WEST, yield_total: 694419 },
        ],
      }),
    ).toMatchObject({
      energyTotalWh: 2_807_824_000,
      flags: [],
    });
  });
});

describe('inputs', () => {
  test.each<[string, object]>([
    ['absent', { dc_channels: undefined }],
    ['null', { dc_channels: null }],
    ['empty', { dc_channels: [] }],
  ])('%s: energies are unknown, not 0', (_title, changes) => {
    expect(read(changes)).toMatchObject({
      powerW: 212.4,
      channels: [],
      energyTodayWh: null,
      energyTotalWh: null,
      flags: [],
    });
  });

  test.each<[string, unknown, string]>([
    ['number 0', { ...WEST, channel: 0 }, 'dc_channels[1].channel'],
    ['number 9', { ...WEST, channel: 9 }, 'dc_channels[1].channel'],
    ['number 1.6', { ...WEST, channel: 1.6 }, 'dc_channels[1].channel'],
    ['no number', { ...WEST, channel: undefined }, 'dc_channels[1].channel'],
    ['no object', 'West', 'dc_channels[1]'],
    ['null', null, 'dc_channels[1]'],
  ])('one with %s is left out, and no sum pretends to be the whole', (_title, channel, path) => {
    const { reading, rejected } = decoded({ dc_channels: [EAST, channel] });
    expect(reading.channels.map((each) => each.channel)).toEqual([1]);
    expect(reading).toMatchObject({ energyTodayWh: null, energyTotalWh: null, flags: ['value_rejected'] });
    expect(rejected).toEqual([path]);
  });

  test('an unknown counter of one makes the sum unknown, and keeps the others', () => {
    const reading = read({ dc_channels: [EAST, { ...WEST, yield_total: null, yield_day: null }] });
    expect(reading).toMatchObject({ energyTodayWh: null, energyTotalWh: null, flags: [] });
    expect(reading.channels[0]).toMatchObject({ energyTodayWh: 812, energyTotalWh: 512_004 });
  });

  test('the gateway’s own sum helps where one is unknown', () => {
    const reading = read({
      measurements: { ...MEASUREMENTS, yield_total: 1032.3 },
      dc_channels: [EAST, { ...WEST, yield_total: null }],
    });
    expect(reading.energyTotalWh).toBe(1_032_300);
  });

  test('named twice: the first wins', () => {
    const { reading, rejected } = decoded({ dc_channels: [WEST, EAST, { ...EAST, yield_total: 9999 }] });
    expect(reading.channels.map(({ channel }) => channel)).toEqual([1, 2]);
    expect(reading.energyTotalWh).toBe(1_032_335);
    expect(rejected).toEqual(['dc_channels[2].channel']);
  });

  test('sums are exact in Wh', () => {
    const totals = [444.671, 608.912, 823.377, 740.498];
    const dc_channels = totals.map((yield_total, index) => ({ ...EAST, channel: index + 1, yield_total }));
    expect(read({ dc_channels }).energyTotalWh).toBe(2_617_458);
  });
});
