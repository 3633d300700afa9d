import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { publicHost } from './public-host.ts';

const ipv4 = (address: string, internal: boolean): NetworkInterfaceInfo => ({
  address,
  family: 'IPv4',
  internal,
  netmask: '255.255.255.0',
  mac: '00:00:00:00:00:00',
  cidr: `${address}/24`,
});
const LAN = ipv4('192.168.178.20', false);

describe('the address other devices use', () => {
  const having = (...all: NetworkInterfaceInfo[]) => ({ lo: [ipv4('127.0.0.1', true)], eth0: all });

  it('is the one in the local network where the one known is this machine alone', () => {
    const both = having({ ...LAN, address: 'fe80::1', family: 'IPv6', scopeid: 0 }, LAN);
    for (const host of ['localhost', '127.0.0.1', '[::1]'])
      expect(publicHost(host, '0.0.0.0', both)).toBe('192.168.178.20');
  });

  it('is the one that was set', () => {
    expect(publicHost('solar.example.org', '0.0.0.0', having(LAN))).toBe('solar.example.org');
  });

  it('is none other where only this machine is listened to, or nothing else is there', () => {
    expect(publicHost('localhost', '127.0.0.1', having(LAN))).toBe('localhost');
    expect(publicHost('localhost', '0.0.0.0', having())).toBe('localhost');
  });
});
