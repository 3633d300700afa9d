import { describe, expect, test } from 'vitest';
import { InvalidInput } from '../../domain/errors.ts';
import type { PushItem } from '../protocol.ts';
import { victron } from './index.ts';

const NOW = new Date('2025-10-30T15:27:34Z');
const PUSHED_AT = '2025-10-30T15:27:33.058551+00:00';
/** The second of PUSHED_AT. */
const MEASURED_AT = 1761838053;

/** After the bridge's own example: producing is false at 348 W (devices §3.2). */
const CHARGER = {
  device_instance: 279,
  serial: 'HQ2134ABCDE',
  name: 'Süddach',
  product_name: 'BlueSolar Charger MPPT 150/45',
  reachable: true,
  producing: false,
  last_update: MEASURED_AT,
  yield_power_w: 348.09,
  yield_total_kwh: 6515.43,
  trackers: [{ tracker: 0, name: 'PV', voltage: 98.42, power: 348.09 }],
};

const push = (devices: unknown, envelope: object = {}) =>
  victron.decode({ timestamp: PUSHED_AT, cerbo_serial: 'C0619AB35133', devices, ...envelope }, NOW);

function decoded(changes: object = {}, envelope: object = {}): Extract<PushItem, { ok: true }> {
  const [item] = push([{ ...CHARGER, ...changes }], envelope).items;
  if (item?.ok !== true) throw new Error(`not usable: ${JSON.stringify(item)}`);
  return item;
}

test('a charger is read field by field, whatever it says about producing', () => {
  expect(decoded()).toEqual({
    ok: true,
    sentSerial: 'HQ2134ABCDE',
    sentPowerW: 348.1,
    rejected: [],
    reading: {
      kind: 'victron',
      serial: 'hq2134abcde',
      sampledAt: new Date(MEASURED_AT * 1000),
      timeQuality: 'device',
      deviceClock: null,
      stored: false,
      fresh: true,
      flags: [],
      reachable: true,
      powerW: 348.1,
      powerDcW: null,
      voltageV: null,
      currentA: null,
      frequencyHz: null,
      powerFactor: null,
      temperatureC: null,
      energyTodayWh: null,
      energyTotalWh: 6_515_430,
      phases: [],
      channels: [
        {
          channel: 1,
          name: 'PV',
          powerW: 348.1,
          voltageV: 98.4,
          currentA: 3.54,
          energyTodayWh: null,
          energyTotalWh: null,
          irradiationPct: null,
        },
      ],
      counterStepWh: 10,
      ratedPowerW: null,
      mpptCount: null,
      inverterSerial: null,
      deviceName: 'Süddach',
      gatewaySerial: 'c0619ab35133',
    },
  });
  expect(push([])).toEqual({ gatewaySerial: 'C0619AB35133', timestamp: PUSHED_AT, items: [] });
});

describe('what the bridge writes in place of nothing', () => {
  test('a lifetime yield of 0 is a missing value', () => {
    expect(decoded({ yield_total_kwh: 0.0 }).reading).toMatchObject({ energyTotalWh: null, powerW: 348.1, flags: [] });
  });

  test.each([['UNKNOWN'], ['unknown '], [undefined], ['']])(
    'the serial %j is an error of that device alone',
    (serial) => {
      const { items } = push([{ ...CHARGER, serial }, CHARGER]);
      expect(items[0]).toMatchObject({ ok: false, sentSerial: serial ?? null, field: 'serial' });
      expect(items[1]).toMatchObject({ ok: true });
    },
  );

  test('without a name of its own it is called by its product', () => {
    expect(decoded({ name: '' }).reading.deviceName).toBe('BlueSolar Charger MPPT 150/45');
  });
});

describe('trackers', () => {
  test.each<[string, object, number | null]>([
    ['current is power by voltage', { voltage: 50, power: 100 }, 2],
    ['no voltage, no current', { voltage: 0, power: 0 }, null],
    ['unknown voltage', { voltage: null, power: 100 }, null],
    ['unknown power', { voltage: 50 }, null],
  ])('%s', (_title, values, currentA) => {
    const [, channel] = decoded({
      trackers: [
        { tracker: 3, ...values },
        { tracker: 0, voltage: 1, power: 1 },
      ],
    }).reading.channels;
    expect(channel).toMatchObject({
      channel: 4,
      currentA,
      energyTodayWh: null,
      energyTotalWh: null,
      irradiationPct: null,
    });
  });

  test.each([[undefined], [null], [[]]])('%j is none: those without voltage are left out', (trackers) => {
    expect(decoded({ trackers }).reading).toMatchObject({ channels: [], powerW: 348.1, flags: [] });
  });

  test('odd ones are left out and reported, the first of two wins', () => {
    const trackers = [{ tracker: 8 }, { tracker: 0, power: 1 }, { tracker: 0, power: 2 }, { power: 3 }, null];
    const { reading, rejected } = decoded({ trackers });
    expect(reading.channels).toMatchObject([{ channel: 1, powerW: 1 }]);
    expect(reading.flags).toEqual(['value_rejected']);
    expect(rejected).toEqual(['trackers[4]', 'trackers[0].tracker', 'trackers[2].tracker', 'trackers[3].tracker']);
  });

  test('no list is an error of that device', () => {
    expect(push([{ ...CHARGER, trackers: 'PV' }]).items).toMatchObject([{ ok: false, field: 'trackers' }]);
  });
});

test('an unreachable or long unmeasured charger keeps its counter and no power', () => {
  const unmeasured = { fresh: false, powerW: null, energyTotalWh: 6_515_430, sampledAt: new Date(PUSHED_AT) };
  expect(decoded({ reachable: false }).reading).toMatchObject({ ...unmeasured, flags: ['unreachable'] });
  expect(decoded({ last_update: MEASURED_AT - 301 }).reading).toMatchObject({ ...unmeasured, flags: ['stale'] });
});

test('a night of 0 W is measured', () => {
  expect(decoded({ yield_power_w: 0, trackers: [] }).reading).toMatchObject({
    fresh: true,
    powerW: 0,
    energyTotalWh: 6_515_430,
  });
});

test.each<[unknown, string]>([
  [null, 'body'],
  [{ inverters: [] }, 'devices'],
  [{ devices: 'x' }, 'devices'],
  [{ devices: [], cerbo_serial: [] }, 'cerbo_serial'],
  [{ devices: [], timestamp: 'x' }, 'timestamp'],
])('the unusable envelope %j names the field', (body, field) => {
  const decode = () => victron.decode(body, NOW);
  expect(decode).toThrow(InvalidInput);
  expect(decode).toThrow(expect.objectContaining({ details: { fields: { [field]: expect.any(String) } } }));
});
