import type { Sample } from './deye-micro.ts';

/** Bit of the frame type that says "stored, from an earlier time" (solarman-v5 §2.6). */
const STORED_BIT = 0x80;
/** A day at the usual five minutes; a logger's memory is not endless either. */
const MAX_KEPT = 288;

interface Kept {
  sample: Sample;
  /** How often it was sent. */
  sends: number;
  /** Not of the present when it was taken. */
  isOld: boolean;
}

/** The samples that a logger keeps until they are acknowledged, oldest first. */
export class SampleStore {
  readonly #kept: Kept[] = [];

  get size(): number {
    return this.#kept.length;
  }

  /** @returns how many of the oldest had to go; the very first may be on its way and stays */
  keep(sample: Sample, isOld: boolean): number {
    this.#kept.push({ sample, sends: 0, isOld });
    const tooMany = Math.max(0, this.#kept.length - MAX_KEPT);
    this.#kept.splice(1, tooMany);
    return tooMany;
  }

  /**
   * The oldest sample, as it has to be sent now. Live only when it is the newest, its time is known and it goes out for the first time:
   * what comes late or once more is a stored frame, with the time block of its own moment.
   */
  next(): { sample: Sample; payload: Buffer; isRepeated: boolean } | null {
    const kept = this.#kept[0];
    if (kept === undefined) return null;
    const isStored = kept.isOld || !kept.sample.isDated || kept.sends > 0 || this.#kept.length > 1;
    kept.sends += 1;
    const payload = Buffer.from(kept.sample.payload);
    if (isStored) payload[0] = (payload[0] ?? 0) | STORED_BIT;
    return { sample: kept.sample, payload, isRepeated: kept.sends > 1 };
  }

  /** What went out at least once and never had an answer: it may have arrived. */
  sent(): Sample[] {
    return this.#kept.flatMap(({ sample, sends }) => (sends > 0 && !sample.isAcknowledged ? [sample] : []));
  }

  /** Acknowledged, or refused for good. */
  drop(sample: Sample): void {
    const at = this.#kept.findIndex((kept) => kept.sample === sample);
    if (at >= 0) this.#kept.splice(at, 1);
  }
}
