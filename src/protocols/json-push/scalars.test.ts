import { describe, expect, test } from 'vitest';
import { type NumberRule, readBoolean, readNumber, readText, spelledSerial } from './scalars.ts';

const WATTS: NumberRule = { min: -100_000, max: 100_000, decimals: 1 };
const KWH: NumberRule = { min: -1e10, max: 1e10, decimals: 0, scale: 1000 };
const HERTZ: NumberRule = { min: 40, max: 70, decimals: 2, zeroIsUnknown: true };

const known = (value: unknown) => ({ value, rejected: false });
const unknown = { value: null, rejected: false };
const rejected = { value: null, rejected: true };

describe('readNumber', () => {
  test.each<[string, unknown, NumberRule, object]>([
    ['an integral float without its point', 17, WATTS, known(17)],
    ['a decimal', 16.1, WATTS, known(16.1)],
    ['the noise of a float32 (devices §1.3)', 31.79999924, WATTS, known(31.8)],
    ['a negative', -0.4, WATTS, known(-0.4)],
    ['zero, never negative zero', -0.01, WATTS, known(0)],
    ['a number as text', ' 16.1 ', WATTS, known(16.1)],
    ['an exponent as text', '2.1e3', WATTS, known(2100)],
    ['null', null, WATTS, unknown],
    ['nothing', undefined, WATTS, unknown],
    ['NaN', Number.NaN, WATTS, unknown],
    ['NaN as text', 'nan', WATTS, unknown],
    ['infinity as text', '-Infinity', WATTS, unknown],
    ['empty text', ' ', WATTS, unknown],
    ["Home Assistant's word for no value", 'unavailable', WATTS, unknown],
    ['an overflowing literal, which JSON reads as infinity', Number('1e400'), WATTS, rejected],
    ['1e300 kWh', 1e300, KWH, rejected],
    ['too many watts', 1e12, WATTS, rejected],
    ['too few watts', -1e12, WATTS, rejected],
    ['a decimal comma, which may be a thousands separator', '1,234', WATTS, rejected],
    ['hexadecimal', '0x10', WATTS, rejected],
    ['other text', 'offline', WATTS, rejected],
    ['text without end', '17'.padStart(41, '0'), WATTS, rejected],
    ['a boolean', true, WATTS, rejected],
    ['an object', { v: 1 }, WATTS, rejected],
    ['a list', [1], WATTS, rejected],
    ['kWh as exact Wh', 444.671, KWH, known(444_671)],
    ['kWh with noise as exact Wh', 834.2609863, KWH, known(834_261)],
    ['kWh below zero, from an offset', -12.345, KWH, known(-12_345)],
    ['the largest kWh the radio holds', 4_294_967.295, KWH, known(4_294_967_295)],
    ['0 Hz, which is not measured', 0, HERTZ, unknown],
    ['0 Hz as text', '0.00', HERTZ, unknown],
    ['a grid frequency', 49.987, HERTZ, known(49.99)],
  ])('%s', (_title, raw, rule, expected) => {
    const scalar = readNumber(raw, rule);
    expect(scalar).toEqual(expected);
    expect(Object.is(scalar.value, -0)).toBe(false);
  });
});

describe('readBoolean', () => {
  test.each<[unknown, object]>([
    ...[true, 1, '1', 'true', 'True ', 'TRUE'].map((raw): [unknown, object] => [raw, known(true)]),
    ...[false, 0, '0', 'false', 'False'].map((raw): [unknown, object] => [raw, known(false)]),
    ...[null, undefined, '', 'unknown'].map((raw): [unknown, object] => [raw, unknown]),
    ...[2, -1, 'yes', 'maybe', {}, []].map((raw): [unknown, object] => [raw, rejected]),
  ])('%j', (raw, expected) => {
    expect(readBoolean(raw)).toEqual(expected);
  });
});

describe('readText', () => {
  test.each<[string, unknown, object]>([
    ['a name', ' Südbalkon ', known('Südbalkon')],
    ['a number', 4, known('4')],
    ['empty', '', unknown],
    ['only blanks', '  ', unknown],
    ['null', null, unknown],
    ['an object', { toString: 'x' }, rejected],
    ['control characters, of which PostgreSQL refuses U+0000', 'a\u0000b\nc', known('a b c')],
    ['half a surrogate pair', 'a\ud83db', known('a\ufffdb')],
    ['a name cut in the middle of a character', 'Balkon S\ufffd', known('Balkon S')],
    ['too long, cut between characters', '😀'.repeat(99), known('😀'.repeat(12))],
  ])('%s', (_title, raw, expected) => {
    expect(readText(raw, 12)).toEqual(expected);
  });
});

test('spelledSerial writes integers out and takes nothing else that is no text', () => {
  expect(spelledSerial('2821A1B2C3D4')).toBe('2821A1B2C3D4');
  expect(spelledSerial(116183771004)).toBe('116183771004');
  for (const raw of [1.5, -1, 1e300, null, undefined, true, {}, ['1']]) expect(spelledSerial(raw)).toBeNull();
});
