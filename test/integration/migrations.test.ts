import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { prepareDatabase } from '../../src/db/database.ts';
import { migrateDown, migrateUp, migrationStatus } from '../../src/db/migrate.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { schemaCatalogue } from '../support/schema-catalogue.ts';
import { createTestDatabase, databaseOf, type TestDatabase } from '../support/test-database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db?.drop());

/** What the migrator itself keeps is no migration's. */
const IN_DATABASE = /^schema public |^(schema|relation|column|constraint|type) migration\b/;

it('all migrations up, all down, and all up again: nothing is left between, and the same is there afterwards', async () => {
  const database = databaseOf(db);
  const { migrations } = database;
  const before = await db.owner(schemaCatalogue);
  expect(before.length).toBeGreaterThan(500);
  // The way down of the newest few leads to where their way up began; of every single one that is shown at length.
  const olderThanNewest = (await migrationStatus(migrations)).at(-4)?.name;
  await migrateDown(migrations, olderThanNewest);
  const older = await db.owner(schemaCatalogue);
  await migrateDown(migrations, 'none');
  expect((await db.owner(schemaCatalogue)).filter((line) => !IN_DATABASE.test(line))).toEqual([]);
  await migrateUp(migrations, olderThanNewest);
  expect(await db.owner(schemaCatalogue)).toEqual(older);
  const log = createLogger('fatal');
  const [said, inDetail] = [vi.spyOn(log, 'info'), vi.spyOn(log, 'debug')];
  await prepareDatabase(database, log);
  expect(await db.owner(schemaCatalogue)).toEqual(before);
  const newest = (await migrationStatus(migrations)).slice(-3).map(({ name }) => name);
  const version = Number(newest.at(-1)?.slice(0, 4));
  const words = new RegExp(`^3 migrations applied, schema version ${version}, took \\d+ ms$`);
  expect(said.mock.calls).toEqual([
    [{ migrations: 3, schemaVersion: version, tookMs: expect.any(Number) }, expect.stringMatching(words)],
  ]);
  expect(inDetail.mock.calls).toEqual(newest.map((migration) => [{ migration }, 'migration applied']));
  said.mockClear();
  await prepareDatabase(database, log);
  expect(said).not.toHaveBeenCalled();
});
