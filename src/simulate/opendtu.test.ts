import { describe, expect, test } from 'vitest';
import { present } from '../../test/support/present.ts';
import { opendtu } from '../protocols/opendtu/index.ts';
import { modelOf } from '../protocols/opendtu/models.ts';
import { VirtualInverter } from './inverter.ts';
import { HOYMILES_MODELS } from './models.ts';
import { VirtualDtu } from './opendtu.ts';
import { type DtuPlan, planFleet } from './plan.ts';
import { Sky } from './sky.ts';

const MIDSUMMER = Date.UTC(2025, 5, 21);
const HOUR = 3_600_000;
const NOON = MIDSUMMER + 11 * HOUR;
const sky = new Sky({ seed: 2, place: { latitude: 51.3, longitude: 9.5 }, alwaysDaySinceMs: null });
const plans = planFleet(9, 0, 12, 'Europe/Berlin').dtus;

function dtu(plan: DtuPlan, changes: Partial<DtuPlan['identity']> = {}): VirtualDtu {
  const inverters = plan.inverters.map(({ serial, inverter }) => ({
    serial,
    name: inverter.name,
    inverter: new VirtualInverter({ ...inverter, sky, startMs: MIDSUMMER }),
  }));
  return new VirtualDtu({ ...plan.identity, ...changes }, inverters);
}

/** Through JSON, as it goes over the wire, and through the product's own decoder. */
function read(sender: VirtualDtu, ms: number, intervalS = 60) {
  const { body, pushed } = sender.push(ms, intervalS);
  const text = JSON.stringify(body);
  const { items, ...envelope } = opendtu.decode(JSON.parse(text), new Date(ms + 500));
  const readings = items.map((item) => {
    if (!item.ok) throw new Error(item.error);
    expect(item.rejected).toEqual([]);
    return item.reading;
  });
  return { text, body, pushed, envelope, readings };
}

describe('a virtual OpenDTU', () => {
  test('covers all models, with serial numbers that tell them', () => {
    const inverters = plans.flatMap((plan) => plan.inverters);
    expect(new Set(inverters.map(({ inverter }) => inverter.model.name))).toEqual(
      new Set(HOYMILES_MODELS.map(({ name }) => name)),
    );
    for (const { serial, inverter } of inverters) expect(modelOf(serial)?.inputs).toBe(inverter.model.inputs);
    expect(new Set(inverters.map(({ inverter }) => inverter.panels.length))).toEqual(new Set([1, 2, 4, 6]));
  });

  test.each(plans.map((plan) => [plan.identity.serial, plan] as const))(
    'is understood without a doubt: %s',
    (_, plan) => {
      const sender = dtu(plan);
      for (let ms = MIDSUMMER + 6 * HOUR; ms < MIDSUMMER + 16 * HOUR; ms += HOUR) {
        const { readings, envelope, pushed } = read(sender, ms + 500);
        expect(envelope).toMatchObject({ gatewaySerial: plan.identity.serial });
        readings.forEach((reading, i) => {
          const { inverter, serial, name } = present(sender.inverters[i]);
          const sent = present(pushed[i]);
          expect(reading).toMatchObject({ serial, deviceName: name, fresh: true, flags: [], timeQuality: 'device' });
          expect(reading.sampledAt?.getTime()).toBe(sent.atMs);
          expect(ms - present(sent.atMs)).toBeLessThan(60_000);
          expect(reading.channels).toHaveLength(inverter.model.inputs);
          expect(reading.energyTotalWh).toBe(sent.counterWh);
          expect(sent.producedWh - sent.counterWh).toBeGreaterThanOrEqual(0);
          expect(sent.producedWh - sent.counterWh).toBeLessThan(inverter.model.inputs);
          expect(reading.powerDcW).toBeCloseTo(
            reading.channels.reduce((sum, { powerW }) => sum + (powerW ?? 0), 0),
            -1,
          );
          expect(reading.voltageV).toBeGreaterThan(inverter.model.gridV * 0.97);
        });
      }
    },
  );

  test('writes exactly the keys of the format', () => {
    const { body } = read(dtu(present(plans[0])), NOON);
    expect(Object.keys(body)).toEqual(['timestamp', 'dtu_serial', 'inverters']);
    const [inverter] = body.inverters;
    expect(Object.keys(present(inverter))).toEqual(
      ['serial', 'name', 'reachable', 'producing', 'last_update', 'measurements', 'dc_channels'], //
    );
    expect(Object.keys(present(inverter).measurements)).toEqual(
      ['power_ac', 'voltage_ac', 'current_ac', 'frequency', 'power_factor', 'power_dc'], //
    );
    expect(Object.keys(present(present(inverter).dc_channels[0]))).toEqual(
      ['channel', 'name', 'power', 'voltage', 'current', 'yield_day', 'yield_total', 'irradiation'], //
    );
    expect(body.timestamp).toBe('2025-06-21T13:00:00+02:00');
  });

  test.each<[string, string]>([
    ['America/St_Johns', '2025-06-21T08:30:00-02:30'],
    ['UTC', '2025-06-21T11:00:00+00:00'],
  ])('tells its own wall clock: %s', (timeZone, timestamp) => {
    expect(read(dtu(present(plans[0]), { timeZone }), NOON).body.timestamp).toBe(timestamp);
  });

  test('prints the noise of its floats with an older firmware', () => {
    expect(read(dtu(present(plans[0]), { printer: 'noisy' }), NOON).text).toMatch(/\d\.\d{7,}/);
    expect(read(dtu(present(plans[0]), { printer: 'short' }), NOON).text).not.toMatch(/\d\.\d{7,}/);
  });

  test('freezes its values at night, or zeroes them, and keeps the yields', () => {
    for (const zeroesAtNight of [false, true]) {
      const sender = dtu(present(plans[0]), { zeroesAtNight });
      let evening = read(sender, MIDSUMMER + 18 * HOUR);
      for (let ms = 18.1 * HOUR; ms < 20 * HOUR; ms += 300_000) {
        const next = read(sender, MIDSUMMER + ms);
        if (next.pushed[0]?.atMs !== null) evening = next;
      }
      const night = read(sender, MIDSUMMER + 23 * HOUR);
      expect(night.pushed).toMatchObject([{ atMs: null, counterWh: evening.pushed[0]?.counterWh }]);
      const [inverter, before] = [present(night.body.inverters[0]), present(evening.body.inverters[0])];
      expect(inverter).toMatchObject({ reachable: false, last_update: before.last_update });
      expect(inverter.measurements).toEqual(
        zeroesAtNight
          ? { power_ac: 0, voltage_ac: 0, current_ac: 0, frequency: 0, power_factor: 0, power_dc: 0 }
          : before.measurements,
      );
      inverter.dc_channels.forEach((channel, i) => {
        const { yield_day, yield_total } = present(before.dc_channels[i]);
        expect(channel).toMatchObject({ yield_day, yield_total });
      });
      // The product takes it for what it is
      expect(night.readings[0]).toMatchObject({ fresh: false, powerW: zeroesAtNight ? 0 : null, voltageV: null });
    }
  });

  test('knows nothing before its first morning, not even the lifetime yield', () => {
    const { body, readings, pushed } = read(dtu(present(plans[0])), MIDSUMMER + HOUR);
    expect(body.inverters[0]).toMatchObject({ reachable: false, producing: false, last_update: 0 });
    expect(body.inverters[0]?.dc_channels[0]).toMatchObject({ power: 0, yield_total: 0 });
    expect(readings[0]).toMatchObject({ fresh: false, energyTotalWh: null });
    expect(pushed[0]?.atMs).toBeNull();
  });

  test('has something new of each inverter in every push', () => {
    const plan = present(plans.find(({ inverters }) => inverters.length > 2));
    const sender = dtu(plan);
    const times = plan.inverters.map(() => new Set<number>());
    for (let i = 0; i < 20; i++) {
      const now = NOON + i * 5_000;
      read(sender, now, 5).pushed.forEach(({ atMs }, n) => {
        expect(now - present(atMs)).toBeLessThan(5_000);
        times[n]?.add(present(atMs));
      });
    }
    for (const seen of times) expect(seen.size).toBe(20);
  });
});
