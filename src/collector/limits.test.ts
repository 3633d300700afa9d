import { describe, expect, it } from 'vitest';
import { AddressCounts } from './limits.ts';

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
});
