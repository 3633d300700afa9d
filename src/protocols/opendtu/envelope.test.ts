import { describe, expect, test } from 'vitest';
import { EAST, INVERTER, NOW, PUSHED_AT, push } from '../../../test/support/opendtu-push.ts';
import { InvalidInput } from '../../domain/errors.ts';
import { opendtu } from './index.ts';

describe('one bad inverter never loses the others', () => {
  test.each<[string, unknown, string | null, string]>([
    ['measurements are text', { ...INVERTER, measurements: 'offline' }, '114182940773', 'measurements'],
    ['measurements are a list', { ...INVERTER, measurements: [] }, '114182940773', 'measurements'],
    ['dc_channels are an object', { ...INVERTER, dc_channels: { 0: EAST } }, '114182940773', 'dc_channels'],
    ['no serial', { ...INVERTER, serial: undefined }, null, 'serial'],
    ['an empty serial', { ...INVERTER, serial: ' ' }, ' ', 'serial'],
    ['a serial that is no integer', { ...INVERTER, serial: 1.5 }, null, 'serial'],
    ['a serial with a blank inside', { ...INVERTER, serial: '1141 8294' }, '1141 8294', 'serial'],
    ['a serial without end', { ...INVERTER, serial: '9'.repeat(9999) }, '9'.repeat(64), 'serial'],
    ['null', null, null, 'inverters[]'],
    ['a number', 7, null, 'inverters[]'],
    ['a list', [INVERTER], null, 'inverters[]'],
  ])('%s', (_title, bad, sentSerial, field) => {
    const { items } = push([bad, INVERTER]);
    expect(items[0]).toEqual({ ok: false, sentSerial, field, error: expect.stringMatching(/\w/) });
    expect(items[1]).toMatchObject({ ok: true, reading: { powerW: 212.4 } });
  });
});

describe('an unusable envelope names the field', () => {
  test.each<[string, unknown, string]>([
    ['null', null, 'body'],
    ['a list', [], 'body'],
    ['text', 'x', 'body'],
    ['no inverters', { timestamp: PUSHED_AT }, 'inverters'],
    ['inverters null', { timestamp: PUSHED_AT, inverters: null }, 'inverters'],
    ['inverters an object', { timestamp: PUSHED_AT, inverters: {} }, 'inverters'],
    ['33 inverters', { timestamp: PUSHED_AT, inverters: Array(33).fill(INVERTER) }, 'inverters'],
    ['a timestamp of words', { timestamp: 'yesterday', inverters: [] }, 'timestamp'],
    ['a timestamp object', { timestamp: {}, inverters: [] }, 'timestamp'],
    ['a gateway object', { timestamp: PUSHED_AT, dtu_serial: {}, inverters: [] }, 'dtu_serial'],
  ])('%s', (_title, body, field) => {
    const decode = () => opendtu.decode(body, NOW);
    expect(decode).toThrow(InvalidInput);
    expect(decode).toThrow(expect.objectContaining({ details: { fields: { [field]: expect.any(String) } } }));
  });

  test('32 inverters are no more than many, and a gateway without usable serial is only nameless', () => {
    expect(push(Array(32).fill(INVERTER)).items).toHaveLength(32);
    const envelope = push([INVERTER], { dtu_serial: 'a b' });
    expect(envelope).toMatchObject({ gatewaySerial: 'a b', items: [{ reading: { gatewaySerial: null } }] });
  });
});

test('keys meant to poison prototypes are unknown keys', () => {
  const body = JSON.parse(
    `{"__proto__": {"inverters": []}, "timestamp": "${PUSHED_AT}", "inverters": [{"serial": "114182940773",
      "__proto__": {"name": "x"}, "constructor": {"prototype": {"polluted": 1}},
      "measurements": {"__proto__": {"power_ac": 1}, "power_dc": 2}, "dc_channels": [{"__proto__": {"channel": 1}}]}]}`,
  );
  expect(opendtu.decode(body, NOW).items[0]).toMatchObject({
    reading: { powerW: null, powerDcW: 2, channels: [], deviceName: null },
  });
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});
