import { describe, expect, it } from 'vitest';
import { apiKeyHint, hashApiKey, isApiKey, newApiKey } from './api-key.ts';

describe('API keys', () => {
  it('have the predecessor’s format and do not repeat', () => {
    const keys = Array.from({ length: 500 }, newApiKey);
    expect(new Set(keys).size).toBe(500);
    for (const key of keys) expect(key).toMatch(/^[A-Z2-9]{4}(-[A-Z2-9]{4}){3}$/);
    // All 31 characters occur and none that is misread: 8 000 draws miss one with a chance below 1e-110.
    expect([...new Set(keys.join('').replaceAll('-', ''))].sort().join('')).toBe('23456789ABCDEFGHJKMNPQRSTUVWXYZ');
  });

  it.each([
    ['ABCD-EFGH-JKMN-PQRS', true],
    [' ABCD-EFGH-JKMN-PQRS', false],
    ['ABCD-EFGH-JKMN-PQRS\n', false],
    ['abcd-efgh-jkmn-pqrs', false],
    ['ABCD-EFGH-JKMN-PQR', false],
    ['ABCD-EFGH-JKMN-PQRO', false],
    ['ABCDEFGHJKMNPQRS', false],
    ['test-api-key-here', false],
    ['', false],
  ])('%j is a key: %s', (text, expected) => {
    expect(isApiKey(text)).toBe(expected);
  });

  it('are stored as SHA-256 and shown by their last group', () => {
    expect(hashApiKey('ABCD-EFGH-JKMN-PQRS')).toHaveLength(32);
    expect(apiKeyHint('ABCD-EFGH-JKMN-PQRS')).toBe('…PQRS');
  });
});
