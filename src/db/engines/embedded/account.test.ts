import { describe, expect, test } from 'vitest';
import { parseAccounts, pickAccount } from './account.ts';

const passwd = `root:x:0:0:root:/root:/bin/bash
# a comment, and a line of an old directory service
+::::::
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash
ana:x:1000:1000:Ana:/home/ana:/bin/bash
`;
const all = parseAccounts(passwd);
const without = (...names: string[]) => all.filter(({ name }) => !names.includes(name));

describe('whom root lends PostgreSQL to', () => {
  test.each([
    ['the data’s owner before anybody else', all, { owners: [1000], sudo: { uid: 101, gid: 104 } }, 'ana'],
    ['not to root, whose folder it is', all, { owners: [0] }, 'postgres'],
    ['not to a number without a name', all, { owners: [4711], sudo: { uid: 4712, gid: 1 } }, 'postgres'],
    ['who called sudo', all, { owners: [0], sudo: { uid: 1000, gid: 1000 } }, 'ana'],
    ['not to root who called sudo', all, { owners: [], sudo: { uid: 0, gid: 0 } }, 'postgres'],
    ['nobody where there is no postgres', without('postgres'), { owners: [0] }, 'nobody'],
    ['no one where there is neither', without('postgres', 'nobody'), { owners: [0] }, undefined],
  ])('%s', (_case, accounts, wishes, name) => {
    expect(pickAccount(accounts, wishes)?.name).toBe(name);
  });

  test('with the group that sudo names', () => {
    expect(pickAccount(all, { owners: [], sudo: { uid: 1000, gid: 27 } })).toEqual({ name: 'ana', uid: 1000, gid: 27 });
  });
});
