import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { largestRemainder } from './spread.ts';

describe('largestRemainder', () => {
  it('sums to the whole and is never more than one away from the exact share', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1_000_000_000 }),
        fc
          .array(fc.integer({ min: 0, max: 100_000_000 }), { minLength: 1, maxLength: 300 })
          .filter((w) => w.some(Boolean)),
        (total, weights) => {
          const parts = largestRemainder(total, weights);
          const sum = weights.reduce((a, b) => a + b, 0);
          expect(parts.reduce((a, b) => a + b, 0)).toBe(total);
          for (const [i, part] of parts.entries()) {
            expect(Math.abs(part - (total * (weights[i] ?? 0)) / sum)).toBeLessThan(1.000001);
          }
        },
      ),
    );
  });

  it('gives the rest to the largest remainders', () => {
    expect(largestRemainder(10, [26, 25, 49])).toEqual([3, 2, 5]);
    expect(largestRemainder(1, [1, 2, 1])).toEqual([0, 1, 0]);
  });

  it('scatters equal remainders over the day', () => {
    const parts = largestRemainder(12, new Array<number>(48).fill(1));
    for (let from = 0; from < 48; from += 16) {
      const third = parts.slice(from, from + 16).reduce((a, b) => a + b, 0);
      expect(third).toBeGreaterThanOrEqual(3);
      expect(third).toBeLessThanOrEqual(5);
    }
  });
});
