import type { Database } from '../db/database.ts';
import type { Engine } from '../db/engines/engine.ts';
import type { Logger } from '../telemetry/logger.ts';

/** What maintenance is told by the configuration. */
export interface JobSettings {
  /** Samples of whole weeks that ended so long ago are packed or compressed. */
  readonly compressAfterDays: number;
  /** Samples older than this are removed; energy is kept. */
  readonly retentionDays: number;
  /** Frames that were understood are kept as they came for so long; none when absent or 0. */
  readonly rawFrameDays?: number;
}

export interface JobContext {
  database: Database;
  settings: JobSettings;
  log: Logger;
  now: Date;
  /** Aborted when the process stops: long work ends at its next step. */
  signal?: AbortSignal;
}

/** A recurring piece of maintenance. It runs as the owner, in one process at a time (advisory lock), and must bear being repeated. */
export interface Job {
  /** Imperative, e.g. `make-partitions`; also the name of its lock. */
  readonly name: string;
  /** Seconds between runs. */
  readonly everyS: number;
  /** The only engine it is for. Without it: for any. */
  readonly engine?: Engine;
  run(context: JobContext): Promise<void>;
}
