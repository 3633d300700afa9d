import type { Job } from '../job.ts';
import { invertersWithoutDays, keepDaysOf } from '../keep-days.ts';

/** Energy by local day, so that months and years need not be summed from quarter hours (docs/decisions/0009-days-behind-a-boundary.md). */
export const keepDays: Job = {
  name: 'keep-days',
  everyS: 3_600,
  async run({ database, log, now }) {
    const failed: unknown[] = [];
    for (const key of await invertersWithoutDays(database, now)) {
      try {
        await keepDaysOf(database, key, now);
      } catch (error) {
        // One inverter must not hold up the others; without days its years only take longer.
        log.error({ err: error, ...key }, 'energy could not be summed by day');
        failed.push(error);
      }
    }
    if (failed.length > 0)
      throw new AggregateError(failed, `energy of ${failed.length} inverters could not be summed by day`);
  },
};
