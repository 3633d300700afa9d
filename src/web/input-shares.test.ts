import { describe, expect, it } from 'vitest';
import { inputShares } from './input-shares.ts';

const of = (...watts: (number | null)[]): ReturnType<typeof inputShares> =>
  inputShares(watts.map((powerW) => ({ powerW })));

describe('an input among its siblings', () => {
  it('is measured by the strongest', () => {
    expect(of(200, 150, 100).map(({ ofStrongest }) => ofStrongest)).toEqual([1, 0.75, 0.5]);
  });

  it('is dead when the others work in good light and it does not', () => {
    expect(of(200, 3, 190).map(({ isDead }) => isDead)).toEqual([false, true, false]);
    expect(of(200, 40, 190).map(({ isDead }) => isDead)).toEqual([false, false, false]);
  });

  it('is not called dead at dusk, nor when nothing is known of it', () => {
    expect(of(12, 0).map(({ isDead }) => isDead)).toEqual([false, false]);
    expect(of(200, null)).toEqual([
      { ofStrongest: 1, isDead: false },
      { ofStrongest: null, isDead: false },
    ]);
    expect(of(0, 0).map(({ ofStrongest }) => ofStrongest)).toEqual([null, null]);
  });
});
