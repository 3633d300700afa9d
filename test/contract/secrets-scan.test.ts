import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { findSecrets } from '../../scripts/secrets-scan.ts';

/** Put together here: written out they would be found in this very file. */
const random = (bytes: number): string => randomBytes(bytes).toString('hex');
const PLANTED = {
  'a private key': `-----BEGIN RSA ${'PRIVATE'} KEY-----`,
  'an AWS key': `AKIA${'Q'.repeat(16)}`,
  'a GitHub token': `ghp_${random(18)}`,
  'an npm token': `npm_${random(18)}`,
  'a Slack token': `xoxb-${random(12)}`,
  'a Google key': `AIza${random(18).slice(0, 35)}`,
  'a JSON web token': ['eyJhbGciOiJIUzI1NiJ9', `eyJ${random(10)}`, random(20)].join('.'),
  'a password in an address': `postgresql://anna:${random(8)}@db.example.org/solar`,
  'a Fernet key': `${randomBytes(32).toString('base64url')}=`,
  'a random value for a secret': `AUTH_SECRET=${random(20)}`,
};

describe('the scan for secrets', () => {
  it.each(Object.entries(PLANTED))('finds %s', (what, text) => {
    const found = findSecrets('src/http/app.ts', `first\nconst it = '${text}';`);
    expect(found).toContainEqual(expect.objectContaining({ line: 2, what }));
  });

  it('finds a real one beside a published example, also in a test', () => {
    expect(findSecrets('test/x.test.ts', PLANTED['a GitHub token'])).toHaveLength(1);
    expect(findSecrets('docs/backup.md', PLANTED['a password in an address'])).toHaveLength(1);
  });

  it('leaves alone what only speaks of secrets', () => {
    const text = [
      'const password = readPassword();',
      ['AUTH_SECRET=$', '{AUTH_SECRET:?missing}'].join(''),
      'postgresql://user:password@host:5432/db',
    ];
    expect(findSecrets('docs/deployment.md', text.join('\n'))).toEqual([]);
  });
});
