import { looseChunks, tightenChunk } from '../../db/engines/columnstore.ts';
import type { Job } from '../job.ts';

/** TimescaleDB leaves chunks in columnstore a third larger than need be. What it compressed since the last turn is made smaller. */
export const tightenColumnstore: Job = {
  name: 'tighten-columnstore',
  everyS: 3_600,
  engine: 'timescale',
  async run({ database, log }) {
    await database.owner(async (client) => {
      for (const chunk of await looseChunks(client)) {
        const isDone = await tightenChunk(client, chunk);
        log.info({ chunk: chunk.table }, isDone ? 'a chunk was tightened' : 'a chunk could not be tightened now');
      }
    });
  },
};
