import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrateDown, migrateUp, migrationStatus } from '../../src/db/migrate.ts';
import { createStatisticsService } from '../../src/services/statistics.ts';
import { LEFT_OUT } from '../../src/store/backup-tables.ts';
import { keepDaysOf } from '../../src/worker/keep-days.ts';
import {
  contents,
  energyOf,
  type FilledAccount,
  figures,
  fillInstallation,
  NOW,
  PACKED_WEEK,
} from '../support/backup-rig.ts';
import { coolWeek, ON_TIMESCALE } from '../support/cold-weeks.ts';
import { createTestDatabase, databaseOf, type TestDatabase } from '../support/test-database.ts';

/** An installation in use goes back to an older release and forward again; both may be done with a database full of samples. */

/** The release to go back to: migrations before it make the tables that the data lie in. */
const OLDER = '0050_told_at_once';
/** What the older release has no column for is lost on the way: the date that was reckoned for a frame that waits. */
const LOSES = 'store.raw_frame';

let db: TestDatabase;
let accounts: FilledAccount[];

beforeAll(async () => {
  db = await createTestDatabase();
  accounts = await fillInstallation(db);
  if (ON_TIMESCALE) await db.owner((client) => coolWeek(client, PACKED_WEEK));
});
afterAll(() => db?.drop());

const stored = () => contents(db, Object.keys(LEFT_OUT));
const days = async () => (await db.owner((c) => c.query('SELECT * FROM store.energy_day ORDER BY 1, 2, 3'))).rows;

/** Of each account: the newest figures, and its days, with what its inverters reached together. */
async function shown() {
  const statistics = createStatisticsService(db.pools.app);
  const range = { from: new Date('2026-05-20T00:00Z'), to: new Date('2026-06-22T00:00Z') };
  return Promise.all(
    accounts.map(async (account) => ({
      figures: await figures(db, account),
      energy: await statistics.energy(account.id, null, { ...range, bucket: 'day' }),
      power: await statistics.accountPower(account.id, { ...range, bucket: '1d' }),
    })),
  );
}

it('the newest migrations taken back one by one and applied again leave every sample, figure and booking as it was', async () => {
  const { migrations } = databaseOf(db);
  const before = { stored: await stored(), energy: await energyOf(db), shown: await shown(), days: await days() };
  expect(before.shown.every(({ energy, power }) => energy.points.length > 1 && power.length > 1)).toBe(true);
  expect(before.days.length).toBeGreaterThan(0);
  const names = (await migrationStatus(migrations)).map(({ name }) => name);
  const newer = names.slice(names.indexOf(OLDER) + 1);
  expect(newer.length).toBeGreaterThan(5);

  for (const name of newer.toReversed()) {
    const { changed } = await migrateDown(migrations);
    expect(changed.map((one) => one.name)).toEqual([name]);
    expect(await energyOf(db)).toEqual(before.energy);
  }
  for (const name of newer) {
    await migrateUp(migrations, name);
    expect(await energyOf(db)).toEqual(before.energy);
  }
  // Days that were thrown away are read from their quarter hours, until the worker has made them anew.
  expect(await shown()).toEqual(before.shown);
  for (const { id: userId, inverterId } of accounts) await keepDaysOf(db, { userId, inverterId }, NOW);
  expect(await days()).toEqual(before.days);
  expect(await shown()).toEqual(before.shown);
  const after = await stored();
  expect(after[LOSES]?.rows).toBe(before.stored[LOSES]?.rows);
  expect({ ...after, [LOSES]: null }).toEqual({ ...before.stored, [LOSES]: null });
});
