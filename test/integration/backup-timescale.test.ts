import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restoreBackup } from '../../src/services/backup/restore-backup.ts';
import { writeBackup } from '../../src/services/backup/write-backup.ts';
import { LEFT_OUT } from '../../src/store/backup-tables.ts';
import {
  contents,
  energyOf,
  type FilledAccount,
  figures,
  fillInstallation,
  ingestOf,
  NOW,
  send,
} from '../support/backup-rig.ts';
import { copyByInsert } from '../support/copy-by-insert.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { startTimescaleWasm, type TimescaleWasm } from '../support/timescale-wasm.ts';

/** The way of a growing club: from plain PostgreSQL to TimescaleDB, and back. */

const leftOut = Object.keys(LEFT_OUT);
const encryptionKeys = ['cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4='];

let folder: string;
let plain: TestDatabase;
let timescale: TimescaleWasm;
let back: TestDatabase;
let accounts: FilledAccount[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deye-hard-backup-'));
  [plain, back, timescale] = await Promise.all([createTestDatabase(), createTestDatabase(), startTimescaleWasm()]);
  const { owner } = timescale;
  timescale.owner = (work) => owner((client) => work(copyByInsert(client)));
  accounts = await fillInstallation(plain);
});
afterAll(async () => {
  await Promise.all([plain?.drop(), back?.drop(), timescale?.drop()]);
  await rm(folder, { recursive: true, force: true });
});

async function move(from: TestDatabase, to: TestDatabase, name: string): Promise<void> {
  const file = join(folder, name);
  await writeBackup({ owner: from.owner, file, force: false, encryptionKeys, now: NOW });
  const report = await restoreBackup({ owner: to.owner, file, encryptionKeys });
  expect(report.encryptionKeys).toBe('same');
}

describe('an installation moved from plain PostgreSQL to TimescaleDB', () => {
  it('has every row, value and figure of both accounts', async () => {
    const before = await contents(plain, leftOut);
    await move(plain, timescale, 'plain.backup');
    expect(await contents(timescale, leftOut)).toEqual(before);
    expect(await energyOf(timescale)).toEqual(await energyOf(plain));
    for (const account of accounts) expect(await figures(timescale, account)).toEqual(await figures(plain, account));
    const { rows } = await timescale.owner((client) =>
      client.query(
        `SELECT count(DISTINCT hypertable_name)::int AS n FROM timescaledb_information.chunks WHERE hypertable_schema = 'store'`,
      ),
    );
    expect(rows).toEqual([{ n: 3 }]);
  });

  it('goes on there, with old weeks in columnstore, and comes back whole', async () => {
    const ingest = ingestOf(timescale);
    const [alice] = accounts as [FilledAccount];
    await send(ingest, alice, '2026-06-21T08:00:00Z', 120, 102_000);
    await send(ingest, alice, '2026-06-21T10:00:00Z', 1, 102_600);
    await ingest.drain();
    const [row] = await energyOf(timescale);
    expect(row).toEqual({ inverter_id: alice.inverterId, first_good: 100_000, booked: 2_600, quarters: 2_600 });
    await timescale.owner((client) =>
      client.query(
        `SELECT compress_chunk(c) FROM show_chunks('store.ac_sample', older_than => '2026-06-15'::timestamptz) c`,
      ),
    );
    const there = await contents(timescale, leftOut);
    await move(timescale, back, 'timescale.backup');
    expect(await contents(back, leftOut)).toEqual(there);
    expect(await energyOf(back)).toEqual(await energyOf(timescale));
  });
});
