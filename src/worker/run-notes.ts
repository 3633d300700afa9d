import type { Database } from '../db/database.ts';
import { type JobRun, noteJobRun } from '../store/job-runs.ts';
import type { Logger } from '../telemetry/logger.ts';

/** A job that goes well every few seconds is noted so often; a change at once. */
const NOTE_EVERY_MS = 60_000;

/** Keeps in the database how each job went, for the pages of administration, which may be another process's. */
export class RunNotes {
  readonly #database: Pick<Database, 'owner'>;
  readonly #log: Logger;
  readonly #last = new Map<string, { notedMs: number; failedRuns: number }>();

  constructor(database: Pick<Database, 'owner'>, log: Logger) {
    this.#database = database;
    this.#log = log;
  }

  /** Never rejects: what cannot be noted is logged, and the job is not to suffer. */
  async note(run: Omit<JobRun, 'failedRuns'>): Promise<void> {
    const last = this.#last.get(run.job);
    const before = last?.failedRuns ?? 0;
    const failedRuns = run.error === null ? 0 : before + 1;
    const isNews = last === undefined || (before === 0) !== (failedRuns === 0);
    const notedMs = last?.notedMs ?? 0;
    if (!isNews && run.finishedAt.getTime() - notedMs < NOTE_EVERY_MS) {
      this.#last.set(run.job, { notedMs, failedRuns });
      return;
    }
    this.#last.set(run.job, { notedMs: run.finishedAt.getTime(), failedRuns });
    try {
      await this.#database.owner((client) => noteJobRun(client, { ...run, failedRuns }));
    } catch (error) {
      this.#log.debug({ err: error, job: run.job }, 'how a job went was not noted');
    }
  }
}
