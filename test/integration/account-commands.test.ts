import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiKey } from '../../src/cli/api-key.ts';
import type { CliContext } from '../../src/cli/context.ts';
import { inverter } from '../../src/cli/inverter.ts';
import { user } from '../../src/cli/user.ts';
import { NotSignedIn } from '../../src/domain/errors.ts';
import { type Accounts, createAccounts } from '../../src/services/accounts/accounts.ts';
import { createApiKeys } from '../../src/services/api-keys.ts';
import { failLoudly } from '../support/fail-loudly.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

type Command = (args: string[], context: CliContext) => Promise<number>;

let database: TestDatabase;
let accounts: Accounts;
let open = 0;
let opened = 0;
const now = new Date();
const client = { address: '192.0.2.1', userAgent: null };

beforeAll(async () => {
  database = await createTestDatabase();
  accounts = createAccounts({ ...database, onError: failLoudly, timeZone: 'Europe/Berlin' });
});
afterAll(() => database.drop());

interface Outcome {
  exit: number;
  out: string;
  err: string;
}

async function run(command: Command, args: string[], stdin = ''): Promise<Outcome> {
  const out: string[] = [];
  const err: string[] = [];
  const exit = await command(args, {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    stdin: Readable.from(stdin === '' ? [] : [stdin]),
    async openDatabase() {
      open++;
      opened++;
      return {
        owner: database.owner,
        authSecret: database.authSecret,
        timeZone: 'Europe/Vienna',
        close: async () => {
          open--;
        },
      };
    },
  });
  expect(open, 'databases left open').toBe(0);
  return { exit, out: out.join('\n'), err: err.join('\n') };
}

async function runJson<T>(command: Command, args: string[], stdin?: string): Promise<T> {
  const { exit, out, err } = await run(command, [...args, '--json'], stdin);
  expect({ exit, err }).toEqual({ exit: 0, err: '' });
  return JSON.parse(out) as T;
}

let people = 0;
async function person(): Promise<{ id: number; email: string }> {
  const email = `member${++people}@example.org`;
  return runJson(user, ['create', '--email', email, '--password', 'Abendrot 2026', '--verified']);
}

async function rows<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
  return database.owner(async (owner) => (await owner.query(text, values)).rows as Row[]);
}

describe('user create', () => {
  it('makes an account that can sign in, with a site in the server’s zone', async () => {
    const names = ['--first-name', 'Erika', '--last-name', ' Muster'];
    const args = ['create', '--email', ' Erika@Example.org ', '--password', 'Abendrot 2026', ...names];
    const made = await runJson<{ id: number; email: string }>(user, args);
    expect(Object.keys(made)).toEqual(['id', 'email']);
    const { user: found } = await accounts.signIn('erika@example.org', 'Abendrot 2026', client, now);
    expect(found).toMatchObject({
      id: made.id,
      firstName: 'Erika',
      lastName: 'Muster',
      isAdmin: false,
      isVerified: false,
    });
    expect(await rows('SELECT time_zone FROM api.site WHERE user_id = $1', [made.id])).toEqual([
      { time_zone: 'Europe/Vienna' },
    ]);
  });

  it('makes administrators, who need no confirmation, and verified accounts', async () => {
    for (const [flag, expected] of [
      ['--admin', { isAdmin: true, isVerified: true }],
      ['--verified', { isAdmin: false, isVerified: true }],
    ] as const) {
      const email = `${flag.slice(2)}@example.org`;
      await runJson(user, ['create', '--email', email, '--password', 'Abendrot 2026', flag]);
      expect((await accounts.signIn(email, 'Abendrot 2026', client, now)).user).toMatchObject(expected);
    }
  });

  it('reads the password from standard input, without the line’s end', async () => {
    for (const [n, text] of ['Mond & Sterne\n', 'Mond & Sterne\r\nrest', 'Mond & Sterne'].entries()) {
      const email = `stdin${n}@example.org`;
      await runJson(user, ['create', '--email', email, '--password-stdin'], text);
      expect((await accounts.signIn(email, 'Mond & Sterne', client, now)).user.email).toBe(email);
    }
  });

  it('makes a password up where none is given, and prints it', async () => {
    const made = await runJson<{ password: string }>(user, ['create', '--email', 'made-up@example.org']);
    expect(made.password).toMatch(/^[\w-]{20}$/);
    await accounts.signIn('made-up@example.org', made.password, client, now);
    const { out } = await run(user, ['create', '--email', 'made-up2@example.org']);
    const password = /once: ([\w-]{20})$/.exec(out)?.[1] ?? '';
    await accounts.signIn('made-up2@example.org', password, client, now);
  });

  it('fails for a taken address, in any spelling of its letters', async () => {
    const { email } = await person();
    const { exit, err } = await run(user, ['create', '--email', email.toUpperCase(), '--password', 'Abendrot 2026']);
    expect(exit).toBe(1);
    expect(err).toMatch(/already/);
  });
});

describe('wrong usage', () => {
  const mail = ['--email', 'someone@example.org'];
  it.each<[Command, string[], RegExp]>([
    [user, [], /user create/],
    [user, ['creat'], /no "creat"/],
    [user, ['create'], /--email is missing/],
    [user, ['create', '--email', ''], /--email is missing/],
    [user, ['create', '--email', 'no address', '--password', 'Abendrot 2026'], /email/],
    [user, ['create', ...mail, '--password', 'short'], /at least 8/],
    [user, ['create', ...mail, '--password', 'PASSWORD123'], /guessed/],
    [user, ['create', ...mail, '--password', 'x'.repeat(1025)], /at most 1024/],
    [user, ['create', ...mail, '--password-stdin'], /at least 8/],
    [user, ['create', ...mail, '--password', 'Abendrot 2026', '--password-stdin'], /not both/],
    [user, ['create', ...mail, '--admim'], /--admim/],
    [user, ['create', ...mail, 'rest'], /rest/],
    [user, ['set-password', ...mail, '--password', 'short'], /at least 8/],
    [user, ['list', ...mail], /--email/],
    [apiKey, ['create', ...mail], /--name is missing/],
    [apiKey, ['create', ...mail, '--name', 'x', '--scope', 'all'], /--scope/],
    [inverter, ['add', ...mail, '--serial', '1', '--name', 'x'], /--kind is missing/],
    [inverter, ['add', ...mail, '--serial', '1', '--name', 'x', '--kind', 'fronius'], /--kind/],
    [inverter, ['add', ...mail, '--serial', '12a', '--name', 'x', '--kind', 'solarman'], /serial/],
    [inverter, ['add', ...mail, '--serial', '1', '--name', 'x'.repeat(101), '--kind', 'opendtu'], /--name/],
    [
      inverter,
      ['add', ...mail, '--serial', '1', '--name', 'x', '--kind', 'opendtu', '--rated-power', '1.5'],
      /--rated-power/,
    ],
    [
      inverter,
      ['add', ...mail, '--serial', '1', '--name', 'x', '--kind', 'opendtu', '--time-zone', 'Mars/Base'],
      /--time-zone/,
    ],
    [
      inverter,
      ['add', ...mail, '--serial', '1', '--name', 'x', '--kind', 'opendtu', '--time-zone', '+02:00'],
      /--time-zone/,
    ],
  ])('%# exits 2, says why and opens no database', async (command, args, why) => {
    opened = 0;
    const { exit, out, err } = await run(command, args);
    expect({ exit, out, opened }).toEqual({ exit: 2, out: '', opened: 0 });
    expect(err).toMatch(why);
  });

  it.each<[Command, string[]]>([
    [user, ['--help']],
    [user, ['create', '--help']],
    [user, ['list', '--help']],
    [user, ['set-password', '--help']],
    [user, ['disable', '--help']],
    [apiKey, ['--help']],
    [apiKey, ['create', '--help']],
    [inverter, ['add', '--help']],
  ])('%# is explained with --help', async (command, args) => {
    opened = 0;
    const { exit, out } = await run(command, args);
    expect({ exit, opened }).toEqual({ exit: 0, opened: 0 });
    expect(out).toMatch(/deye-hard/);
  });

  it.each<[Command, string[]]>([
    [user, ['disable', '--email', 'nobody@example.org']],
    [user, ['set-password', '--email', 'nobody@example.org', '--password', 'Abendrot 2026']],
    [apiKey, ['create', '--email', 'nobody@example.org', '--name', 'x']],
    [inverter, ['add', '--email', 'nobody@example.org', '--serial', '1', '--name', 'x', '--kind', 'opendtu']],
  ])('%# is not an unknown account: exit 1', async (command, args) => {
    const { exit, err } = await run(command, args);
    expect(exit).toBe(1);
    expect(err).toMatch(/no account/);
  });

  it('lets bugs through, with the database closed', async () => {
    const broken = run(
      async (args, context) =>
        user(args, {
          ...context,
          openDatabase: async () => ({
            ...(await context.openDatabase()),
            owner: () => Promise.reject(new Error('a bug')),
          }),
        }),
      ['list'],
    );
    await expect(broken).rejects.toThrow('a bug');
    expect(open).toBe(0);
  });
});

describe('user list, set-password, disable', () => {
  it('lists everybody, without secrets', async () => {
    const { id, email } = await person();
    const all = await runJson<Record<string, unknown>[]>(user, ['list']);
    const found = all.find((account) => account['id'] === id);
    expect(found).toEqual({
      id,
      email,
      first_name: '',
      last_name: '',
      is_admin: false,
      is_verified: true,
      is_disabled: false,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
    });
    const { out } = await run(user, ['list']);
    expect(out).toContain(email);
    expect(out).not.toContain('argon2');
  });

  it('replaces a password and ends the sessions', async () => {
    const { email } = await person();
    const { token } = await accounts.signIn(email, 'Abendrot 2026', client, now);
    await runJson(user, ['set-password', '--email', email, '--password', 'Regenbogen 7']);
    await expect(accounts.identify(token, now)).rejects.toThrow(NotSignedIn);
    await expect(accounts.signIn(email, 'Abendrot 2026', client, now)).rejects.toThrow(NotSignedIn);
    await accounts.signIn(email, 'Regenbogen 7', client, now);
  });

  it('disables an account: session, sign-in and keys, nobody else’s', async () => {
    const { email } = await person();
    const bystander = await person();
    const keys = createApiKeys({ ...database, onError: () => undefined });
    const { key } = await runJson<{ key: string }>(apiKey, ['create', '--email', email, '--name', 'DTU']);
    const { token } = await accounts.signIn(email, 'Abendrot 2026', client, now);
    const { token: other } = await accounts.signIn(bystander.email, 'Abendrot 2026', client, now);
    expect((await run(user, ['disable', '--email', email])).out).toMatch(/disabled/);
    await expect(accounts.identify(token, now)).rejects.toThrow(NotSignedIn);
    await expect(accounts.signIn(email, 'Abendrot 2026', client, now)).rejects.toThrow(NotSignedIn);
    await expect(keys.identify(key, now)).rejects.toThrow(NotSignedIn);
    expect((await accounts.identify(other, now)).user.email).toBe(bystander.email);
    const listed = await runJson<{ email: string; is_disabled: boolean }[]>(user, ['list']);
    expect(listed.filter((a) => a.is_disabled).map((a) => a.email)).toEqual([email]);
  });
});

describe('api-key create', () => {
  it('prints a key once that works for that account', async () => {
    const { id: userId, email } = await person();
    const made = await runJson<{ id: number; name: string; scope: string; key: string }>(apiKey, [
      ...['create', '--email', email.toUpperCase(), '--name', ' Dach ', '--scope', 'full'],
    ]);
    expect(made).toMatchObject({ name: 'Dach', scope: 'full' });
    const keys = createApiKeys({ ...database, onError: () => undefined });
    const found = await keys.identify(made.key, now);
    await keys.settled();
    expect([found.user.id, found.keyId, found.scope]).toEqual([userId, made.id, 'full']);
  });

  it('gives only the right to send measurements where nothing is said', async () => {
    const { email } = await person();
    const { out } = await run(apiKey, ['create', '--email', email, '--name', 'DTU']);
    expect(out).toMatch(/\(ingest\).*\n[A-Z2-9-]{19}$/);
  });
});

describe('inverter add', () => {
  const add = (email: string, kind: string, serial: string, ...more: string[]): string[] => [
    ...['add', '--email', email, '--kind', kind, '--serial', serial, '--name', 'Balkon'],
    ...more,
  ];
  const stored = async (id: number): Promise<unknown> =>
    (
      await rows(
        `SELECT i.user_id, i.kind, i.serial, i.name, i.waiting, i.rated_power_w, s.time_zone
         FROM api.inverter i JOIN api.site s ON s.id = i.site_id WHERE i.id = $1`,
        [id],
      )
    )[0];

  it('registers a device that is active at once', async () => {
    const { id: userId, email } = await person();
    const args = add(email, 'opendtu', ' 2821A1B2C3D4 ', '--rated-power', '800');
    const made = await runJson<{ id: number }>(inverter, args);
    expect(made).toEqual({ id: made.id, serial: '2821a1b2c3d4', name: 'Balkon', kind: 'opendtu' });
    expect(await stored(made.id)).toEqual({
      user_id: userId,
      kind: 'opendtu',
      serial: '2821a1b2c3d4',
      name: 'Balkon',
      waiting: false,
      rated_power_w: 800,
      time_zone: 'Europe/Vienna',
    });
  });

  it('puts it at the site in its zone, which is made once', async () => {
    const { id: userId, email } = await person();
    for (const serial of ['1', '2']) {
      const made = await runJson<{ id: number }>(
        inverter,
        add(email, 'victron', serial, '--time-zone', 'europe/lisbon'),
      );
      expect(await stored(made.id)).toMatchObject({ time_zone: 'Europe/Lisbon' });
    }
    const sites = await rows('SELECT time_zone FROM api.site WHERE user_id = $1 ORDER BY id', [userId]);
    expect(sites).toEqual([{ time_zone: 'Europe/Vienna' }, { time_zone: 'Europe/Lisbon' }]);
  });

  it('is the proof a waiting logger needs, and empties the inbox of it', async () => {
    const { id: userId, email } = await person();
    await database.owner((owner) =>
      owner.query(
        `INSERT INTO api.inverter (user_id, site_id, kind, serial, name, waiting)
         SELECT $1, id, 'solarman', '2700000001', 'typed', true FROM api.site WHERE user_id = $1`,
        [userId],
      ),
    );
    await database.owner((owner) =>
      owner.query(
        `INSERT INTO api.pending_device (user_id, kind, serial, first_seen_at, last_seen_at)
         VALUES ($1, 'solarman', '2700000001', now(), now()), ($1, 'opendtu', '2700000001', now(), now())`,
        [userId],
      ),
    );
    const made = await runJson<{ id: number }>(inverter, add(email, 'solarman', '2700000001'));
    expect(await stored(made.id)).toMatchObject({ user_id: userId, name: 'Balkon', waiting: false });
    expect(await rows('SELECT kind FROM api.pending_device WHERE user_id = $1', [userId])).toEqual([
      { kind: 'opendtu' },
    ]);
  });

  it('fails for a device the account has, and for a logger active elsewhere, changing nothing', async () => {
    const first = await person();
    const second = await person();
    const made = await runJson<{ id: number }>(inverter, add(first.email, 'solarman', '2700000002'));
    const before = await stored(made.id);
    const again = await run(inverter, add(first.email, 'solarman', '2700000002', '--time-zone', 'Asia/Tokyo'));
    expect([again.exit, again.err]).toEqual([1, expect.stringMatching(/already/)]);
    const elsewhere = await run(inverter, add(second.email, 'solarman', '2700000002', '--time-zone', 'Asia/Tokyo'));
    expect([elsewhere.exit, elsewhere.err]).toEqual([1, expect.stringMatching(/another account/)]);
    expect(await stored(made.id)).toEqual(before);
    expect(await rows('SELECT FROM api.site WHERE user_id = ANY ($1)', [[first.id, second.id]])).toHaveLength(2);
    // The same number of another kind is another device.
    await runJson(inverter, add(second.email, 'opendtu', '2700000002'));
  });
});
