import { expect, test } from 'vitest';
import { intColumn, isoTime, timeArray } from './array-literals.ts';

test('times are written as they are, whatever day the one before was of', () => {
  const day = Date.UTC(2026, 1, 28);
  const others = [
    0,
    1,
    999,
    1000,
    59_999,
    3_600_000,
    86_399_999,
    86_400_000,
    -1,
    31 * 86_400_000,
    43_200_007,
    -day,
    -day - 1,
  ];
  for (const offset of others) expect(new Date(isoTime(new Date(day + offset))).getTime()).toBe(day + offset);
  expect(timeArray([new Date(day), null, new Date(day + 1)])).toBe(
    '{2026-02-28T00:00:00.000Z,NULL,2026-02-28T00:00:00.001Z}',
  );
  expect(() => isoTime(new Date(Number.NaN))).toThrow(RangeError);
});

test('a column of whole numbers takes nothing else', () => {
  const items = [{ n: 1 }, { n: null }, { n: -3 }];
  expect(intColumn(items, ({ n }) => n)).toBe('{1,NULL,-3}');
  expect(() => intColumn([0.5], (n) => n)).toThrow(TypeError);
});
