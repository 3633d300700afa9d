import { describe, expect, it } from 'vitest';
import { readProxyHeader } from './proxy-header.ts';

const SIGNATURE = '0d0a0d0a000d0a515549540a';
const V4 = `${SIGNATURE}2111000cc0000207c6336401d4312710`;
const V6 = `${SIGNATURE}21210024${'20010db8000000000000000000000007'}${'20010db8000000000000000000000001'}d4312710`;

describe('PROXY header', () => {
  it.each<[string, string, object]>([
    ['IPv4', V4, { state: 'complete', address: '192.0.2.7', bytes: 28 }],
    [
      'IPv4 with extensions',
      `${V4.replace('000c', '0010')}04000100`,
      { state: 'complete', address: '192.0.2.7', bytes: 32 },
    ],
    ['IPv6', V6, { state: 'complete', address: '2001:db8:0:0:0:0:0:7', bytes: 52 }],
    ["the proxy's own check", `${SIGNATURE}20000000`, { state: 'complete', address: null, bytes: 16 }],
    [
      'its own check with addresses',
      V4.replace(`${SIGNATURE}21`, `${SIGNATURE}20`),
      { state: 'complete', address: null, bytes: 28 },
    ],
    ['a family without addresses', `${SIGNATURE}21310000`, { state: 'complete', address: null, bytes: 16 }],
    [
      'IPv4 without room for addresses',
      `${SIGNATURE}211100040102030405`,
      { state: 'complete', address: null, bytes: 20 },
    ],
    ['another version', `${SIGNATURE}1111000c`, { state: 'wrong' }],
    ['an unknown command', `${SIGNATURE}2211000c`, { state: 'wrong' }],
    ['an absurd length', `${SIGNATURE}2111ffff`, { state: 'wrong' }],
    ['a frame instead', 'a501001047', { state: 'wrong' }],
    ['the older text form', Buffer.from('PROXY TCP4 192.0.2.7').toString('hex'), { state: 'wrong' }],
    ['nothing yet', '', { state: 'incomplete' }],
  ])('reads %s', (_what, bytes, expected) => {
    expect(readProxyHeader(Buffer.from(bytes, 'hex'))).toEqual(expected);
  });

  it('waits at every cut', () => {
    const bytes = Buffer.from(V6, 'hex');
    for (let at = 0; at < bytes.length; at++) {
      expect(readProxyHeader(bytes.subarray(0, at))).toEqual({ state: 'incomplete' });
    }
    expect(readProxyHeader(Buffer.concat([bytes, Buffer.from('a5')]))).toMatchObject({ state: 'complete', bytes: 52 });
  });
});
