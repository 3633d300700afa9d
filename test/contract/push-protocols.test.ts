/**
 * Rules for every protocol that is pushed as JSON: whatever arrives, decoding ends in sound readings or in an error that names the
 * field. A new protocol is tested by standing in the list.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidInput } from '../../src/domain/errors.ts';
import { DEVICE_KINDS, MAX_CHANNELS } from '../../src/domain/inverter.ts';
import { READING_FLAGS, type Reading } from '../../src/domain/reading.ts';
import { pushProtocols } from '../../src/protocols/index.ts';

test('ids and paths are unique, and the ids are kinds of devices', () => {
  const ids = pushProtocols.map(({ id }) => id);
  const paths = pushProtocols.map(({ listen }) => listen.http);
  expect(new Set(ids).size).toBe(ids.length);
  expect(new Set(paths).size).toBe(paths.length);
  for (const id of ids) expect(DEVICE_KINDS).toContain(id);
  for (const path of paths) expect(path).toMatch(/^\/api\/[a-z]+\/measurements$/);
});

const NOW = new Date('2026-06-21T10:00:05Z');

/** Mostly what devices send, and everything that bridges, glitches and fuzzers have sent in its place. */
const odd = fc.oneof(
  fc.constantFrom(null, '', 'NaN', '1e999', '-0', -0, 0, 1, 1e300, 1e308, 65535, 2113405, 694419, true, '0', '1'),
  fc.constantFrom(1782036000, 2085996714, '2026-06-21T10:00:00', '1970-01-01T00:00:00+01:00', '9999-12-31T23:59:59Z'),
  fc.double(),
  fc.integer(),
  fc.string(),
  fc.jsonValue(),
);
const usual = fc.oneof(fc.double({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 9 }), fc.constant(1782036000));
const either = <T>(wanted: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 6, arbitrary: wanted as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: odd });
const fields = (keys: string) =>
  fc.dictionary(fc.constantFrom(...keys.split(' '), '__proto__', 'constructor'), either(usual));

const channel = fields('channel tracker name power voltage current yield_day yield_total irradiation').chain((each) =>
  fc
    .record({ number: either(fc.integer({ min: 0, max: 9 })) })
    .map(({ number }) => ({ channel: number, tracker: number, ...each })),
);
const channels = either(fc.array(either(channel)));
const device = fc
  .record({
    serial: either(fc.constantFrom('116183771004', 'HQ2134ABCDE', 'UNKNOWN', 138284652162)),
    measurements: either(
      fields('power_ac power_dc voltage_ac current_ac frequency power_factor temperature yield_day yield_total'),
    ),
    channels,
    more: fields('name reachable last_update yield_power_w yield_total_kwh product_name'),
  })
  .map(({ serial, measurements, channels, more }) => ({
    serial,
    measurements,
    dc_channels: channels,
    trackers: channels,
    ...more,
  }));
const push = fc
  .record({
    timestamp: either(fc.constantFrom('2026-06-21T12:00:04+02:00', 1782036004)),
    gateway: either(fc.constantFrom('199980140256', 'c0619ab35133')),
    devices: either(fc.array(either(device), { maxLength: 34 })),
  })
  .map(({ timestamp, gateway, devices }) => ({
    timestamp,
    dtu_serial: gateway,
    cerbo_serial: gateway,
    inverters: devices,
    devices,
  }));

function numbersOf(reading: Reading): [string, number][] {
  const objects = [reading, ...reading.channels, ...reading.phases];
  return objects
    .flatMap((each) => Object.entries(each))
    .filter((entry): entry is [string, number] => typeof entry[1] === 'number');
}

function expectSound(reading: Reading): void {
  for (const [name, value] of numbersOf(reading)) {
    expect(Number.isFinite(value) && !Object.is(value, -0), `${name} ${value}`).toBe(true);
    if (name.endsWith('Wh')) expect(Number.isSafeInteger(value), `${name} ${value}`).toBe(true);
  }
  expect(reading.sampledAt?.getTime()).toBeLessThanOrEqual(NOW.getTime() + 600_000);
  expect(READING_FLAGS).toEqual(expect.arrayContaining([...reading.flags]));
  expect(reading.fresh || reading.flags.length > 0, 'a reading that is not fresh says why').toBe(true);
  expect(reading.fresh || !reading.powerW, `${reading.powerW} W that nobody measured`).toBe(true);
  const inputs = reading.channels.map((each) => each.channel);
  expect(inputs.length).toBe(new Set(inputs).size);
  for (const input of inputs) expect(input >= 1 && input <= MAX_CHANNELS, `input ${input}`).toBe(true);
}

describe.each(pushProtocols.map((protocol) => [protocol.id, protocol] as const))('%s', (_id, protocol) => {
  const decode = (body: unknown) => {
    try {
      return protocol.decode(body, NOW).items;
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      expect(Object.keys(error.fields)).toHaveLength(1);
      return [];
    }
  };

  test('what resembles a push ends in sound readings or in an error that names the field', () => {
    let understood = 0;
    fc.assert(
      fc.property(push, (body) => {
        for (const item of decode(body)) {
          if (!item.ok) expect(item.error && item.field).toMatch(/\w/);
          else expectSound(item.reading);
          if (item.ok) understood += 1;
        }
      }),
      { numRuns: 500 },
    );
    // Otherwise the generator would only prove that rubbish is refused.
    expect(understood).toBeGreaterThan(500);
  });

  test('any other JSON is an error that names the field', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => void decode(body)),
      { numRuns: 500 },
    );
  });

  test('the same body decodes to the same readings, and is left as it was', () => {
    fc.assert(
      fc.property(push, (body) => {
        const before = structuredClone(body);
        expect(decode(body)).toEqual(decode(body));
        expect(body).toEqual(before);
      }),
      { numRuns: 100 },
    );
  });
});
