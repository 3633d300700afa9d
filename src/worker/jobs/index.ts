import type { Engine } from '../../db/engines/engine.ts';
import type { Job } from '../job.ts';
import { bookLate } from './book-late-samples.ts';
import { dropOldSamples } from './drop-old-samples.ts';
import { keepDays } from './keep-days.ts';
import { makePartitions } from './make-partitions.ts';
import { packSamples } from './pack-samples.ts';
import { purgeInverters } from './purge-inverters.ts';
import { tidyUp } from './tidy-up.ts';
import { tightenColumnstore } from './tighten-columnstore.ts';
import { watchTimescaleJobs } from './watch-timescale-jobs.ts';

/** THE list of recurring jobs. */
const jobs: readonly Job[] = [
  makePartitions,
  packSamples,
  dropOldSamples,
  bookLate,
  keepDays,
  purgeInverters,
  tidyUp,
  tightenColumnstore,
  watchTimescaleJobs,
];

export function jobsOn(engine: Engine): readonly Job[] {
  return jobs.filter((job) => job.engine === undefined || job.engine === engine);
}
