import { describe, expect, it, vi } from 'vitest';
import { publicHost } from './public-host.ts';

const LOOPBACK = { address: '127.0.0.1', family: 'IPv4', internal: true };
const LAN = { address: '192.168.178.20', family: 'IPv4', internal: false };
const interfaces = vi.hoisted(() => vi.fn());
vi.mock('node:os', () => ({ networkInterfaces: interfaces }));

describe('the address other devices use', () => {
  const has = (...all: object[]): void => void interfaces.mockReturnValue({ lo: [LOOPBACK], eth0: all });

  it('is the one in the local network where the one known is this machine alone', () => {
    has({ address: 'fe80::1', family: 'IPv6', internal: false }, LAN);
    for (const host of ['localhost', '127.0.0.1', '[::1]']) expect(publicHost(host, '0.0.0.0')).toBe('192.168.178.20');
  });

  it('is the one that was set', () => {
    has(LAN);
    expect(publicHost('solar.example.org', '0.0.0.0')).toBe('solar.example.org');
  });

  it('is none other where only this machine is listened to, or nothing else is there', () => {
    has(LAN);
    expect(publicHost('localhost', '127.0.0.1')).toBe('localhost');
    has();
    expect(publicHost('localhost', '0.0.0.0')).toBe('localhost');
  });
});
