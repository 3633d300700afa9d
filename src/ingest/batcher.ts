import { isOutage } from '../db/errors.ts';
import { Unavailable } from '../domain/errors.ts';
import type { Sample } from '../store/samples.ts';
import type { SampleOutcome } from './flush.ts';

/**
 * Group commit. One flush runs at a time; what arrives meanwhile forms the next batch, so that under load many devices share one
 * transaction and alone a device waits for nobody. A submission is never split over two transactions, and its promise settles only
 * after the COMMIT.
 *
 * idle → (submit) → flushing → (queue empty) → idle; (submit with a full queue) → Unavailable at once; (stop) → drained → stopped
 */
export interface BatcherOptions {
  /** Samples in one transaction. */
  maxBatch?: number;
  /** Samples waiting; more are refused with Unavailable. */
  maxQueued?: number;
}

interface Submission {
  samples: readonly Sample[];
  resolve: (outcomes: SampleOutcome[]) => void;
  reject: (error: unknown) => void;
}

export class Batcher {
  readonly #flush: (samples: Sample[]) => Promise<SampleOutcome[]>;
  readonly #maxBatch: number;
  readonly #maxQueued: number;
  #queue: Submission[] = [];
  #queuedSamples = 0;
  #running: Promise<void> | null = null;
  #stopped = false;
  /** Plain counters for the metrics. */
  readonly counts = { flushes: 0, flushMs: 0, samples: 0, refused: 0, failedFlushes: 0, rejectedSubmissions: 0 };

  constructor(flush: (samples: Sample[]) => Promise<SampleOutcome[]>, options: BatcherOptions = {}) {
    this.#flush = flush;
    this.#maxBatch = options.maxBatch ?? 1_000;
    this.#maxQueued = options.maxQueued ?? 20_000;
  }

  get queuedSamples(): number {
    return this.#queuedSamples;
  }

  /**
   * Stores these samples in one transaction and answers, in their order, what became of each.
   * @throws Unavailable when the queue is full, the process is stopping or the database is down; the database's error when these
   *   very samples are refused by it
   */
  submit(samples: readonly Sample[]): Promise<SampleOutcome[]> {
    if (samples.length === 0) return Promise.resolve([]);
    if (this.#stopped) return Promise.reject(new Unavailable('The server is stopping.'));
    if (this.#queuedSamples + samples.length > this.#maxQueued) {
      this.counts.refused++;
      return Promise.reject(new Unavailable('Too many readings are waiting to be stored.', { retryAfterS: 10 }));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ samples, resolve, reject });
      this.#queuedSamples += samples.length;
      this.#running ??= this.#run();
    });
  }

  /** Stores what is queued and refuses what comes later. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    // Submissions of the same turn of the event loop share the first flush too.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) await this.#store(this.#take());
    this.#running = null;
  }

  #take(): Submission[] {
    let samples = 0;
    let count = 0;
    for (const submission of this.#queue) {
      if (count > 0 && samples + submission.samples.length > this.#maxBatch) break;
      samples += submission.samples.length;
      count++;
    }
    this.#queuedSamples -= samples;
    return this.#queue.splice(0, count);
  }

  /** Never rejects: every submission hears of its own fate. */
  async #store(submissions: Submission[]): Promise<void> {
    const samples = submissions.flatMap((submission) => submission.samples);
    const startedMs = performance.now();
    try {
      const outcomes = await this.#flush(samples);
      this.counts.flushes++;
      this.counts.flushMs += performance.now() - startedMs;
      this.counts.samples += samples.length;
      let from = 0;
      for (const { samples: own, resolve } of submissions) {
        resolve(outcomes.slice(from, from + own.length));
        from += own.length;
      }
    } catch (error) {
      this.counts.failedFlushes++;
      if (submissions.length > 1 && !isOutage(error)) {
        // One device's data is refused: halve until it stands alone, so that it takes nobody along.
        const middle = submissions.length >> 1;
        await this.#store(submissions.slice(0, middle));
        await this.#store(submissions.slice(middle));
        return;
      }
      for (const { reject } of submissions) reject(error);
      this.counts.rejectedSubmissions += submissions.length;
    }
  }
}
