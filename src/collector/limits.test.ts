import { describe, expect, it } from 'vitest';
import { AddressCounts, plainAddress, TokenBucket } from './limits.ts';

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

  it('asks for no waiting while it has some', () => {
    expect(new TokenBucket(1, 0.001, 0).waitMs(0)).toBe(0);
  });
});

describe('address counts', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff:1:2:3', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['2001:0db8:0001:0002::1', '2001:db8:1:2::9', true],
    ['2001:db8::1', '2001:db8:0:0:5::', true],
    ['::1', '::2', true],
    ['fe80::1%eth0', 'fe80::2', true],
  ])('%s and %s are one household: %s', (a, b, same) => {
    const counts = new AddressCounts();
    counts.add(a);
    counts.add(a);
    expect(counts.of(b)).toBe(same ? 2 : 0);
    counts.remove(a);
    counts.remove(a);
    expect(counts.of(a)).toBe(0);
  });

  it.each([
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', '2001:db8::1'],
    [undefined, 'unknown'],
  ])('%s is shown as %s', (raw, shown) => {
    expect(plainAddress(raw)).toBe(shown);
  });
});
