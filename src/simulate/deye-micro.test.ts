import { describe, expect, test } from 'vitest';
import { present } from '../../test/support/present.ts';
import { CODE } from '../protocols/solarman/codes.ts';
import { decodeData } from '../protocols/solarman/data.ts';
import { encodeFrame } from '../protocols/solarman/frame.ts';
import { readHandshake } from '../protocols/solarman/handshake.ts';
import { solarman } from '../protocols/solarman/index.ts';
import { DeyeMicro } from './deye-micro.ts';
import { VirtualInverter } from './inverter.ts';
import { LoggerClock } from './logger-clock.ts';
import { DEYE_MODELS } from './models.ts';
import { planFleet } from './plan.ts';
import { Sky } from './sky.ts';

const MIDSUMMER = Date.UTC(2025, 5, 21);
const NOON = MIDSUMMER + 11 * 3_600_000;
const sky = new Sky({ seed: 2, place: { latitude: 51.3, longitude: 9.5 }, alwaysDaySinceMs: null });
const plans = planFleet(4, 30, 0, 'Europe/Berlin').loggers;

function micro(plan = present(plans[0])): { device: DeyeMicro; clock: LoggerClock } {
  const clock = new LoggerClock(5_000_000);
  clock.boot(MIDSUMMER + 4 * 3_600_000);
  clock.learn(NOON, NOON, 120);
  return {
    device: new DeyeMicro(plan.identity, new VirtualInverter({ ...plan.inverter, sky, startMs: MIDSUMMER })),
    clock,
  };
}

/** What the product makes of a sample. */
function read({ identity }: DeyeMicro, payload: Buffer) {
  const frame = encodeFrame({ code: CODE.data, sequence: [0, 1], serial: identity.serial, payload });
  const [message] = solarman.open().receive(frame, new Date(NOON)).messages;
  expect(message?.raw).toBeNull();
  return present(message?.readings[0]);
}

describe('a virtual Deye microinverter', () => {
  test('covers all models', () => {
    expect(new Set(plans.map(({ inverter }) => inverter.model.name))).toEqual(
      new Set(DEYE_MODELS.map(({ name }) => name)),
    );
  });

  test.each(plans.map((plan) => [plan.inverter.name, plan] as const))('says what it does: %s', (_, plan) => {
    const { device, clock } = micro(plan);
    const sample = device.sample(NOON, clock.time(NOON), 120);
    const truth = device.inverter.advanceTo(NOON, 120);
    const reading = read(device, sample.payload);
    expect(reading).toMatchObject({
      serial: String(plan.identity.serial),
      inverterSerial: plan.identity.inverterSerial,
      sampledAt: new Date(NOON),
      timeQuality: 'device',
      deviceClock: '2025-06-21T13:00:00',
      stored: false,
      flags: [],
      ratedPowerW: plan.inverter.model.ratedPowerW,
      mpptCount: plan.inverter.model.inputs,
      powerW: Math.round(truth.powerW),
    });
    expect(reading.powerW).toBeGreaterThan(20);
    expect(reading.channels).toHaveLength(plan.inverter.panels.length);
    reading.channels.forEach((channel, i) => {
      const input = present(truth.inputs[i]);
      expect(channel.voltageV).toBeCloseTo(input.voltageV, 0);
      // A tenth of an ampere is three watts
      expect(Math.abs((channel.powerW ?? 0) - input.powerW)).toBeLessThan(4);
      expect(channel.energyTotalWh).toBe(Math.floor(input.totalWh / 100) * 100);
    });
  });

  test('has counters that lag behind the truth by less than their step, and know it', () => {
    const { device, clock } = micro();
    for (let ms = MIDSUMMER + 5 * 3_600_000; ms < NOON; ms += 300_000) {
      const sample = device.sample(ms, clock.time(ms), 120);
      const truth = device.inverter.advanceTo(ms, 120);
      const { energyTotalWh, energyTodayWh } = read(device, sample.payload);
      expect(energyTotalWh).toBe(sample.counterWh);
      expect(sample.producedWh).toBe(truth.totalWh);
      expect(truth.totalWh - sample.counterWh).toBeGreaterThanOrEqual(0);
      expect(truth.totalWh - sample.counterWh).toBeLessThan(100);
      expect(truth.todayWh - (energyTodayWh ?? 0)).toBeGreaterThanOrEqual(0);
      expect(truth.todayWh - (energyTodayWh ?? 0)).toBeLessThan(10);
    }
  });

  test('names the second of its sample; without a server it knows neither that nor the time of day', () => {
    const { device, clock } = micro();
    expect(device.sample(NOON + 700, clock.time(NOON + 700), 120).atMs).toBe(NOON);
    clock.boot(NOON);
    const lost = device.sample(NOON + 300_000, clock.time(NOON + 300_000), 120);
    const decoded = decodeData(lost.payload);
    expect(decoded.ok && decoded.data.head.time).toEqual({ workingS: 5_000_300, powerOnS: 300, offsetS: 0 });
    expect(decoded.ok && decoded.data.fields.values.inverterClock).toBeNull();
    expect(lost.atMs).toBe(NOON + 300_000);
  });

  test.each([
    [5, 60],
    [60, 60],
    [90, 120],
    [300, 300],
    [86_400, 15_300],
  ])('declares an interval of %d s as %d s, because only whole minutes fit', (intervalS, declaredS) => {
    const { device, clock } = micro();
    const payload = device.handshake(clock.time(NOON), intervalS);
    expect(readHandshake(payload)).toMatchObject({ uploadPeriodS: declaredS, macAddress: device.identity.macAddress });
    expect(payload.readUInt32LE(9)).toBe(0);
  });
});
