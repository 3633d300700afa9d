import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip, gunzipSync, gzipSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backup } from '../../src/cli/backup.ts';
import type { InstallationContext } from '../../src/cli/context.ts';
import { restore } from '../../src/cli/restore.ts';
import { withOwner } from '../../src/db/pools.ts';
import { FRAME } from '../../src/services/backup/format.ts';
import { FrameWriter, readFrames } from '../../src/services/backup/frames.ts';
import { verifyBackup } from '../../src/services/backup/read-backup.ts';
import { restoreBackup } from '../../src/services/backup/restore-backup.ts';
import { writeBackup } from '../../src/services/backup/write-backup.ts';
import { backupTables, LEFT_OUT } from '../../src/store/backup-tables.ts';
import {
  addAccount,
  contents,
  energyOf,
  type FilledAccount,
  figures,
  fillInstallation,
  ingestOf,
  NOW,
  ownTables,
  PACKED_WEEK,
  send,
} from '../support/backup-rig.ts';
import { coolWeek, makeRoom, ON_TIMESCALE } from '../support/cold-weeks.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const KEY = 'cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=';
const OTHER_KEY = '6DLfBB4KnMuChUJZsMHWz2kJTtNRNTTtoTCCbH7CYyw=';
const leftOut = Object.keys(LEFT_OUT);

let folder: string;
let source: TestDatabase;
let accounts: FilledAccount[];
/** Of an account that was deleted again. */
let goneId: number;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deye-hard-backup-'));
  file = join(folder, 'club.backup');
  source = await createTestDatabase();
  accounts = await fillInstallation(source);
  goneId = (await addAccount(source, 'gone', '116100000007')).id;
  await source.owner((client) => client.query('DELETE FROM api.user_account WHERE id = $1', [goneId]));
});
afterAll(async () => {
  await source.drop();
  await rm(folder, { recursive: true, force: true });
});

interface Outcome {
  exit: number;
  out: string;
  err: string;
}

async function run(
  command: (args: string[], context: InstallationContext) => Promise<number>,
  db: TestDatabase,
  args: string[],
  encryptionKeys = [KEY],
): Promise<Outcome> {
  const out: string[] = [];
  const err: string[] = [];
  const exit = await command(args, {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    stdin: process.stdin,
    signal: new AbortController().signal,
    openDatabase: async () => ({
      owner: db.owner,
      close: async () => undefined,
      authSecret: db.authSecret,
      timeZone: 'UTC',
      encryptionKeys,
      retentionDays: 730,
      storeDcChannelData: true,
      openPools: () => db.pools,
    }),
  });
  return { exit, out: out.join('\n'), err: err.join('\n') };
}

const write = (db: TestDatabase, to: string, more: Partial<Parameters<typeof writeBackup>[0]> = {}) =>
  writeBackup({ owner: db.owner, file: to, force: false, encryptionKeys: [KEY], now: NOW, ...more });

describe('a backup', () => {
  it('is made of every table there is, but for those left out for a reason', async () => {
    const { all, backed } = await source.owner(async (client) => ({
      all: (await ownTables(client)).map((table) => table.id),
      backed: (await backupTables(client)).map((table) => table.name),
    }));
    expect(backed.sort()).toEqual(all.filter((table) => !leftOut.includes(table)).sort());
  });

  it('is one file that only its owner may read, and says what is in it', async () => {
    const { exit, out, err } = await run(backup, source, [file]);
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['club.backup']);
    expect(out).toMatch(/ 2 {2}api\.user_account$/m);
    expect(out).toMatch(/club\.backup: [\d.]+ kB, 2 inverters, [\d.]+ kWh/);
    expect(out).toContain('ENCRYPTION_KEY');
  });

  it('holds neither the secrets nor anything a stranger could sign in with', async () => {
    const text = gunzipSync(await readFile(file)).toString('latin1');
    expect(text).toContain('alice@example.org');
    for (const secret of [KEY, source.authSecret, ...accounts.map((a) => a.key), 'one-time link']) {
      expect(text.includes(secret)).toBe(false);
    }
  });

  it('does not take the place of another file unless told to', async () => {
    const before = await readFile(file);
    expect(await run(backup, source, [file])).toMatchObject({ exit: 1, err: expect.stringContaining('--force') });
    expect(await readFile(file)).toEqual(before);
    expect((await run(backup, source, [file, '--force'])).exit).toBe(0);
  });

  it('that cannot be written says why in one line and leaves nothing behind', async () => {
    const before = await readdir(folder);
    const outcome = await run(backup, source, [join(folder, 'absent', 'x.backup')]);
    expect(outcome).toMatchObject({ exit: 1, err: expect.stringMatching(/^\S*absent.*no such file or directory/) });
    const interrupted = new AbortController();
    const half = join(folder, 'half.backup');
    const running = write(source, half, { signal: interrupted.signal, onProgress: () => interrupted.abort() });
    await expect(running).rejects.toThrow('Interrupted');
    expect(await readdir(folder)).toEqual(before);
  });

  it('of a database in which nothing was made yet is refused', async () => {
    const owner: TestDatabase['owner'] = (work) =>
      withOwner(source.adminUrl, { ...source.roles, owner: 'nobody_yet' }, work);
    const outcome = await run(backup, { ...source, owner }, [join(folder, 'none.backup')]);
    expect(outcome).toMatchObject({ exit: 1, err: expect.stringMatching(/nothing to back up/) });
  });

  it('wants the name of a file', async () => {
    expect((await run(backup, source, [])).exit).toBe(2);
    expect((await run(restore, source, ['a', 'b'])).exit).toBe(2);
  });
});

describe('a restored installation', () => {
  let target: TestDatabase;
  beforeAll(async () => {
    target = await createTestDatabase();
  });
  afterAll(() => target.drop());

  it('has every row and value of both accounts, packed, hot and late ones', async () => {
    const before = await contents(source, leftOut);
    for (const [table, { rows }] of Object.entries(before))
      expect({ table, rows: rows > 0 }).toEqual({ table, rows: true });
    const { exit, out, err } = await run(restore, target, [file], [OTHER_KEY, KEY]);
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    expect(await contents(target, leftOut)).toEqual(before);
    expect(out).toMatch(/rows and energy are as they were/);
    const total = (await energyOf(source)).reduce((sum, { quarters }) => sum + quarters, 0);
    expect(total).toBeGreaterThan(0);
    expect(out).toContain(`${(total / 1000).toFixed(1)} kWh in all`);
  });

  it('has no sums by day until the worker makes them anew', async () => {
    const days = (db: TestDatabase) =>
      db.owner((c) => c.query('SELECT * FROM store.counter WHERE days_until IS NOT NULL OR days_zone IS NOT NULL'));
    expect((await days(source)).rowCount).toBe(accounts.length);
    expect((await days(target)).rowCount).toBe(0);
  });

  it('shows the same figures to each account', async () => {
    for (const account of accounts) {
      const now = await figures(target, account);
      expect(now).toEqual(await figures(source, account));
      expect(now.current.energyTotalWh).toBeGreaterThan(100_000);
    }
    expect(await energyOf(target)).toEqual(await energyOf(source));
  });

  it('goes on: new samples are booked, nothing that was there is taken twice, old weeks go cold', async () => {
    const ingest = ingestOf(target);
    const [alice] = accounts as [FilledAccount];
    const before = await contents(target, leftOut);
    await send(ingest, alice, '2026-06-02T08:00:00Z', 180, 100_000);
    await send(ingest, alice, '2026-06-21T08:00:00Z', 120, 102_000);
    expect((await contents(target, leftOut))['store.ac_sample']).toEqual(before['store.ac_sample']);
    await target.owner((client) => coolWeek(client, PACKED_WEEK));
    expect((await contents(target, leftOut))['store.ac_sample']).toEqual(before['store.ac_sample']);
    await send(ingest, alice, '2026-06-21T10:00:00Z', 1, 102_600);
    await ingest.drain();
    const [row] = await energyOf(target);
    expect(row).toEqual({ inverter_id: alice.inverterId, first_good: 100_000, booked: 2_600, quarters: 2_600 });
  });

  it('never gives an id a second time, not even one of a row that was gone before the backup', async () => {
    expect((await addAccount(target, 'new', '116100000008')).id).toBe(goneId + 1);
  });

  it('is not restored into: a database with anything in it is refused and left as it is', async () => {
    const before = await contents(target, leftOut);
    expect(await run(restore, target, [file])).toMatchObject({ exit: 1, err: expect.stringContaining('not empty') });
    expect(await contents(target, leftOut)).toEqual(before);
  });
});

describe('a file that is not what it should be', () => {
  let good: Buffer;
  beforeAll(async () => {
    good = await readFile(file);
  });

  /** Restores other bytes, which must fail without a statement having reached the database. */
  async function refused(bytes: Buffer): Promise<string> {
    const path = join(folder, 'wrong.backup');
    await writeFile(path, bytes);
    const untouched = { ...source, owner: async () => expect.unreachable('the database was touched') } as TestDatabase;
    const { exit, err } = await run(restore, untouched, [path]);
    expect(exit).toBe(1);
    return err;
  }

  it('because it was cut off, anywhere', async () => {
    for (const part of [0.001, 0.1, 0.5, 0.9]) {
      expect(await refused(good.subarray(0, Math.floor(good.length * part)))).toMatch(/cut off|not a backup/);
    }
    for (const missing of [1, 8, 9, 60]) expect(await refused(good.subarray(0, -missing))).toMatch(/cut off/);
    expect(await refused(Buffer.alloc(0))).toMatch(/empty/);
  });

  it('because a byte of it is another, anywhere', async () => {
    for (let n = 0; n < 40; n++) {
      // Bytes 8 and 9 of gzip say how hard and on what system it was compressed, and nothing else.
      const at = n < 8 ? n : 10 + Math.floor(((good.length - 11) * (n - 8)) / 31);
      const flipped = Buffer.from(good);
      flipped[at] = (flipped[at] as number) ^ 0x10;
      expect(await refused(flipped), `byte ${at}`).toMatch(/damaged|not a backup|cut off/);
    }
  });

  it('because its frames were altered with a right gzip around them', async () => {
    const plain = gunzipSync(good);
    const at = plain.indexOf('bernd@example.org');
    expect(at).toBeGreaterThan(0);
    plain.write('berta', at);
    expect(await refused(gzipSync(plain))).toMatch(/checksum/);
    expect(await refused(gzipSync(Buffer.concat([gunzipSync(good), Buffer.from('x')])))).toMatch(/follows its end/);
  });

  it('because it is something else', async () => {
    expect(await refused(gzipSync('CREATE TABLE something ();\n'.repeat(1000)))).toMatch(/no backup of Deye Hard/);
    expect(await refused(gzipSync(gzipSync('x')))).toMatch(/no backup|cut off/);
    expect(await refused(Buffer.concat([Buffer.from('readme.txt'), Buffer.alloc(10_230)]))).toMatch(/not a backup/);
    expect(await refused(Buffer.from('PGDMP\x01\x0e\0'))).toMatch(/not a backup/);
    expect((await run(restore, source, [join(folder, 'absent')])).err).toMatch(/no such file/);
  });
});

describe('an empty database', () => {
  let origin: TestDatabase;
  let target: TestDatabase;
  let path: string;
  beforeAll(async () => {
    [origin, target] = [await createTestDatabase(), await createTestDatabase()];
    path = join(folder, 'other.backup');
    await addAccount(origin, 'dora', '1163');
  });
  afterAll(async () => {
    await origin.drop();
    await target.drop();
  });

  /** The origin as some other version may have left it, restored. */
  async function restoreAfter(change: string, encryptionKeys = [KEY]): Promise<Outcome> {
    await origin.owner((client) => client.query(change));
    await write(origin, path, { force: true });
    return run(restore, target, [path], encryptionKeys);
  }

  it('stays empty when a row of the file is refused', async () => {
    const empty = await contents(target, leftOut);
    const outcome = await restoreAfter(`ALTER TABLE api.inverter DROP CONSTRAINT inverter_serial_check;
                                        UPDATE api.inverter SET serial = repeat('9', 65)`);
    expect(outcome).toMatchObject({ exit: 1, err: expect.stringContaining('Nothing was restored') });
    expect(await contents(target, leftOut)).toEqual(empty);
  });

  it('stays empty when its energy does not come to what the file says', async () => {
    const empty = await contents(target, leftOut);
    const altered = join(folder, 'altered.backup');
    await rewrite(file, altered, FRAME.figures, (text) => text.replace(/"energyWh":(\d+)/, '"energyWh":1$1'));
    expect((await run(restore, target, [altered])).err).toMatch(/energy of inverter \d+ came to another total/);
    expect(await contents(target, leftOut)).toEqual(empty);
  });

  it('takes no file of a newer schema, nor one with a column that has no place here', async () => {
    const homeless = await restoreAfter(
      `UPDATE api.inverter SET serial = '1163'; ALTER TABLE api.site ADD COLUMN roof_angle int`,
    );
    expect(homeless.err).toMatch(/older schema.*api\.site \(no place for roof_angle\)/);
    const newer = await restoreAfter(`ALTER TABLE api.site DROP COLUMN roof_angle;
                                      UPDATE migration.kysely_migration SET name = '9999_later' WHERE name LIKE '0009%'`);
    expect(newer.err).toMatch(/newer version.*9999_later/);
  });

  it('takes an older schema as long as every column has its place, and warns when ENCRYPTION_KEY is another', async () => {
    await target.owner((client) => client.query('ALTER TABLE api.site ADD COLUMN roof_angle int NOT NULL DEFAULT 30'));
    const back = `UPDATE migration.kysely_migration SET name = '0009_packing' WHERE name LIKE '9999%'`;
    expect(await restoreAfter(back, [OTHER_KEY])).toMatchObject({
      exit: 0,
      err: expect.stringMatching(/ENCRYPTION_KEY is not the one/),
    });
    const { rows } = await target.owner((client) => client.query('SELECT roof_angle FROM api.site'));
    expect(rows).toEqual([{ roof_angle: 30 }]);
  });
});

describe('a backup of a working installation', () => {
  let db: TestDatabase;
  let copy: TestDatabase;
  beforeAll(async () => {
    [db, copy] = [await createTestDatabase(), await createTestDatabase()];
    await db.owner((client) => makeRoom(client, PACKED_WEEK, NOW));
  });
  afterAll(async () => {
    await db.drop();
    await copy.drop();
  });

  it('has every sample that was acknowledged before it began, and energy that fits its samples', async () => {
    const emil = await addAccount(db, 'emil', '1164');
    const ingest = ingestOf(db);
    await send(ingest, emil, '2026-06-02T08:00:00Z', 240, 50_000);
    const path = join(folder, 'busy.backup');
    let going = true;
    let sent = 0;
    const sending = (async () => {
      while (going)
        await send(
          ingest,
          emil,
          new Date(Date.parse('2026-06-20T06:00:00Z') + sent * 60_000).toISOString(),
          1,
          52_000 + 5 * sent++,
        );
    })();
    const packing = new pg.Client({ connectionString: db.adminUrl, options: `-c role=${db.roles.owner}` });
    await packing.connect();
    await packing.query('BEGIN');
    await coolWeek(packing, PACKED_WEEK);
    const acknowledged = sent - 1;
    const writing = write(db, path);
    // Packing holds its last lock when the backup begins; the backup must wait for what it makes of the week.
    if (!ON_TIMESCALE) await readerWaits(db);
    await packing.query('COMMIT');
    await packing.end();
    await writing;
    going = false;
    await sending;
    await ingest.drain();
    await restoreBackup({ owner: copy.owner, file: path, encryptionKeys: [KEY] });
    const { rows } = await copy.owner((client) =>
      client.query<{ packed: number; busy: number; newest: number }>(
        `SELECT count(*) FILTER (WHERE ts < '2026-06-08')::int AS packed, count(*) FILTER (WHERE ts > '2026-06-08')::int AS busy,
                max(yield_total_wh) AS newest FROM store.ac_all`,
      ),
    );
    const restored = rows[0] as { packed: number; busy: number; newest: number };
    expect(restored.packed).toBe(240);
    expect(restored.busy).toBeGreaterThanOrEqual(acknowledged);
    const [energy] = await energyOf(copy);
    expect(energy?.quarters).toBe(energy?.booked);
    expect((energy?.first_good ?? 0) + (energy?.booked ?? 0)).toBe(restored.newest);
  });

  it.skipIf(ON_TIMESCALE)('keeps a packed week from being dropped while it is read', async () => {
    const path = join(folder, 'packed-later.backup');
    let packing: Promise<unknown> | undefined;
    await write(db, path, {
      onProgress: () => {
        packing ??= db.owner(async (client) => {
          await client.query(`SET lock_timeout = '100ms'`);
          return client.query(`SELECT store.pack_week('2026-06-15T00:00:00Z')`);
        });
        packing.catch(() => undefined);
      },
    });
    // Whoever comes first has it: refused while the backup reads, done once it is through.
    await packing?.catch((error: Error) => expect(error.message).toMatch(/lock timeout/));
    const before = (await contents(db, leftOut))['store.ac_sample'];
    const { tables } = await verifyBackup(path);
    expect(tables.find((t) => t.name === 'store.ac_sample')?.rows).toBe(before?.rows);
  });
});

/** The same file with the frames of one kind changed and everything around them right. */
async function rewrite(from: string, to: string, kind: string, change: (text: string) => string): Promise<void> {
  const gzip = createGzip();
  const written = pipeline(gzip, createWriteStream(to));
  const out = new FrameWriter(gzip);
  for await (const frame of readFrames(createReadStream(from).pipe(createGunzip()))) {
    const text = frame.payload.toString('utf8');
    const payload = frame.kind === kind ? change(text) : text;
    if (frame.kind === FRAME.data) await out.data(Buffer.from(payload));
    else if (frame.kind !== FRAME.end) await out.json(frame.kind, JSON.parse(payload));
  }
  await out.end();
  gzip.end();
  await written;
}

/** Until somebody waits to read what somebody else has locked. */
async function readerWaits(db: TestDatabase): Promise<void> {
  for (;;) {
    const { rowCount } = await db.owner((client) =>
      client.query(`SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                    WHERE d.datname = current_database() AND NOT granted AND mode = 'AccessShareLock'`),
    );
    if (rowCount !== 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
