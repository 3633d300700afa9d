import { expect, it } from 'vitest';
import { newToken, sha256 } from './tokens.ts';

it('makes tokens of 256 bits that fit a URL and never repeat', () => {
  const tokens = new Set(Array.from({ length: 100 }, newToken));
  expect(tokens.size).toBe(100);
  for (const token of tokens) expect(token).toMatch(/^[\w-]{43}$/);
});

it('hashes with SHA-256 (FIPS 180-4, "abc")', () => {
  expect(sha256('abc').toString('hex')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});
