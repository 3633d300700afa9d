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

/** `Sonnenschein 2026`, as the predecessor's libraries (pwdlib's Argon2id, passlib's bcrypt) would have stored it. */
const BROUGHT_ALONG = {
  argon2id: '$argon2id$v=19$m=65536,t=3,p=4$VDR0MQCGoF0dH8Yys8IvSw$QXYWWoG4c+7bz+DBLLacVZGmcw8krD+FXrrVxO8MgWo',
  bcrypt: '$2b$04$aA5XCMvVuGOncGBhla8us.RxOx7RALWOsZW9pxPCvf0uBXTEvUVOa',
};

describe('hashes that were brought along', () => {
  it.each(Object.entries(BROUGHT_ALONG))(
    'of %s accept the password and no other, and are to be renewed',
    async (_, stored) => {
      expect(await argon2id.verify(stored, 'Sonnenschein 2026')).toBe(true);
      expect(await argon2id.verify(stored, 'sonnenschein 2026')).toBe(false);
      expect(argon2id.isOutdated(stored)).toBe(true);
    },
  );

  it('are told from our own', async () => {
    expect(argon2id.isOutdated(await argon2id.hash('x'))).toBe(false);
  });
});
