import { expect, it } from 'vitest';
import { fillYear } from '../../bench/reads-fill.ts';
import { createStatisticsService } from '../../src/services/statistics.ts';
import { createTestDatabase } from '../support/test-database.ts';

/** What benchmarks and slow phones are shown is a past as the product would have it, on whatever day of the week it ends. */

const DAY_MS = 86_400_000;

it.each(['2026-06-21T19:30:00Z', '2026-06-24T13:21:07Z', '2026-06-22T00:00:00Z'])(
  'a past that ends at %s has the power of each of its days, cold ones too',
  async (end) => {
    const now = new Date(end);
    const db = await createTestDatabase();
    try {
      const { userId, inverterIds } = await fillYear(db, { days: 28, inverters: 2, now });
      const { power, accountPower } = createStatisticsService(db.pools.app);
      const [id = 0] = inverterIds;
      for (let ago = 1; ago <= 20; ago++) {
        const to = new Date(now.getTime() - (ago - 1) * DAY_MS);
        const range = { from: new Date(to.getTime() - DAY_MS), to };
        expect((await power(userId, id, { ...range, bucket: '5m' })).points.length, `${ago} days ago`).toBeGreaterThan(
          280,
        );
        expect((await accountPower(userId, { ...range, bucket: '15m' })).length).toBeGreaterThanOrEqual(95);
      }
      const month = { from: new Date(now.getTime() - 20 * DAY_MS), to: now, bucket: '1d' } as const;
      // The first and the last of them may be an hour of their day.
      const days = (await power(userId, id, month)).points.filter(({ powerMaxW }) => powerMaxW > 1_000);
      expect(days.length).toBeGreaterThanOrEqual(19);
      expect((await accountPower(userId, month)).length).toBeGreaterThanOrEqual(20);
    } finally {
      await db.drop();
    }
  },
);
