import { describe, expect, it } from 'vitest';
import { base32, matchingStep, newTotpSeed, otpauthUrl, totpCode, totpStep } from './totp.ts';

const SEEDS = {
  sha1: Buffer.from('12345678901234567890'),
  sha256: Buffer.from('12345678901234567890123456789012'),
  sha512: Buffer.from('1234567890123456789012345678901234567890123456789012345678901234'),
};

// RFC 6238, appendix B.
describe.each([
  [59, '94287082', '46119246', '90693936'],
  [1111111109, '07081804', '68084774', '25091201'],
  [1111111111, '14050471', '67062674', '99943326'],
  [1234567890, '89005924', '91819424', '93441116'],
  [2000000000, '69279037', '90698825', '38618901'],
  [20000000000, '65353130', '77737706', '47863826'],
])('at %d s', (seconds, sha1, sha256, sha512) => {
  it('the codes are those of the RFC', () => {
    const step = totpStep(new Date(seconds * 1000));
    expect(totpCode(SEEDS.sha1, step, 8)).toBe(sha1);
    expect(totpCode(SEEDS.sha256, step, 8, 'sha256')).toBe(sha256);
    expect(totpCode(SEEDS.sha512, step, 8, 'sha512')).toBe(sha512);
  });
});

// RFC 4226, appendix D.
it('the first ten counters are those of the RFC', () => {
  const codes = Array.from({ length: 10 }, (_, step) => totpCode(SEEDS.sha1, step));
  expect(codes).toEqual('755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'.split(' '));
});

describe('a typed code', () => {
  const seed = newTotpSeed();
  const now = new Date('2026-06-01T12:00:10Z');
  const step = totpStep(now);

  it('is known a step early and a step late, with blanks in it, and no further', () => {
    for (const drift of [-1, 0, 1]) {
      const code = totpCode(seed, step + drift);
      // Two neighbours may by chance have the same code.
      expect(matchingStep(seed, ` ${code.slice(0, 3)} ${code.slice(3)}`, now)).toBeGreaterThanOrEqual(step + drift);
    }
    const near = [-1, 0, 1].map((drift) => totpCode(seed, step + drift));
    for (const drift of [-3, 3]) {
      const code = totpCode(seed, step + drift);
      if (!near.includes(code)) expect(matchingStep(seed, code, now)).toBeNull();
    }
  });

  it.each(['', '12345', '1234567', 'abcdef', '١٢٣٤٥٦'])('is not %j', (code) => {
    expect(matchingStep(seed, code, now)).toBeNull();
  });
});

// RFC 4648 §10.
it.each([
  ['', ''],
  ['f', 'MY'],
  ['fo', 'MZXQ'],
  ['foo', 'MZXW6'],
  ['foob', 'MZXW6YQ'],
  ['fooba', 'MZXW6YTB'],
  ['foobar', 'MZXW6YTBOI'],
])('base32 of %j is %s', (text, expected) => {
  expect(base32(Buffer.from(text))).toBe(expected);
});

it('the address for the app names account and server, escaped', () => {
  const url = otpauthUrl(SEEDS.sha1, 'erika&co@example.org', 'Deye Hard');
  expect(url).toBe(
    'otpauth://totp/Deye%20Hard:erika%26co%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Deye%20Hard',
  );
});
