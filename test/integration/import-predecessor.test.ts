import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deviceEndpoints } from '../../src/api/index.ts';
import type { InstallationContext } from '../../src/cli/context.ts';
import { runImportPredecessor } from '../../src/cli/import-predecessor.ts';
import { hashApiKey } from '../../src/crypto/api-key.ts';
import { argon2id } from '../../src/crypto/passwords.ts';
import { createAccounts } from '../../src/services/accounts/accounts.ts';
import { createApiKeys } from '../../src/services/api-keys.ts';
import { importPredecessor } from '../../src/services/predecessor/import.ts';
import { addAccount, contents, energyOf, ingestOf, send } from '../support/backup-rig.ts';
import { dropBefore } from '../support/cold-weeks.ts';
import { failLoudly } from '../support/fail-loudly.ts';
import {
  createPredecessor,
  type FakePredecessor,
  fillDay,
  type Generation,
  HASHES,
  OLD_KEY,
} from '../support/fake-predecessor.ts';
import { readmePush } from '../support/readme-push.ts';
import { testApp } from '../support/test-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const NOW = new Date('2026-06-21T20:00:00Z');
const PASSWORD = 'Sonnenschein 2026';

const open: { drop(): Promise<void> }[] = [];
let whole: Awaited<ReturnType<typeof both>>;
afterAll(async () => {
  for (const database of open) await database.drop();
});

async function both(generation: Generation): Promise<{ old: FakePredecessor; db: TestDatabase }> {
  const old = await createPredecessor(generation);
  const db = await createTestDatabase();
  open.push(old, db);
  return { old, db };
}

const run = (db: TestDatabase, url: string, more: Partial<Parameters<typeof importPredecessor>[0]> = {}) =>
  importPredecessor({
    url,
    owner: db.owner,
    ingest: db.pools.ingest,
    timeZone: 'Europe/Berlin',
    retentionDays: 730,
    storeDcChannelData: true,
    now: NOW,
    ...more,
  });

async function rows<Row>(db: TestDatabase, text: string): Promise<Row[]> {
  const result = await db.owner((client) => client.query(text));
  return result.rows as Row[];
}

const addUser = (
  old: FakePredecessor,
  id: number,
  email: string,
  hash: string,
  key: string | null,
  flags = 'true, false, true',
) =>
  old.query(
    `INSERT INTO "user" (id, email, hashed_password, is_active, is_superuser, is_verified, first_name, last_name, api_key)
     VALUES ($1, $2, $3, ${flags}, 'Erika', 'Muster', $4)`,
    [id, email, hash, key],
  );
const addInverter = (old: FakePredecessor, id: number, user: number | null, serial: string) =>
  old.query(
    `INSERT INTO inverter (id, user_id, name, serial_logger, sw_version, rated_power, number_of_mppts) VALUES ($1, $2, $3, $4, '-', 800, 2)`,
    [id, user, `Dach ${id}`, serial],
  );

describe('what the predecessor had', () => {
  let old: FakePredecessor;
  let db: TestDatabase;
  let report: Awaited<ReturnType<typeof importPredecessor>>;

  beforeAll(async () => {
    whole = await both('whole numbers');
    ({ old, db } = whole);
    await addUser(old, 7, 'erika@example.org', HASHES.argon2id, OLD_KEY);
    await addUser(old, 8, 'Otto@example.org', HASHES.bcrypt, 'XYZA-BCDE-FGHJ-KMNP', 'true, true, false');
    await addUser(old, 9, 'gone@example.org', HASHES.bcrypt, 'secret of my own', 'false, false, true');
    await addInverter(old, 21, 7, '116166771004');
    await addInverter(old, 22, 8, '4151234567');
    await addInverter(old, 23, 8, 'HQ2132ABCDE');
    await addInverter(old, 24, null, '116166771099');
    await addInverter(old, 25, 7, 'with space');
    await old.query(`SELECT setval('user_id_seq', 40), setval('inverter_id_seq', 50)`);
    await fillDay(old, 'whole numbers', { user: 7, inverter: 21 }, '2026-06-20T06:00:00Z', 600);
    // What it stored again at every retry, and an orphan's row.
    await old.query(
      `INSERT INTO inverter_measurements SELECT * FROM inverter_measurements WHERE time < '2026-06-20T06:30:00Z'`,
    );
    await old.query(`INSERT INTO inverter_measurements VALUES ('2026-06-20T06:00:00Z', 7, 24, 5, NULL, NULL)`);
    await old.query(`INSERT INTO inverter_measurements VALUES ('2026-06-20T06:00:00Z', 8, 22, 211, 1100, 77),
                       ('2026-06-20T06:05:00Z', 8, 23, 348, NULL, 6515)`);
    await old.query(
      `INSERT INTO dc_channel_measurements VALUES ('2026-06-20T06:05:00Z', 8, 23, 1, 'PV', 348, 41, 8.4, 0, 0, 0)`,
    );
    report = await run(db, old.url);
  });

  it('is counted, and what was not taken is named', () => {
    expect(report).toEqual({
      accounts: { copied: 3, alreadyThere: 0, refused: 0 },
      apiKeys: { copied: 2, alreadyThere: 0, refused: 1 },
      inverters: { copied: 3, alreadyThere: 0, refused: 2 },
      samples: { copied: 602, alreadyThere: 0, duplicatesCollapsed: 30, refused: 1, tooOld: 0, late: 0 },
      refusals: [
        'API key of account 9: not of the form XXXX-XXXX-XXXX-XXXX; its devices need a new one',
        'inverter 24 (116166771099): its account was deleted there',
        expect.stringMatching(/^inverter 25 \(with space\): /),
      ],
    });
  });

  it('keeps its numbers, names and flags; keys are kept as hashes alone', async () => {
    expect(
      await rows(
        db,
        `SELECT id, email, first_name, is_admin, verified_at IS NOT NULL AS verified, disabled_at IS NOT NULL AS disabled
                      FROM api.user_account ORDER BY id`,
      ),
    ).toEqual([
      { id: 7, email: 'erika@example.org', first_name: 'Erika', is_admin: false, verified: true, disabled: false },
      { id: 8, email: 'Otto@example.org', first_name: 'Erika', is_admin: true, verified: false, disabled: false },
      { id: 9, email: 'gone@example.org', first_name: 'Erika', is_admin: false, verified: true, disabled: true },
    ]);
    expect(
      await rows(db, 'SELECT id, user_id, kind, serial, name, rated_power_w, mppt_count FROM api.inverter ORDER BY id'),
    ).toEqual([
      {
        id: 21,
        user_id: 7,
        kind: 'opendtu',
        serial: '116166771004',
        name: 'Dach 21',
        rated_power_w: 800,
        mppt_count: 2,
      },
      {
        id: 22,
        user_id: 8,
        kind: 'solarman',
        serial: '4151234567',
        name: 'Dach 22',
        rated_power_w: 800,
        mppt_count: 2,
      },
      {
        id: 23,
        user_id: 8,
        kind: 'victron',
        serial: 'hq2132abcde',
        name: 'Dach 23',
        rated_power_w: 800,
        mppt_count: 2,
      },
    ]);
    const keys = await rows<{ key_hash: Buffer }>(
      db,
      'SELECT user_id, scope, key_hash, name FROM api.api_key ORDER BY user_id',
    );
    expect(keys[0]).toMatchObject({ user_id: 7, scope: 'ingest', key_hash: hashApiKey(OLD_KEY) });
    expect(JSON.stringify(keys)).not.toContain(OLD_KEY);
    expect(await rows(db, 'SELECT inverter_id, channel, device_name FROM api.channel ORDER BY 1, 2')).toEqual([
      { inverter_id: 21, channel: 1, device_name: 'Modul 1' },
      { inverter_id: 21, channel: 2, device_name: 'Modul 2' },
      { inverter_id: 23, channel: 1, device_name: 'PV' },
    ]);
  });

  it('gives no number of its a second time', async () => {
    expect((await addAccount(db, 'new', '116166771005')).id).toBe(41);
    expect(await rows(db, 'SELECT max(id) AS id FROM api.inverter')).toEqual([{ id: 51 }]);
  });

  it('comes to the energy its counters tell, in whole and by input', async () => {
    // Both inputs are cut to whole kWh: 12 → 14 and 8 → 9.
    expect((await energyOf(db)).find((e) => e.inverter_id === 21)).toEqual({
      inverter_id: 21,
      first_good: 20_000,
      booked: 3_000,
      quarters: 3_000,
    });
    const [parts] = await rows(db, 'SELECT booked_wh FROM store.counter WHERE inverter_id = 21');
    expect(parts).toEqual({ booked_wh: [3_000, 2_000, 1_000] });
    // Spread by power, not put where a counter moved.
    const [most] = await rows<{ wh: number }>(
      db,
      'SELECT max(energy_wh[1]) AS wh FROM store.energy_15m WHERE inverter_id = 21',
    );
    expect(most?.wh).toBeLessThan(200);
  });

  it('shows as unknown what the predecessor stored as 0 for want of a value', async () => {
    expect(
      await rows(
        db,
        'SELECT power_dw, voltage_dv, yield_total_wh, irradiation_cpct FROM store.dc_all WHERE inverter_id = 23',
      ),
    ).toEqual([{ power_dw: 3480, voltage_dv: 410, yield_total_wh: null, irradiation_cpct: null }]);
  });

  it('lets everybody sign in with the password they have, and renews its hash', async () => {
    const accounts = createAccounts({ ...db, onError: failLoudly, timeZone: 'Europe/Berlin' });
    const client = { address: '192.0.2.1', userAgent: null };
    for (const [email, id] of [
      ['erika@example.org', 7],
      ['otto@example.org', 8],
    ] as const) {
      await expect(accounts.signIn(email, `${PASSWORD}x`, client, NOW)).rejects.toThrow('wrong');
      expect((await accounts.signIn(email, PASSWORD, client, NOW)).user.id).toBe(id);
      const [row] = await rows<{ password_hash: string }>(
        db,
        `SELECT password_hash FROM api.user_account WHERE id = ${id}`,
      );
      expect(argon2id.isOutdated(row?.password_hash ?? '')).toBe(false);
      expect((await accounts.signIn(email, PASSWORD, client, NOW)).user.id).toBe(id);
    }
    await expect(accounts.signIn('gone@example.org', PASSWORD, client, NOW)).rejects.toThrow('wrong');
  });

  it('lets every device push on with the key it has', async () => {
    const ingest = ingestOf(db, () => NOW);
    const apiKeys = createApiKeys({ pools: db.pools, onError: failLoudly });
    const running = await testApp([deviceEndpoints({ ingest: ingest.intake, now: () => NOW })], {
      apiKeys,
      now: () => NOW,
    });
    const push = (key: string) =>
      running.inject({
        method: 'POST',
        url: '/api/opendtu/measurements',
        headers: { 'x-api-key': key },
        payload: readmePush(new Date(NOW.getTime() - 60_000)),
      });
    expect((await push(OLD_KEY)).json()).toMatchObject({
      success_count: 1,
      results: [{ status: 'ok', inverter_id: 21 }],
    });
    // Another's key does not reach this inverter.
    expect((await push('XYZA-BCDE-FGHJ-KMNP')).json()).toMatchObject({ success_count: 0 });
    await running.app.close();
    await apiKeys.settled();
    await ingest.drain();
  });

  it('is there once, however often it is brought over; what came there meanwhile is added', async () => {
    const before = await contents(db, []);
    const again = await run(db, old.url);
    expect(again).toMatchObject({
      accounts: { copied: 0, alreadyThere: 3 },
      apiKeys: { copied: 0, alreadyThere: 2 },
      inverters: { copied: 0, alreadyThere: 3 },
      samples: { copied: 0, alreadyThere: 602 },
    });
    expect(await contents(db, [])).toEqual(before);
    await old.query(`INSERT INTO inverter_measurements VALUES ('2026-06-20T06:10:00Z', 8, 22, 212, 1120, 77)`);
    expect((await run(db, old.url)).samples).toMatchObject({ copied: 1, late: 0 });
  });
});

describe('an import', () => {
  let taken: Awaited<ReturnType<typeof both>>;

  it('takes fractions as they are', async () => {
    const { old, db } = await both('floating point');
    await addUser(old, 1, 'erika@example.org', HASHES.bcrypt, null);
    await addInverter(old, 1, 1, '116166771004');
    await fillDay(old, 'floating point', { user: 1, inverter: 1 }, '2026-06-20T06:00:00Z', 120);
    await run(db, old.url);
    const [energy] = await energyOf(db);
    // 119 minutes of 5 Wh and of 2.5 Wh, the latter rounded from a double at both ends.
    expect(energy).toMatchObject({ booked: 893, quarters: 893 });
    const [row] = await rows(
      db,
      'SELECT power_dw, voltage_dv, irradiation_cpct FROM store.dc_all WHERE channel = 1 LIMIT 1',
    );
    expect(row).toEqual({ power_dw: 3004, voltage_dv: 308, irradiation_cpct: 5550 });
  });

  it('of a database from before there were inputs has estimated energy', async () => {
    const { old, db } = await both('early');
    await old.query(
      `INSERT INTO "user" VALUES (3, 'erika@example.org', '${HASHES.bcrypt}', true, false, true, 'E', 'M')`,
    );
    await old.query(`INSERT INTO inverter VALUES (4, 3, 'Dach', '4151234567', '-')`);
    await old.query(`INSERT INTO inverter_measurements SELECT '2026-06-20T06:00:00Z'::timestamptz + make_interval(mins => m), 3, 4, 600
                     FROM generate_series(0, 60) m`);
    expect((await run(db, old.url)).samples.copied).toBe(61);
    const [sum] = await rows(
      db,
      'SELECT sum(energy_wh[1])::int AS wh, sum(estimated_wh[1])::int AS estimated FROM store.energy_15m',
    );
    expect(sum).toEqual({ wh: 600, estimated: 600 });
  });

  it('leaves out, and names, what has its number or address here already', async () => {
    taken = await both('early');
    const { old, db } = taken;
    const mine = await addAccount(db, 'admin', '116100000009');
    await old.query(`INSERT INTO "user" VALUES (${mine.id}, 'other@example.org', '${HASHES.bcrypt}', true, false, true, 'E', 'M'),
                       (90, 'Admin@example.org', '${HASHES.bcrypt}', true, false, true, 'E', 'M'),
                       (91, 'plain@example.org', 'Sonnenschein 2026', true, false, true, 'E', 'M'),
                       (92, 'erika@example.org', '${HASHES.bcrypt}', true, false, true, 'E', 'M')`);
    await old.query(
      `INSERT INTO inverter VALUES (${mine.inverterId}, 92, 'Dach', '4151234567', '-'), (95, 90, 'Dach', '4151234568', '-')`,
    );
    const before = await rows(db, `SELECT * FROM api.user_account WHERE id = ${mine.id}`);
    const { refusals, accounts } = await run(db, old.url);
    expect(accounts).toEqual({ copied: 1, alreadyThere: 0, refused: 3 });
    expect(refusals).toEqual([
      `account ${mine.id} (other@example.org): the number belongs to admin@example.org here`,
      `account 90 (Admin@example.org): the address belongs to account ${mine.id} here`,
      'account 91 (plain@example.org): its password is stored in a form that cannot be checked',
      `inverter ${mine.inverterId} (4151234567): the number belongs to opendtu 116100000009 here`,
      'inverter 95 (4151234568): its account 90 was not taken',
    ]);
    expect(await rows(db, `SELECT * FROM api.user_account WHERE id = ${mine.id}`)).toEqual(before);
  });

  it('keeps the energy of samples that are too old to be kept, and never books it again', async () => {
    const { old, db } = await both('floating point');
    await addUser(old, 1, 'erika@example.org', HASHES.bcrypt, null);
    await addInverter(old, 1, 1, '116166771004');
    await fillDay(old, 'floating point', { user: 1, inverter: 1 }, '2024-03-01T08:00:00Z', 120);
    await run(db, old.url);
    const booked = await energyOf(db);
    expect(booked[0]?.quarters).toBe(893);
    await db.owner((client) => dropBefore(client, new Date('2024-06-21T20:00:00Z')));
    expect(await rows(db, 'SELECT count(*)::int AS n FROM store.ac_all')).toEqual([{ n: 0 }]);
    expect((await run(db, old.url)).samples).toMatchObject({ copied: 0, tooOld: 120 });
    expect(await energyOf(db)).toEqual(booked);
    expect(await rows(db, 'SELECT count(*)::int AS n FROM store.late_sample')).toEqual([{ n: 0 }]);
  });

  it('after devices were moved over marks their older samples as late, for the worker to book', async () => {
    const { old, db } = await both('floating point');
    await addUser(old, 1, 'erika@example.org', HASHES.bcrypt, null);
    await addInverter(old, 1, 1, '116166771004');
    await run(db, old.url);
    const ingest = ingestOf(db, () => NOW);
    const account = { id: 1, email: '', marker: '', inverterId: 1, serial: '116166771004', key: '' };
    await send(ingest, account, '2026-06-21T10:00:00Z', 3, 20_000);
    await ingest.drain();
    await fillDay(old, 'floating point', { user: 1, inverter: 1 }, '2026-06-20T06:00:00Z', 120);
    expect((await run(db, old.url)).samples).toMatchObject({ copied: 120, late: 120 });
    expect(await rows(db, 'SELECT count(*)::int AS n FROM store.late_sample')).toEqual([{ n: 120 }]);
  });

  it('refuses a login that is shown only a part, and a database of another kind', async () => {
    const { old, db } = whole;
    await expect(run(db, old.strangerUrl)).rejects.toThrow(/Row security hides rows of "inverter_measurements"/);
    await expect(run(db, db.adminUrl)).rejects.toThrow(/not the predecessor's database/);
    await old.query('DROP TABLE inverter_measurements');
    await expect(run(db, old.url)).rejects.toThrow(/no table "inverter_measurements"/);
  });

  it('says on the command line what it did, and never the password it was given', async () => {
    const { old, db } = taken;
    const call = async (...args: string[]) => {
      const said: string[] = [];
      const context: InstallationContext = {
        out: (text) => said.push(text),
        err: (text) => said.push(text),
        stdin: process.stdin,
        signal: new AbortController().signal,
        openDatabase: async () => ({
          owner: db.owner,
          close: async () => undefined,
          authSecret: db.authSecret,
          timeZone: 'Europe/Berlin',
          encryptionKeys: [],
          retentionDays: 730,
          storeDcChannelData: true,
          openPools: () => ({ ...db.pools, end: async () => undefined }),
        }),
      };
      return { exit: await runImportPredecessor(args, context), said: said.join('\n') };
    };
    const done = await call(old.url.replace('postgresql://', 'postgresql+asyncpg://'));
    expect(done.exit).toBe(0);
    expect(done.said).toMatch(/^accounts +0 copied, 1 already there, 3 not taken$/m);
    expect(done.said).toContain('account 91 (plain@example.org)');
    for (const wrong of ['http://u:geheim@h/x', 'postgresql://u:geheim@127.0.0.1:1/x']) {
      const { exit, said } = await call(wrong);
      expect(exit).toBeGreaterThan(0);
      expect(said).not.toContain('geheim');
    }
    expect((await call()).exit).toBe(2);
  });
});
