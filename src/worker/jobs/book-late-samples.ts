import { invertersWithLateSamples } from '../../store/refold.ts';
import type { Job } from '../job.ts';
import { bookLateSamples } from '../replay.ts';

const INVERTERS_A_TURN = 200;

/** Energy of samples that came after newer ones: a logger's stored frames, a back-fill (storage design, "The flush"). */
export const bookLate: Job = {
  name: 'book-late-samples',
  everyS: 20,
  async run({ database, log }) {
    const keys = await database.owner((client) => invertersWithLateSamples(client, INVERTERS_A_TURN));
    const failed: unknown[] = [];
    for (const key of keys) {
      try {
        const booked = await bookLateSamples(database, key);
        if (booked > 0) log.info({ ...key, samples: booked }, 'late samples booked');
      } catch (error) {
        // One inverter must not hold up the others; the job still reports that something failed.
        log.error({ err: error, ...key }, 'late samples could not be booked');
        failed.push(error);
      }
    }
    if (failed.length > 0)
      throw new AggregateError(failed, `late samples of ${failed.length} inverters could not be booked`);
  },
};
