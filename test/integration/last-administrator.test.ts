import { Readable } from 'node:stream';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { user } from '../../src/cli/user.ts';
import { asTenant } from '../../src/db/as-tenant.ts';
import { connectClient } from '../../src/db/client.ts';
import { Conflict } from '../../src/domain/errors.ts';
import { deleteAccount } from '../../src/store/account-flows.ts';
import { adminAct, asAdmin } from '../../src/store/admin-accounts.ts';
import { insertAccount } from '../../src/store/owner-accounts.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** Where there was an administrator who can sign in there is one afterwards, whoever does what and whoever else does it at once. */
let db: TestDatabase;
let anna: number;
let bert: number;
const now = new Date();

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

beforeEach(async () => {
  // No row's trigger stands in the way.
  await db.owner((owner) => owner.query('TRUNCATE api.user_account CASCADE'));
  [anna, bert] = [await administrator('anna@example.org'), await administrator('bert@example.org')];
});

const administrator = (email: string): Promise<number> =>
  db.owner((owner) =>
    insertAccount(owner, {
      ...{ email, passwordHash: 'x', firstName: '', lastName: '', timeZone: 'Europe/Berlin' },
      ...{ isAdmin: true, isVerified: true },
    }),
  );

async function left(): Promise<string[]> {
  const { rows } = await db.owner((owner) =>
    owner.query<{ email: string }>('SELECT email FROM api.user_account WHERE is_admin AND disabled_at IS NULL'),
  );
  return rows.map(({ email }) => email);
}

const remove = (id: number) => asTenant(db.pools.app, id, (tx) => deleteAccount(tx, now, ''));

async function disable(email: string): Promise<string> {
  const said: string[] = [];
  const say = (text: string) => said.push(text);
  const context = { out: say, err: say, stdin: Readable.from([]), openDatabase: async () => opened };
  const exit = await user(['disable', '--email', email], context);
  return `${exit}: ${said.join(' ')}`;
}
const opened = {
  owner: <T>(work: (client: pg.Client) => Promise<T>) => db.owner(work),
  authSecret: '',
  timeZone: 'Europe/Berlin',
  close: async () => undefined,
};

describe('the last administrator', () => {
  it('cannot delete the own account; one of two can', async () => {
    await remove(anna);
    const refused = await remove(bert).then(
      () => null,
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(Conflict);
    expect((refused as Conflict).details).toEqual({ reason: 'last' });
    expect(await left()).toEqual(['bert@example.org']);
  });

  it('is not disabled by the command line, which says why', async () => {
    expect(await disable('anna@example.org')).toMatch(/^0: .* is disabled/);
    expect(await disable('bert@example.org')).toMatch(/^1: This is the last administrator who can sign in\. Make /);
    expect(await left()).toEqual(['bert@example.org']);
    // Who is disabled already is none that would be missed.
    await remove(anna);
  });

  it('is left over where two take the role from each other', async () => {
    const outcomes = await Promise.allSettled(
      [
        [anna, bert],
        [bert, anna],
      ].map(([actor = 0, other = 0]) =>
        asAdmin(db.pools.admin, actor, (tx) => adminAct(tx, other, 'unmake-admin', now, '')),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await left()).toHaveLength(1);
  });
});

describe('of two who go at once the second is refused', () => {
  const DELETED = 'DELETE FROM api.user_account WHERE id = $1';
  const DISABLED = 'UPDATE api.user_account SET disabled_at = now() WHERE id = $1';
  const DEMOTED = 'UPDATE api.user_account SET is_admin = false WHERE id = $1';

  it.each([
    [DELETED, DISABLED],
    [DISABLED, DEMOTED],
    [DEMOTED, DELETED],
  ])('%s, and %s', async (one, two) => {
    const connection = { connectionString: db.adminUrl, options: `-c role=${db.roles.owner}` };
    const [a, b] = [await connectClient(connection), await connectClient(connection)];
    try {
      await a.query('BEGIN');
      await a.query(one, [anna]);
      const second = b.query(two, [bert]).then(
        () => 'done',
        (error: pg.DatabaseError) => error.constraint,
      );
      // Neither has been committed: the second cannot know yet, and waits.
      await expect.poll(waiting).toBe(1);
      await a.query('COMMIT');
      expect(await second).toBe('an_administrator_is_left');
      expect(await left()).toEqual(['bert@example.org']);
    } finally {
      await Promise.all([a.end(), b.end()]);
    }
  });

  async function waiting(): Promise<number> {
    const { rows } = await db.owner((owner) =>
      owner.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM pg_locks l JOIN pg_database d ON d.oid = l.database
         WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted`,
      ),
    );
    return rows[0]?.n ?? 0;
  }
});
