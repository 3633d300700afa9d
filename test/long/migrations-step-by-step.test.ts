import { afterEach, describe, expect, it } from 'vitest';
import { migrateDown, migrateUp, migrationStatus } from '../../src/db/migrate.ts';
import { schemaCatalogue } from '../support/schema-catalogue.ts';
import { createTestDatabase, databaseOf, type TestDatabase } from '../support/test-database.ts';
import { startTimescaleWasm } from '../support/timescale-wasm.ts';

/** Each migration's way down leads to where its way up began. */
let db: TestDatabase;
afterEach(() => db?.drop());

type Turn = <T>(work: () => Promise<T>) => Promise<T>;

/** @returns the schema on the way down and on the way up again, at every step */
async function walk(alone: Turn): Promise<Record<'down' | 'up', [string, string[]][]>> {
  const { migrations } = databaseOf(db);
  const names = (await alone(() => migrationStatus(migrations))).map(({ name }) => name);
  const seen = (name: string): Promise<[string, string[]]> =>
    db.owner(schemaCatalogue).then((lines): [string, string[]] => [name, lines]);
  const down: [string, string[]][] = [];
  for (const name of names.toReversed()) {
    down.push(await seen(name));
    await alone(() => migrateDown(migrations));
  }
  const up: [string, string[]][] = [];
  for (const name of names) {
    await alone(() => migrateUp(migrations, name));
    up.push(await seen(name));
  }
  return { down: down.toReversed(), up };
}

describe('every single migration down and up again leaves the same schema', () => {
  it('on plain PostgreSQL', async () => {
    db = await createTestDatabase();
    const { down, up } = await walk((work) => work());
    expect(up.length).toBeGreaterThan(20);
    for (const [n, [name, lines]] of up.entries()) expect([name, lines]).toEqual(down[n]);
  });

  it('on TimescaleDB in WebAssembly', async () => {
    const wasm = await startTimescaleWasm();
    db = wasm;
    const { down, up } = await walk((work) => wasm.handedOver(work));
    for (const [n, [name, lines]] of up.entries()) expect([name, lines]).toEqual(down[n]);
  });
});
