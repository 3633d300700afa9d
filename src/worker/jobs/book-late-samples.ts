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
    for (const key of keys) {
      const booked = await bookLateSamples(database, key);
      if (booked > 0) log.info({ ...key, samples: booked }, 'late samples booked');
    }
  },
};
