import { describe, expect, it } from 'vitest';
import { Fernet, FernetError } from './fernet.ts';

// The acceptance vectors of https://github.com/fernet/spec: generate.json, verify.json and invalid.json.
const SECRET = 'cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=';
const HELLO = 'gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==';
const MADE_AT = new Date('1985-10-26T01:20:00-07:00');
const SECOND_LATER = '1985-10-26T01:20:01-07:00';

const INVALID = [
  {
    desc: 'incorrect mac',
    token: 'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykQUFBQUFBQUFBQQ==',
    now: SECOND_LATER,
  },
  {
    desc: 'too short',
    token: 'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA==',
    now: SECOND_LATER,
  },
  {
    desc: 'invalid base64',
    token: '%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==',
    now: SECOND_LATER,
  },
  {
    desc: 'payload size not multiple of block size',
    token: 'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPOm73QeoCk9uGib28Xe5vz6oxq5nmxbx_v7mrfyudzUm',
    now: SECOND_LATER,
  },
  {
    desc: 'payload padding error',
    token: 'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-JkLPIpuiYRLQ3RtXatOYREu2FWke6CnJNYIbkuKNqOhw==',
    now: SECOND_LATER,
  },
  {
    desc: 'far-future TS (unacceptable clock skew)',
    token: 'gAAAAAAdwStRAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAnja1xKYyhd-Y6mSkTOyTGJmw2Xc2a6kBd-iX9b_qXQcw==',
    now: SECOND_LATER,
  },
  {
    desc: 'expired TTL',
    token: 'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==',
    now: '1985-10-26T01:21:31-07:00',
  },
  {
    desc: 'incorrect IV (causes padding error)',
    token: 'gAAAAAAdwJ6xBQECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAkLhFLHpGtDBRLRTZeUfWgHSv49TF2AUEZ1TIvcZjK1zQ==',
    now: SECOND_LATER,
  },
];

describe('Fernet, the vectors of the specification', () => {
  it('generates the token of generate.json', () => {
    const iv = Buffer.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
    expect(new Fernet([SECRET]).encrypt('hello', MADE_AT, iv)).toBe(HELLO);
  });

  it('verifies the token of verify.json', () => {
    expect(new Fernet([SECRET]).decrypt(HELLO, new Date(SECOND_LATER), 60).toString()).toBe('hello');
  });

  it.each(INVALID)('refuses: $desc', ({ token, now }) => {
    expect(() => new Fernet([SECRET]).decrypt(token, new Date(now), 60)).toThrow(FernetError);
  });
});

describe('Fernet', () => {
  const first = Buffer.alloc(32, 1).toString('base64url');
  const second = Buffer.alloc(32, 2).toString('base64url');
  const now = new Date('2026-06-01T12:00:00Z');

  it('encrypts with the first key and decrypts with all of them', () => {
    const old = new Fernet([second]).encrypt('kept', now);
    expect(new Fernet([first, second]).decrypt(old, now).toString()).toBe('kept');
    const fresh = new Fernet([first, second]).encrypt('new', now);
    expect(new Fernet([first]).decrypt(fresh, now).toString()).toBe('new');
    expect(() => new Fernet([second]).decrypt(fresh, now)).toThrow(FernetError);
  });

  it.each([
    ['a blank in it', `${HELLO.slice(0, 20)} ${HELLO.slice(20)}`],
    ['signs of the other base64', HELLO.replace('_', '/')],
    ['something behind it', `${HELLO}AAAA`],
    ['only its version', 'gA=='],
    ['nothing at all', ''],
  ])('refuses a good token with %s', (_, token) => {
    const fernet = new Fernet([SECRET]);
    expect(() => fernet.decrypt(token, MADE_AT, 60)).toThrow(FernetError);
    expect(() => fernet.decrypt(token, MADE_AT)).toThrow(FernetError);
  });

  it('never makes the same token twice', () => {
    const fernet = new Fernet([first]);
    expect(fernet.encrypt('x', now)).not.toBe(fernet.encrypt('x', now));
  });

  it('keeps messages of every length, empty and full blocks too', () => {
    const fernet = new Fernet([first]);
    for (const length of [0, 1, 15, 16, 17, 31, 32, 1000]) {
      const message = Buffer.alloc(length, 'ä');
      expect(fernet.decrypt(fernet.encrypt(message, now), now).equals(message)).toBe(true);
    }
  });

  it('does not look at the age where none was asked for', () => {
    const token = new Fernet([first]).encrypt('stored', now);
    expect(new Fernet([first]).decrypt(token, new Date('2036-01-01')).toString()).toBe('stored');
    expect(new Fernet([first]).decrypt(token, new Date('2016-01-01')).toString()).toBe('stored');
  });

  it.each([[[]], [['short']], [[`${first}x`]], [[Buffer.alloc(31).toString('base64url')]]])(
    'refuses keys %j',
    (keys) => {
      expect(() => new Fernet(keys)).toThrow(FernetError);
    },
  );
});
