import { expect, test } from 'vitest';
import { InvalidInput } from '../../domain/errors.ts';
import { FieldReader } from './field-reader.ts';

const VOLTS = { min: 0, max: 600, decimals: 1 };

test('remembers by path what could not be believed, once each', () => {
  const reader = new FieldReader({ on: 'maybe', a: { v: 6553.5 }, list: [{ v: 'x' }, 7, { v: 1 }] });
  expect(reader.boolean('on')).toBeNull();
  expect(reader.section('a').number('v', VOLTS)).toBeNull();
  const { readers, complete } = reader.list('list', 9);
  expect(readers.map((element) => element.number('v', VOLTS))).toEqual([null, 1]);
  expect(complete).toBe(false);
  reader.reject('on');
  expect(reader.rejected).toEqual(['on', 'a.v', 'list[1]', 'list[0].v']);
});

test('reads a table of rows', () => {
  const rows = [
    { key: 'voltage_ac', metric: 'voltageV', rule: VOLTS },
    { key: 'missing', metric: 'currentA', rule: VOLTS },
  ] as const;
  expect(new FieldReader({ voltage_ac: '229.84' }).numbers(rows)).toEqual({ voltageV: 229.8, currentA: null });
});

test.each<[unknown, number | null, boolean]>([
  [3, 3, false],
  ['3', 3, false],
  [undefined, null, false],
  [null, null, false],
  [2.6, null, true],
  [0, null, true],
  [9, null, true],
])('an input number of %j is never rounded to its neighbour', (channel, expected, isRejected) => {
  const reader = new FieldReader({ channel });
  expect(reader.integer('channel', 1, 8)).toBe(expected);
  expect(reader.rejected).toEqual(isRejected ? ['channel'] : []);
});

test('nothing in place of an object or a list is an empty one', () => {
  const reader = new FieldReader({ nothing: null });
  expect(reader.section('nothing').raw('v')).toBeUndefined();
  expect(reader.section('missing').raw('v')).toBeUndefined();
  expect(reader.list('nothing', 9)).toEqual({ readers: [], complete: true });
  expect(reader.list('missing', 9)).toEqual({ readers: [], complete: true });
});

test('something else in its place is an error that names the field', () => {
  const reader = new FieldReader({ a: { b: 'offline' }, list: {} });
  const noObject = new InvalidInput('a.b must be an object', { 'a.b': 'must be an object' });
  expect(() => reader.section('a').section('b')).toThrow(noObject);
  expect(() => reader.list('list', 9)).toThrow(new InvalidInput('list must be a list', { list: 'must be a list' }));
});

test('looks at no more elements than the limit', () => {
  const reader = new FieldReader({ list: Array.from({ length: 100_000 }, () => ({})) });
  const { readers, complete } = reader.list('list', 3);
  expect(readers).toHaveLength(3);
  expect(complete).toBe(false);
  expect(reader.rejected).toEqual(['list']);
});

test('reads own keys only', () => {
  const record = JSON.parse('{"__proto__": {"v": 1}, "constructor": {"prototype": {"v": 1}}}');
  const reader = new FieldReader(record);
  expect(reader.raw('v')).toBeUndefined();
  expect(reader.raw('toString')).toBeUndefined();
  expect(new FieldReader(Object.create({ v: 1 })).raw('v')).toBeUndefined();
});
