import { ask } from './ask.ts';
import type { OwnerClient } from './owner-accounts.ts';

/** How a recurring job went the last time. */
export interface JobRun {
  job: string;
  everyS: number;
  startedAt: Date;
  finishedAt: Date;
  /** Null: it went well. */
  error: string | null;
  /** In a row. */
  failedRuns: number;
}

const MAX_ERROR_LENGTH = 500;

export async function noteJobRun(owner: OwnerClient, run: JobRun): Promise<void> {
  await ask(
    owner,
    `INSERT INTO store.job_run (job, every_s, started_at, finished_at, error, failed_runs) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (job) DO UPDATE SET every_s = excluded.every_s, started_at = excluded.started_at,
       finished_at = excluded.finished_at, error = excluded.error, failed_runs = excluded.failed_runs`,
    [run.job, run.everyS, run.startedAt, run.finishedAt, run.error?.slice(0, MAX_ERROR_LENGTH) ?? null, run.failedRuns],
  );
}
