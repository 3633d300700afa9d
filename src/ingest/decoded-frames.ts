import type { DbPool } from '../db/pools.ts';
import type { SourcePayload } from '../protocols/protocol.ts';
import { type DecodedFrame, keepDecoded } from '../store/decoded-frames.ts';
import type { Sample } from '../store/samples.ts';
import type { Logger } from '../telemetry/logger.ts';

/** Frames of so long go into the database together. */
const GATHER_MS = 1_000;
const MAX_BATCH = 1_000;
/** Some megabytes; beyond it frames are let go, for their samples are stored. */
const MAX_WAITING = 10_000;
const DAY_MS = 86_400_000;

/**
 * Keeps frames that were understood, so that a decoder which has learnt better can decode them again. They are written beside the
 * samples' path, which waits for nothing here: a frame that is lost with a process was decoded and stored all the same.
 */
export class DecodedFrames {
  readonly #pool: DbPool;
  readonly #days: number;
  readonly #log: Logger;
  #waiting: DecodedFrame[] = [];
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  /** Plain counters for the metrics. */
  readonly counts = { kept: 0, lost: 0 };

  /** @param days frames of older samples are not kept */
  constructor(pool: DbPool, days: number, log: Logger) {
    this.#pool = pool;
    this.#days = days;
    this.#log = log;
  }

  /** @param samples as they were stored; null where a payload came to none */
  keep(samples: readonly (Sample | null)[], sources: readonly SourcePayload[]): void {
    samples.forEach((sample, i) => {
      const source = sources[i];
      if (sample === null || source === undefined) return;
      const { userId, inverterId, sampledAt, receivedAt, reading } = sample;
      // One that was dated by another frame, or by its arrival, could be dated otherwise without it.
      if (reading.timeQuality !== 'device') return;
      if (receivedAt.getTime() - sampledAt.getTime() > this.#days * DAY_MS) return;
      if (this.#waiting.length >= MAX_WAITING) {
        this.counts.lost++;
        return;
      }
      this.#waiting.push({ userId, inverterId, sampledAt, receivedAt, layout: source.layout, bytes: source.bytes });
    });
    if (this.#waiting.length > 0) this.#timer ??= setTimeout(() => this.#write(), GATHER_MS);
  }

  /** Writes what waits: for a clean stop, and for tests. */
  async settled(): Promise<void> {
    this.#write();
    await this.#running;
  }

  #write(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#running ??= this.#writeAll().finally(() => {
      this.#running = null;
    });
  }

  /** Never rejects. */
  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MAX_BATCH);
      try {
        await keepDecoded(this.#pool, batch);
        this.counts.kept += batch.length;
      } catch (error) {
        this.counts.lost += batch.length;
        this.#log.warn({ err: error, frames: batch.length }, 'frames were not kept; their samples are stored');
      }
    }
  }
}
