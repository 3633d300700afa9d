import { afterAll, beforeAll, expect, it } from 'vitest';
import { prepareDatabase } from '../../src/db/database.ts';
import { migrateDown } from '../../src/db/migrate.ts';
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
  const before = await db.owner(schemaCatalogue);
  expect(before.length).toBeGreaterThan(1_000);
  const database = databaseOf(db);
  const down = await migrateDown(database.migrations, 'none');
  expect((await db.owner(schemaCatalogue)).filter((line) => !IN_DATABASE.test(line))).toEqual([]);
  const up = await prepareDatabase(database, createLogger('fatal'));
  expect(up.changed.map(({ name }) => name)).toEqual(down.changed.map(({ name }) => name).reverse());
  expect(await db.owner(schemaCatalogue)).toEqual(before);
});
