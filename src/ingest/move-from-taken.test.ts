import { describe, expect, it } from 'vitest';
import { placeOf } from './move-from-taken.ts';

const NOON = Date.UTC(2026, 5, 21, 12);
const at = (seconds: number) => new Date(NOON + seconds * 1000);
const sample = { sampledAt: at(0), receivedAt: at(400) };
const other = (seconds: number) => ({ at: at(seconds), isSame: false });

describe('the place of a sample whose second is taken', () => {
  it.each([
    ['by another: the next second', [other(0)], at(1)],
    ['as some after it: the first free one', [other(0), other(1), other(3)], at(2)],
    ['by itself: none', [{ at: at(0), isSame: true }], 'repeats'],
    ['by another, and it was moved before: none', [other(0), other(1), { at: at(2), isSame: true }], 'repeats'],
    [
      'and the same values stand beyond a free one: that is another sample',
      [other(0), { at: at(2), isSame: true }],
      at(1),
    ],
    ['by another between two seconds: neither is in its way', [{ at: new Date(NOON + 500), isSame: false }], at(0)],
    [
      'for a minute, by a clock that stands still: its arrival',
      Array.from({ length: 60 }, (_, s) => other(s)),
      at(400),
    ],
  ])('%s', (_, there, place) => {
    expect(placeOf(sample, there)).toEqual(place);
  });
});
