import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { handshakeFields } from '../handshake.ts';
import { wifiFields } from '../wifi.ts';
import { deyeMicro } from './deye-micro.ts';
import { bytesOf, type Field, isNumberField, readField, writeField } from './field.ts';
import { layoutOf, layouts } from './index.ts';
import { type DataMetric, readFields } from './layout.ts';

const tables: [string, readonly Field<string>[], number][] = [
  ...layouts.map((layout): [string, readonly Field<string>[], number] => [
    layout.name,
    layout.fields,
    layout.minLength,
  ]),
  ['handshake', handshakeFields, 212],
  ['Wi-Fi info', wifiFields, 47],
];

describe.each(tables)('rows of %s', (_name, fields, length) => {
  it('measure each thing once, in words', () => {
    const metrics = fields.map((field) => field.metric);
    expect(new Set(metrics).size).toBe(metrics.length);
    for (const field of fields) expect(field.words, field.metric).not.toBe('');
  });

  it('do not overlap and stay inside the shortest payload', () => {
    const taken = new Set<number>();
    for (const field of fields) {
      for (let at = field.at; at < field.at + bytesOf(field); at++) {
        expect(taken.has(at), `${field.metric} at ${at}`).toBe(false);
        taken.add(at);
      }
      expect(field.at + bytesOf(field), field.metric).toBeLessThanOrEqual(length);
    }
  });

  it('keep whole watt-hours where the manual counts in kilowatt-hours, and only there', () => {
    for (const field of fields) {
      expect(isNumberField(field) && field.unit === 'kWh', field.metric).toBe(field.metric.endsWith('Wh'));
    }
  });
});

describe.each(layouts)('layout of $name', (layout) => {
  it('is found by its sensor types', () => {
    for (const type of layout.sensorTypes) expect(layoutOf(type)?.layout).toBe(layout);
  });

  it('rejects a field of all ones wherever a reading would show it', () => {
    const ones = Buffer.alloc(layout.minLength, 0xff);
    const shown = layout.fields.filter(
      (field) => isNumberField(field) && field.detail !== true && !field.type.startsWith('s'),
    );
    expect(readFields(shown, ones).rejected).toEqual(shown.map((field) => field.metric));
  });

  it('counts in steps of its total', () => {
    const total = layout.fields.find((field) => field.metric === 'energyTotalWh');
    expect(total && isNumberField(total) && total.scale).toBe(layout.counterStepWh / 1000);
  });
});

/** Fields where captures cannot tell a narrow from a wide reading, or one byte order from the other (solarman-v5 §3.5). */
describe('a Deye frame of a big inverter', () => {
  it.each<[string, number, string, DataMetric, number]>([
    ['a day of more than 655 kWh in all', 33, '00000100', 'energyTodayWh', 655_360],
    ['a total beyond 6553.6 kWh', 37, '00000100', 'energyTotalWh', 6_553_600],
    ['a rated power beyond 6553.6 W', 127, '00011170', 'ratedPowerW', 7000],
    ['an input with more than 25.6 kWh a day', 135, '0101', 'pv1.energyTodayWh', 25_700],
    ['an input with more than 6553.6 kWh', 155, '00010001', 'pv4.energyTotalWh', 6_553_700],
    ['more than 256 W', 59, '01010000', 'powerW', 257],
  ])('shows %s', (_what, at, bytes, metric, value) => {
    const payload = Buffer.alloc(330);
    payload.write(bytes, at, 'hex');
    expect(readFields(deyeMicro.fields, payload).values[metric]).toBe(value);
  });
});

it('no two layouts claim one sensor type', () => {
  const types = layouts.flatMap((layout) => layout.sensorTypes);
  expect(new Set(types).size).toBe(types.length);
  expect(layoutOf(0x5413)).toBeUndefined();
});

describe('one row', () => {
  const row = (field: Partial<Field<string>> & Pick<Field<string>, 'type'>) =>
    ({ at: 0, metric: 'x', words: 'x', ...field }) as Field<string>;

  it.each<[string, Field<string>, string, unknown]>([
    ['a tenth, exactly', row({ type: 'u16le', scale: 0.1 }), 'e303', 99.5],
    ['a tenth that multiplying would spoil', row({ type: 'u16le', scale: 0.1 }), '0300', 0.3],
    ['a hundredth', row({ type: 'u16be', scale: 0.01 }), '138a', 50.02],
    ['tenths of a kilowatt-hour as watt-hours', row({ type: 'u32le', scale: 0.1, unit: 'kWh' }), 'ef060000', 177_500],
    ['hundredths of a kilowatt-hour', row({ type: 'u32le', scale: 0.01, unit: 'kWh' }), 'd2000000', 2100],
    ['a big counter', row({ type: 'u32be', scale: 0.1, unit: 'kWh' }), 'fffffffe', 429_496_729_400],
    ['a counter of nothing, which is a value', row({ type: 'u32le', scale: 0.1, unit: 'kWh' }), '00000000', 0],
    ['a negative number', row({ type: 's16le', scale: 0.01 }), '18ff', -2.32],
    ['a negative number, big end first', row({ type: 's16be' }), 'ff18', -232],
    ['minutes as seconds', row({ type: 'u8', scale: 60 }), '05', 300],
    ['a number with an offset', row({ type: 'u16be', plus: -40 }), '0035', 13],
    ['the number that means nothing', row({ type: 's16le', absent: -1000 }), '18fc', null],
    ['a number that cannot be true', row({ type: 'u16le', scale: 0.1, max: 600 }), 'ffff', undefined],
    ['a number too small to be true', row({ type: 's16le', min: -60 }), '18ff', undefined],
    ['a hardware address', row({ type: 'mac', length: 6 }), '308291000001', '30:82:91:00:00:01'],
    ['no hardware address', row({ type: 'mac', length: 6 }), '000000000000', null],
    ['a clock in bytes', row({ type: 'clock.u8' }), '1807100a0b0c', '2024-07-16T10:11:12'],
    ['a clock in words', row({ type: 'clock.u16le' }), '190007000f000c001e002d00', '2025-07-15T12:30:45'],
    ['a clock that was never set', row({ type: 'clock.u8' }), '000101000000', null],
    ['a clock of zeros', row({ type: 'clock.u8' }), '000000000000', null],
    ['a clock from before anything', row({ type: 'clock.u8' }), '0e0c1f000000', null],
    ['a thirteenth month', row({ type: 'clock.u8' }), '180d01000000', null],
    ['a thirtieth of February', row({ type: 'clock.u8' }), '18021e000000', null],
    ['a twenty-fifth hour', row({ type: 'clock.u8' }), '180101180000', null],
    [
      'a day that would end in the same month a year on',
      row({ type: 'clock.u16le' }),
      '150004006e01000000000000',
      null,
    ],
    ['a leap day', row({ type: 'clock.u8' }), '18021d173b3b', '2024-02-29T23:59:59'],
    ['text', row({ type: 'ascii', length: 4 }), '61620000', 'ab'],
  ])('reads %s', (_what, field, bytes, value) => {
    expect(readField(field, Buffer.from(bytes, 'hex'))).toBe(value);
  });

  it.each<[Field<string>, unknown]>([
    [row({ type: 'u16le', scale: 0.1 }), 'ff'],
    [row({ type: 'u32be', scale: 0.01, unit: 'kWh' }), 'ff'],
    [row({ type: 's16le', scale: 0.01, absent: -1000 }), 'ff'],
    [row({ type: 'u16be', plus: -40, absent: 0 }), 'ff'],
    [row({ type: 'clock.u8' }), 'ff'],
    [row({ type: 'mac', length: 6 }), 'ff'],
  ])('writes back whatever it read: %o', (field) => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: bytesOf(field), maxLength: bytesOf(field) }), (bytes) => {
        const value = readField(field, Buffer.from(bytes));
        if (value === undefined || value === null) return;
        const written = Buffer.alloc(bytes.length);
        writeField(field, value, written);
        expect(written.toString('hex')).toBe(Buffer.from(bytes).toString('hex'));
      }),
      { numRuns: 300 },
    );
  });

  it('writes "not available" as the number that means so', () => {
    const bytes = Buffer.alloc(2);
    writeField(row({ type: 's16le', absent: -1000 }), null, bytes);
    expect(bytes.toString('hex')).toBe('18fc');
  });
});
