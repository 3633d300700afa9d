import { describe, expect, it } from 'vitest';
import { householdOf, isListed, isPublicAddress, plainAddress } from './address.ts';

describe('an address', () => {
  it.each([
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', '2001:db8::1'],
    [undefined, 'unknown'],
  ])('%s is shown as %s', (raw, shown) => {
    expect(plainAddress(raw)).toBe(shown);
  });

  it.each([
    ['203.0.113.7', true],
    ['8.8.8.8', true],
    ['::ffff:8.8.8.8', true],
    ['2001:db8::1', true],
    ['10.1.2.3', false],
    ['172.16.0.1', false],
    ['172.31.255.255', false],
    ['172.32.0.1', true],
    ['192.168.178.20', false],
    ['100.63.255.255', true],
    ['100.64.0.1', false],
    ['100.127.255.254', false],
    ['100.128.0.1', true],
    ['127.0.0.1', false],
    ['169.254.1.1', false],
    ['0.0.0.0', false],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['::1', false],
    ['::', false],
    ['::ffff:192.168.0.1', false],
    ['fe80::1%eth0', false],
    ['fd00::1', false],
    ['fc00::1', false],
    ['ff02::1', false],
    ['unknown', false],
    ['300.1.1.1', false],
    ['1::2::3', false],
    ['', false],
  ])('%s stands for one connection to the internet: %s', (address, isPublic) => {
    expect(isPublicAddress(address)).toBe(isPublic);
  });

  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2::1', '2001:db8:1:2'],
    ['2001:0DB8:0001:0002:ffff::', '2001:db8:1:2'],
    ['unknown', 'unknown'],
  ])('%s belongs to the household %s', (address, household) => {
    expect(householdOf(address)).toBe(household);
  });

  it.each([
    ['203.0.113.7', '203.0.113.7', true],
    ['203.0.113.7', '198.51.100.1, 203.0.113.0/24', true],
    ['203.0.114.7', '203.0.113.0/24', false],
    ['2001:db8::5', '2001:db8::/32', true],
    ['203.0.113.7', '2001:db8::/32', false],
    ['127.0.0.1', 'loopback', true],
    ['203.0.113.7', 'loopback', false],
    ['203.0.113.7', 'true', false],
    ['203.0.113.7', '203.0.113.0/33', false],
    ['unknown', '0.0.0.0/0', false],
  ])('%s is listed in "%s": %s', (address, list, listed) => {
    expect(isListed(address, list)).toBe(listed);
  });
});
