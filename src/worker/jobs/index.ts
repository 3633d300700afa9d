import type { Job } from '../job.ts';
import { bookLate } from './book-late-samples.ts';
import { dropOldSamples } from './drop-old-samples.ts';
import { makePartitions } from './make-partitions.ts';
import { packSamples } from './pack-samples.ts';
import { purgeInverters } from './purge-inverters.ts';
import { tidyUp } from './tidy-up.ts';

/** THE list of recurring jobs. */
export const jobs: readonly Job[] = [makePartitions, packSamples, dropOldSamples, bookLate, purgeInverters, tidyUp];
