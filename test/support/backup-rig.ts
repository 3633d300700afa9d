import { createHash } from 'node:crypto';
import type pg from 'pg';
import { apiKeyHint, hashApiKey, newApiKey } from '../../src/crypto/api-key.ts';
import { assembleIngest, type IngestParts } from '../../src/ingest/assemble.ts';
import { createInverterService } from '../../src/services/inverters.ts';
import { backupTables, LEFT_OUT_COLUMNS } from '../../src/store/backup-tables.ts';
import { insertAccount, insertApiKeyFor } from '../../src/store/owner-accounts.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { keepDaysOf } from '../../src/worker/keep-days.ts';
import { quoted, relations } from './isolation/catalogue.ts';
import { type Account, Seeder } from './isolation/seed.ts';
import { envelopeOf, openDtuReading } from './make-reading.ts';
import type { TestDatabase } from './test-database.ts';

/** An installation worth backing up, and what it looks like to those who use it. */

/** A Sunday evening; the week of the 1st is packed, that of the 15th is hot. */
export const NOW = new Date('2026-06-21T20:00:00Z');
export const PACKED_WEEK = new Date('2026-06-01T00:00:00Z');

export interface FilledAccount extends Account {
  inverterId: number;
  serial: string;
  key: string;
}

type Installation = Pick<TestDatabase, 'owner' | 'pools'>;

export function ingestOf(db: Installation, now: () => Date = () => NOW): IngestParts {
  const settings = { storeDcChannelData: true, defaultTimeZone: 'Europe/Berlin', retentionDays: 730 };
  return assembleIngest(db.pools, settings, createLogger('fatal'), now);
}

/** One account with one inverter and its key. */
export async function addAccount(db: Installation, marker: string, serial: string): Promise<FilledAccount> {
  const key = newApiKey();
  const email = `${marker}@example.org`;
  const id = await db.owner(async (client) => {
    const account = {
      email,
      passwordHash: `hash of ${marker}`,
      firstName: marker,
      lastName: 'B',
      timeZone: 'Europe/Berlin',
    };
    const created = await insertAccount(client, { ...account, isAdmin: false, isVerified: true });
    const stored = { name: 'DTU', scope: 'full' as const, hash: hashApiKey(key), hint: apiKeyHint(key) };
    await insertApiKeyFor(client, created, { ...stored, createdAt: NOW, expiresAt: null });
    return created;
  });
  const user = { id, email, firstName: marker, lastName: 'B', locale: null, isAdmin: false, isVerified: true };
  const service = createInverterService(db.pools.app, { isOnlyAccount: async () => false });
  const { id: inverterId } = await service.add(user, { name: `Dach ${marker}`, serial, kind: 'opendtu' }, NOW);
  return { id, email, marker, inverterId, serial, key };
}

/** A sunny piece of day, a sample a minute. */
export async function send(
  ingest: IngestParts,
  account: FilledAccount,
  from: string,
  minutes: number,
  firstWh: number,
): Promise<void> {
  const start = Date.parse(from);
  const readings = Array.from({ length: minutes }, (_, m) =>
    openDtuReading(account.serial, new Date(start + m * 60_000), { powerW: 300, energyTotalWh: firstWh + m * 5 }),
  );
  for (let at = 0; at < readings.length; at += 100) {
    await ingest.intake.push(account.id, 'opendtu', envelopeOf(...readings.slice(at, at + 100)), NOW);
  }
}

/** Two accounts with packed, hot and late samples, and a row in every other table. */
export async function fillInstallation(db: TestDatabase): Promise<FilledAccount[]> {
  const isPlain = await db.owner(async (client) => {
    const { rows } = await client.query(`SELECT engine FROM store.installation`);
    if (rows[0]?.engine !== 'plain') return false;
    await client.query('SELECT store.make_partitions($1, $2)', [PACKED_WEEK, NOW]);
    return true;
  });
  const accounts = [await addAccount(db, 'alice', '116100000001'), await addAccount(db, 'bernd', '116100000002')];
  const ingest = ingestOf(db);
  for (const [n, account] of accounts.entries()) {
    await send(ingest, account, '2026-06-02T08:00:00Z', 180, 100_000 * (n + 1));
    await send(ingest, account, '2026-06-21T08:00:00Z', 120, 100_000 * (n + 1) + 2_000);
  }
  if (isPlain) await db.owner((client) => client.query('SELECT store.pack_week($1)', [PACKED_WEEK]));
  for (const account of accounts) await send(ingest, account, '2026-06-03T08:00:30Z', 60, 101_000);
  await ingest.drain();
  for (const { id: userId, inverterId } of accounts) await keepDaysOf(db, { userId, inverterId }, NOW);
  await db.owner(async (client) => {
    const seeder = await Seeder.on(client);
    // In the order of their references; that none is missing there is for the tests to find.
    for (const { name: id } of await backupTables(client)) {
      const { rowCount } = await client.query(`SELECT FROM ${quoted(id)} LIMIT 1`);
      if (rowCount === 0)
        for (const account of accounts)
          await seeder.insert(id, await seeder.freshRow(id, account)).catch(ignoreSecondRow);
    }
    await client.query(
      `INSERT INTO store.job (kind, user_id, payload) VALUES ('purge-inverter', $1, '{"inverter_id": 4711}'),
      ('mail', $1, '{"text": "a mail with a one-time link"}')`,
      [accounts[0]?.id],
    );
  });
  return accounts;
}

/** A table of one row takes only one. */
function ignoreSecondRow(error: Error): void {
  if (!/duplicate key/.test(error.message)) throw error;
}

/** Every table of ours, found without asking what a backup is made of. */
export async function ownTables(client: Pick<pg.Client, 'query'>) {
  const all = await relations(client);
  return all.filter((r) => r.kind === 'table' && r.root === r.id && (r.schema === 'api' || r.schema === 'store'));
}

/** Rows and values of the whole installation, table by table; samples as the application sees them. */
export async function contents(
  db: Installation,
  leftOut: readonly string[],
): Promise<Record<string, { rows: number; digest: string }>> {
  return db.owner(async (client) => {
    const found: Record<string, { rows: number; digest: string }> = {};
    await client.query(`SET TimeZone = 'UTC'`);
    for (const { id, columns } of await ownTables(client)) {
      if (leftOut.includes(id)) continue;
      const source = id.replace(/_sample$/, '_all').replace('store.late_all', 'store.late_sample');
      const kept = columns.filter(({ name }) => !LEFT_OUT_COLUMNS[id]?.includes(name));
      const names = kept.map((c) => quoted(c.name)).join(', ');
      const { rows } = await client.query<{ line: string }>(
        `SELECT t::text AS line FROM (SELECT ${names} FROM ${source}) t ${id === 'store.job' ? `WHERE done_at IS NULL AND kind = 'purge-inverter'` : ''}
         ORDER BY t::text COLLATE "C"`,
      );
      const hash = createHash('sha256');
      for (const { line } of rows) hash.update(`${line}\n`);
      found[id] = { rows: rows.length, digest: hash.digest('hex') };
    }
    return found;
  });
}

/** What the pages and the API say of an account. */
export async function figures(db: Installation, account: FilledAccount) {
  const service = createInverterService(db.pools.app, { isOnlyAccount: async () => false });
  return {
    list: await service.list(account.id, NOW),
    current: await service.current(account.id, account.inverterId, NOW),
  };
}

/** First good counter, booked energy and the quarter hours' sum of each inverter. */
export async function energyOf(db: Installation) {
  const { rows } = await db.owner((client) =>
    client.query<{ inverter_id: number; first_good: number; booked: number; quarters: number }>(
      `SELECT inverter_id, first_good_wh[1] AS first_good, booked_wh[1] AS booked,
              (SELECT sum(energy_wh[1])::int FROM store.energy_15m e WHERE e.inverter_id = c.inverter_id) AS quarters
       FROM store.counter c ORDER BY 1`,
    ),
  );
  return rows;
}
