import { describe, expect, it } from 'vitest';
import { TokenBucket, TokenBuckets } from './token-bucket.ts';

describe('token bucket', () => {
  it('gives a burst at once and then so many over time', () => {
    const bucket = new TokenBucket(3, 0.001, 0);
    expect([0, 0, 0, 0].map((now) => bucket.take(now))).toEqual([true, true, true, false]);
    expect(bucket.waitMs(0)).toBe(1000);
    expect(bucket.take(999)).toBe(false);
    expect(bucket.take(1000)).toBe(true);
    expect(bucket.waitMs(1400)).toBe(600);
  });

  it('never saves up more than the burst', () => {
    const bucket = new TokenBucket(2, 1, 0);
    expect([9e9, 9e9, 9e9].map((now) => bucket.take(now))).toEqual([true, true, false]);
  });

  it('loses nothing when the clock is set back', () => {
    const bucket = new TokenBucket(2, 0.001, 5000);
    expect([bucket.take(0), bucket.take(0), bucket.take(0)]).toEqual([true, true, false]);
    expect(bucket.take(1000)).toBe(true);
  });

  it('asks for no waiting while it has some', () => {
    expect(new TokenBucket(1, 0.001, 0).waitMs(0)).toBe(0);
  });
});

describe('token buckets', () => {
  it('are one for each name', () => {
    const buckets = new TokenBuckets(1, 0.001, 10);
    expect(buckets.of('a', 0).take(0)).toBe(true);
    expect(buckets.of('a', 0).take(0)).toBe(false);
    expect(buckets.of('b', 0).take(0)).toBe(true);
  });

  it('that are full again make room first, then the one unused for longest', () => {
    const buckets = new TokenBuckets(2, 0.001, 3);
    for (const name of ['a', 'b', 'c']) buckets.of(name, 0).take(0);
    buckets.of('b', 1500).take(1500);
    buckets.of('d', 1500);
    expect(buckets.size).toBe(2);
    // `b` was kept with what it had used up.
    expect([buckets.of('b', 1500).take(1500), buckets.of('b', 1500).take(1500)]).toEqual([true, false]);
    for (const name of ['e', 'f', 'g']) buckets.of(name, 1500).take(1500);
    expect(buckets.size).toBe(3);
  });
});
