import { describe, expect, test } from 'vitest';
import {
  decoded,
  EAST,
  INVERTER,
  MEASURED_AT,
  MEASUREMENTS,
  NOTHING,
  NOW,
  PUSHED_AT,
  read,
  UNMEASURED,
  WEST,
  ZEROED,
} from '../../../test/support/opendtu-push.ts';
import { opendtu } from './index.ts';

describe('what is repeated is not measured', () => {
  const DUSK = 1760887800;
  const zeroed = {
    measurements: NOTHING,
    dc_channels: [
      { ...EAST, ...ZEROED },
      { ...WEST, ...ZEROED },
    ],
  };

  test('frozen values of an unreachable inverter are unknown; its counters stay, its time is that of the push', () => {
    const measurements = { ...MEASUREMENTS, temperature: 21.3 };
    const { reading, sentPowerW } = decoded({ reachable: false, last_update: DUSK, measurements });
    expect(reading).toMatchObject({
      ...UNMEASURED,
      fresh: false,
      flags: ['unreachable', 'stale'],
      reachable: false,
      sampledAt: new Date('2025-10-19T15:54:43Z'),
      timeQuality: 'device',
      energyTodayWh: 1652,
      energyTotalWh: 1_032_335,
      deviceName: 'Gartenhaus',
    });
    expect(reading.channels[0]).toEqual({
      channel: 1,
      name: 'Ost',
      powerW: null,
      voltageV: null,
      currentA: null,
      energyTodayWh: 812,
      energyTotalWh: 512_004,
      irradiationPct: null,
    });
    expect(sentPowerW).toBe(212.4);
  });

  test('just lost: unknown at the moment it is said, so that it does not meet the row of the last measurement', () => {
    const reading = read({ reachable: false });
    expect(reading).toMatchObject({
      ...UNMEASURED,
      flags: ['unreachable'],
      sampledAt: new Date('2025-10-19T15:54:43Z'),
    });
  });

  test('zeroed by the gateway: 0 W is stated, 0 V and 0 Hz are not measured', () => {
    const reading = read({ reachable: false, producing: false, last_update: DUSK, ...zeroed });
    expect(reading).toMatchObject({
      ...UNMEASURED,
      powerW: 0,
      powerDcW: 0,
      fresh: false,
      flags: ['unreachable'],
      energyTotalWh: 1_032_335,
    });
    expect(reading.channels[1]).toMatchObject({
      powerW: 0,
      voltageV: null,
      currentA: null,
      irradiationPct: null,
      energyTotalWh: 520_331,
    });
  });

  test('frozen at 0 W with voltage on the grid is not zeroed', () => {
    const measurements = { ...MEASUREMENTS, power_ac: 0, power_dc: 0 };
    expect(read({ reachable: false, last_update: DUSK, measurements })).toMatchObject({
      powerW: null,
      flags: ['unreachable', 'stale'],
    });
  });

  test('zeroed but called reachable: nothing is stated, the values are old', () => {
    expect(read({ last_update: DUSK, ...zeroed })).toMatchObject({ ...UNMEASURED, fresh: false, flags: ['stale'] });
  });

  test('fresh zeros: 0 W is measured, an inverter on no grid measures neither volts nor hertz', () => {
    expect(read(zeroed)).toMatchObject({ powerW: 0, voltageV: null, frequencyHz: null, fresh: true, flags: [] });
    expect(read(zeroed).channels[0]).toMatchObject({ powerW: 0, voltageV: 0, currentA: 0 });
  });

  test('no values at all are not zeroed', () => {
    expect(read({ reachable: false, last_update: DUSK, measurements: null, dc_channels: [] })).toMatchObject({
      powerW: null,
      flags: ['unreachable', 'stale'],
    });
  });

  test.each<[number, boolean]>([
    [300, true],
    [301, false],
  ])('reachable, measured %i s ago: fresh is %s', (age, fresh) => {
    expect(read({ last_update: MEASURED_AT + 6 - age })).toMatchObject({ fresh, flags: fresh ? [] : ['stale'] });
  });

  test('a sender known to push every five minutes has three intervals', () => {
    const body = { timestamp: PUSHED_AT, inverters: [{ ...INVERTER, last_update: MEASURED_AT + 6 - 900 }] };
    expect(opendtu.decode(body, NOW, { intervalS: 300 }).items[0]).toMatchObject({ reading: { fresh: true } });
    expect(opendtu.decode(body, NOW, { intervalS: 299 }).items[0]).toMatchObject({ reading: { fresh: false } });
  });

  test('without last_update, reachable is believed', () => {
    expect(read({ last_update: undefined })).toMatchObject({
      fresh: true,
      powerW: 212.4,
      sampledAt: new Date('2025-10-19T15:54:43Z'),
    });
  });

  test('after a reboot of the gateway everything is 0, lifetime too, and reachable: nothing is known', () => {
    const never = { channel: 1, name: 'Ost', ...ZEROED, yield_day: 0, yield_total: 0 };
    const reading = read({ last_update: 0, measurements: NOTHING, dc_channels: [never] });
    expect(reading).toMatchObject({
      ...UNMEASURED,
      fresh: false,
      flags: ['never_polled'],
      energyTodayWh: null,
      energyTotalWh: null,
    });
    expect(reading.channels[0]).toMatchObject({ name: 'Ost', powerW: null, energyTodayWh: null, energyTotalWh: null });
    const unreachable = read({ reachable: false, last_update: 0, measurements: NOTHING, dc_channels: [never] });
    expect(unreachable).toMatchObject({ ...UNMEASURED, flags: ['unreachable', 'never_polled'] });
  });

  test('a client that always sends last_update 0 is read all the same', () => {
    expect(read({ last_update: 0 })).toMatchObject({ fresh: true, powerW: 212.4, flags: [] });
    expect(read({ last_update: 0, dc_channels: [] })).toMatchObject({ fresh: true, powerW: 212.4, flags: [] });
    expect(read({ last_update: 0, ...zeroed })).toMatchObject({
      fresh: true,
      powerW: 0,
      energyTotalWh: 1_032_335,
      flags: [],
    });
  });

  test('counters of 0 are not kept from an inverter that is not heard; negative ones, from an offset, are', () => {
    const reading = read({
      reachable: false,
      dc_channels: [
        { ...EAST, yield_total: 0 },
        { ...WEST, yield_total: -3.5 },
      ],
    });
    expect(reading.channels.map((channel) => [channel.energyTodayWh, channel.energyTotalWh])).toEqual([
      [null, null],
      [840, -3500],
    ]);
    expect(reading.energyTotalWh).toBe(-3500);
  });

  test('a fresh 0 stands: a new inverter, or an input without a panel', () => {
    expect(read({ dc_channels: [EAST, { ...WEST, yield_total: 0 }] })).toMatchObject({
      energyTotalWh: 512_004,
      fresh: true,
    });
  });
});

describe('time', () => {
  test.each<[string, unknown, number, string, string, string[]]>([
    [
      'a buffered push keeps its own time',
      '2025-10-19T11:00:00+02:00',
      1760864390,
      '2025-10-19T08:59:50Z',
      'device',
      [],
    ],
    [
      'no offset: the measurement dates it',
      '2025-10-19T17:54:43',
      MEASURED_AT,
      '2025-10-19T15:54:37Z',
      'device',
      ['clock_untrusted', 'clock_naive'],
    ],
    ['2036: arrival', '2036-02-07T12:31:54+01:00', 2085996708, '2025-10-19T15:54:45Z', 'receipt', ['clock_untrusted']],
    ['none: the measurement dates it', undefined, MEASURED_AT, '2025-10-19T15:54:37Z', 'device', ['clock_untrusted']],
  ])('%s', (_title, timestamp, last_update, sampledAt, timeQuality, flags) => {
    expect(read({ last_update }, { timestamp })).toMatchObject({
      sampledAt: new Date(sampledAt),
      timeQuality,
      flags,
      fresh: true,
    });
  });
});
