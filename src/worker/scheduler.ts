import { withAdvisoryLock } from '../db/advisory-lock.ts';
import type { Database } from '../db/database.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Job, JobSettings } from './job.ts';
import { RunNotes } from './run-notes.ts';

const STOP_WAIT_MS = 3_000;

/**
 * Runs each job at its interval, in whichever process gets its lock. A failing job is logged, counted and tried again at its next
 * turn; it never takes another along.
 */
export class Scheduler {
  readonly #database: Database;
  readonly #settings: JobSettings;
  readonly #log: Logger;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  readonly #notes: RunNotes;
  /** Jobs whose last run failed, with the reason; for the health report. */
  readonly failing = new Map<string, string>();

  constructor(database: Database, settings: JobSettings, log: Logger) {
    this.#database = database;
    this.#settings = settings;
    this.#log = log;
    this.#notes = new RunNotes(database, log);
  }

  start(jobs: readonly Job[]): void {
    for (const job of jobs) {
      const turn = (): void => {
        const run = this.runOnce(job).finally(() => {
          this.#running.delete(run);
          if (!this.#stop.signal.aborted) this.#timers.set(job.name, setTimeout(turn, job.everyS * 1000).unref());
        });
        this.#running.add(run);
      };
      turn();
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    // A job may be at it for minutes; it bears being cut off, and whoever waits for the stop does not bear waiting.
    const tooLong = new Promise((resolve) => setTimeout(resolve, STOP_WAIT_MS).unref());
    await Promise.race([Promise.allSettled(this.#running), tooLong]);
  }

  /** One turn of one job; never rejects. */
  async runOnce(job: Job): Promise<void> {
    const log = this.#log.child({ job: job.name });
    const startedAt = new Date();
    // What was another process's turn is noted there.
    let hadTurn = true;
    try {
      hadTurn = await withAdvisoryLock(this.#database.adminUrl, `job ${job.name}`, log, () =>
        job.run({
          database: this.#database,
          settings: this.#settings,
          log,
          now: new Date(),
          signal: this.#stop.signal,
        }),
      );
      this.failing.delete(job.name);
    } catch (error) {
      this.failing.set(job.name, error instanceof Error ? error.message : String(error));
      log.error({ err: error }, 'job failed');
    }
    if (!hadTurn) return;
    const error = this.failing.get(job.name) ?? null;
    await this.#notes.note({ job: job.name, everyS: job.everyS, startedAt, finishedAt: new Date(), error });
  }
}
