import { isOutage } from '../db/errors.ts';
import { Unavailable } from '../domain/errors.ts';
import type { Sample } from '../store/samples.ts';
import type { SampleOutcome } from './flush.ts';

/**
 * Group commit. What arrives while a flush runs forms the next batch, so that under load many devices share one transaction and alone a
 * device waits for nobody. Once so many wait that a batch of them costs no more for each, a second flush begins beside the first: one
 * is prepared and answered while the database works on the other. Samples of one inverter are never in both, so that they are folded
 * in the order in which they came. A submission is never split over two transactions, and its promise settles only after the COMMIT.
 *
 * idle → (submit) → flushing → (queue empty) → idle; (submit with a full queue) → Unavailable at once; (stop) → drained → stopped
 */
export interface BatcherOptions {
  /** Samples in one transaction. */
  maxBatch?: number;
  /** Samples that wait when a second flush begins beside the first. */
  besideFrom?: number;
  /** Samples waiting; more are refused with Unavailable. */
  maxQueued?: number;
}

/** More would only wait for one another: one process prepares them, and their commits follow one by one. */
const MAX_FLUSHES = 2;

interface Submission {
  samples: readonly Sample[];
  resolve: (outcomes: SampleOutcome[]) => void;
  reject: (error: unknown) => void;
}

export class Batcher {
  readonly #flush: (samples: Sample[]) => Promise<SampleOutcome[]>;
  readonly #maxBatch: number;
  readonly #besideFrom: number;
  readonly #maxQueued: number;
  #queue: Submission[] = [];
  #queuedSamples = 0;
  #flushes = 0;
  /** Inverters of which a flush holds samples. */
  readonly #flushing = new Set<number>();
  #isAboutToBegin = false;
  #drained: (() => void)[] = [];
  #stopped = false;
  /** Plain counters for the metrics. */
  readonly counts = { flushes: 0, flushMs: 0, samples: 0, refused: 0, failedFlushes: 0, rejectedSubmissions: 0 };

  constructor(flush: (samples: Sample[]) => Promise<SampleOutcome[]>, options: BatcherOptions = {}) {
    this.#flush = flush;
    this.#maxBatch = options.maxBatch ?? 250;
    this.#besideFrom = options.besideFrom ?? 100;
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
      this.#beginSoon();
    });
  }

  /** Stores what is queued and refuses what comes later. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#queue.length > 0 || this.#flushes > 0) await new Promise<void>((resolve) => this.#drained.push(resolve));
  }

  /** Submissions of the same turn of the event loop share a flush. */
  #beginSoon(): void {
    if (this.#isAboutToBegin || !this.#mayBegin()) return;
    this.#isAboutToBegin = true;
    setImmediate(() => {
      this.#isAboutToBegin = false;
      this.#begin();
    });
  }

  #mayBegin(): boolean {
    if (this.#queue.length === 0) return false;
    return this.#flushes === 0 || (this.#flushes < MAX_FLUSHES && this.#queuedSamples >= this.#besideFrom);
  }

  #begin(): void {
    while (this.#mayBegin()) {
      const batch = this.#take();
      // All that waits is of inverters that are being flushed.
      if (batch.length === 0) return;
      const inverters = invertersOf(batch);
      for (const inverter of inverters) this.#flushing.add(inverter);
      this.#flushes++;
      void this.#store(batch).then(() => {
        this.#flushes--;
        for (const inverter of inverters) this.#flushing.delete(inverter);
        this.#begin();
        if (this.#flushes === 0) for (const resolve of this.#drained.splice(0)) resolve();
      });
    }
  }

  /** The next batch: the oldest that wait, but for those whose inverter is being flushed, or has older ones that stay. */
  #take(): Submission[] {
    const batch: Submission[] = [];
    const left: Submission[] = [];
    const staying = new Set(this.#flushing);
    let samples = 0;
    let isFull = false;
    for (const submission of this.#queue) {
      const { samples: own } = submission;
      const mustStay = own.some(({ inverterId }) => staying.has(inverterId));
      isFull ||= !mustStay && batch.length > 0 && samples + own.length > this.#maxBatch;
      if (isFull) {
        left.push(submission);
      } else if (mustStay) {
        for (const { inverterId } of own) staying.add(inverterId);
        left.push(submission);
      } else {
        batch.push(submission);
        samples += own.length;
      }
    }
    this.#queue = left;
    this.#queuedSamples -= samples;
    return batch;
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

function invertersOf(submissions: readonly Submission[]): Set<number> {
  return new Set(submissions.flatMap(({ samples }) => samples.map(({ inverterId }) => inverterId)));
}
