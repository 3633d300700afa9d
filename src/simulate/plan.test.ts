import { describe, expect, test } from 'vitest';
import { createLogger } from '../telemetry/logger.ts';
import { demoFleet } from './demo.ts';
import { createFleet, type FleetOptions, runFleet } from './fleet.ts';
import { planFleet } from './plan.ts';

const options: FleetOptions = {
  seed: 1,
  loggers: 3,
  dtus: 2,
  intervalS: 60,
  collector: { host: '127.0.0.1', port: 1 },
  http: { url: 'http://127.0.0.1:1', apiKey: 'k' },
  speed: 1,
  place: { latitude: 51, longitude: 9 },
  alwaysDay: false,
  log: createLogger('fatal'),
};

describe('a fleet', () => {
  test('is the same for the same seed, down to the dirt on its panels', () => {
    expect(planFleet(5, 50, 20, 'Europe/Berlin')).toEqual(planFleet(5, 50, 20, 'Europe/Berlin'));
    expect(planFleet(5, 50, 20, 'Europe/Berlin')).not.toEqual(planFleet(6, 50, 20, 'Europe/Berlin'));
    // A larger fleet of the same seed begins with the same devices
    expect(planFleet(5, 60, 0, 'UTC').loggers.slice(0, 50)).toEqual(planFleet(5, 50, 0, 'UTC').loggers);
  });

  test('has no serial number twice, and only such as can be', () => {
    for (const seed of [0, 1, 2 ** 31, 4_000_000_000]) {
      const plan = planFleet(seed, 3_000, 300, 'Europe/Berlin');
      const loggers = plan.loggers.map(({ identity }) => identity.serial);
      expect(new Set(loggers).size).toBe(3_000);
      for (const serial of loggers) expect(String(serial)).toMatch(/^[23]\d{9}$/);
      const inverters = plan.dtus.flatMap((dtu) => dtu.inverters.map(({ serial }) => serial));
      expect(new Set(inverters).size).toBe(inverters.length);
      for (const serial of inverters) expect(serial).toMatch(/^1\d{11}$/);
      expect(new Set(plan.dtus.map(({ identity }) => identity.serial)).size).toBe(300);
      for (const { identity } of plan.loggers) expect(identity.macAddress).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
    }
  });

  test('names its devices before it starts', () => {
    const devices = createFleet(options).devices();
    expect(devices.filter(({ kind }) => kind === 'solarman')).toHaveLength(3);
    expect(devices.filter(({ kind }) => kind === 'opendtu').length).toBeGreaterThanOrEqual(2);
    for (const { name, ratedPowerW, mpptCount } of devices) {
      expect(name).toMatch(/\w/);
      expect(ratedPowerW).toBeGreaterThanOrEqual(300);
      expect([1, 2, 4, 6]).toContain(mpptCount);
    }
  });

  test.each<[string, Partial<FleetOptions>]>([
    ['DTUs without an address', { http: null }],
    ['an interval of half a second', { intervalS: 0.5 }],
    ['an interval that is no number', { intervalS: Number.NaN }],
    ['time standing still', { speed: 0 }],
    ['more loggers than serial numbers', { loggers: 100_001 }],
  ])('refuses %s', (_, changes) => {
    expect(() => createFleet({ ...options, ...changes })).toThrow(RangeError);
  });

  test('that never ran has a report of nothing, and cannot be started any more', async () => {
    const fleet = runFleet(planFleet(1, 1, 0, 'UTC'), options);
    expect((await fleet.stop()).totals).toMatchObject({ samplesSent: 0, expectedWh: 0 });
    expect(() => fleet.start(new AbortController().signal)).toThrow('once');
  });

  test('for the demonstration is two Deye microinverters and an OpenDTU with two Hoymiles', () => {
    expect(demoFleet(options).devices()).toMatchObject([
      { kind: 'solarman', name: 'Balkon Süd', ratedPowerW: 800, mpptCount: 2 },
      { kind: 'solarman', name: 'Garagendach', ratedPowerW: 2000, mpptCount: 4 },
      { kind: 'opendtu', name: 'Gartenhaus', ratedPowerW: 1500, mpptCount: 4, serial: expect.stringMatching(/^1161/) },
      { kind: 'opendtu', name: 'Balkon West', ratedPowerW: 800, mpptCount: 2, serial: expect.stringMatching(/^1141/) },
    ]);
  });
});
