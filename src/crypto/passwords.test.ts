import { parseOptions } from '@node-rs/argon2';
import { describe, expect, it } from 'vitest';
import { argon2id, DUMMY_HASH } from './passwords.ts';

describe('argon2id', () => {
  it('accepts the password and no other', async () => {
    const stored = await argon2id.hash('Sonnenschein 2026');
    expect(stored).toMatch(/^\$argon2id\$/);
    expect(await argon2id.verify(stored, 'Sonnenschein 2026')).toBe(true);
    expect(await argon2id.verify(stored, 'sonnenschein 2026')).toBe(false);
  });

  it('salts', async () => {
    expect(await argon2id.hash('same')).not.toBe(await argon2id.hash('same'));
  });

  it('is false without a stored hash', async () => {
    expect(await argon2id.verify(null, 'anything')).toBe(false);
  });

  it('makes a stranger pay what a member pays', async () => {
    expect(parseOptions(DUMMY_HASH)).toEqual(parseOptions(await argon2id.hash('x')));
  });
});
