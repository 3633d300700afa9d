import { jobProblems } from '../../db/engines/timescale.ts';
import type { Job } from '../job.ts';

/** TimescaleDB compresses and drops by itself; what it cannot do it only tells its own tables. Fails when one of its jobs does. */
export const watchTimescaleJobs: Job = {
  name: 'watch-timescale-jobs',
  everyS: 300,
  engine: 'timescale',
  async run({ database }) {
    const problems = await database.owner(jobProblems);
    if (problems.length > 0) throw new Error(`jobs of TimescaleDB: ${problems.join('; ')}`);
  },
};
