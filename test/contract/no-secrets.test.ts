import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { secretsIn } from '../support/no-secrets.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'deye-hard-secrets-'));
mkdirSync(join(dataDir, 'secrets'));
writeFileSync(join(dataDir, 'secrets/auth_secret'), 'm8Jx-2kQ_vB7nR4tY6wZ1pL3sD5fG9hK\n');
afterAll(() => rmSync(dataDir, { recursive: true }));

it.each([
  ['a session token', '{"msg":"token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0AAAA.c2lnbmF0dXJlLXdpdGgtbGVuZ3Ro"}'],
  ['an API key', '{"header":"ABCD-EFGH-JKMN-PQRS"}'],
  ['a password hash', '{"row":"$argon2id$v=19$m=19456"}'],
  ['a database password', '{"msg":"connecting to postgresql://deye:Sonnenhof9@db/deye_hard"}'],
  ['a second factor', '{"url":"/x?secret=JBSWY3DPEHPK3PXPJBSW"}'],
  ['a Fernet token', '{"sealed":"gAAAAABh_abcdefghijklmnopqrstuvwxyz"}'],
  ['auth_secret', '{"msg":"signed with m8Jx-2kQ_vB7nR4tY6wZ1pL3sD5fG9hK"}'],
])('what the tests of whole processes look for in their logs: %s', (what, line) => {
  expect(secretsIn(`{"msg":"ready"}\n${line}\n`, dataDir)).toEqual([`${what} in: ${line}`]);
});

it('does not take numbers, times and addresses for secrets', () => {
  const log =
    '{"time":"2026-06-01T12:00:00Z","serial":"4151-2345-6789-0123","id":"a81bc81b-dead-4e5d-abff-90865d1e13b1"}';
  expect(secretsIn(`${log}\n  http://localhost:8000/setup?token=abc\n`, dataDir)).toEqual([]);
});
