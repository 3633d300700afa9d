import type { Reading } from '../../domain/reading.ts';
import { type BootClocks, contradicts, type TimeBlock } from './time.ts';

/** Stored samples of a whole day without any server fit; the oldest beyond it wait only where they are kept. */
const MAX_HELD = 300;

interface Held {
  reading: Reading;
  time: TimeBlock;
  payload: Buffer;
}

/** A reading that has its date now, and the payload it came in. */
export type Dated = Pick<Held, 'reading' | 'payload'>;

/**
 * Stored samples whose frame carried no offset and whose power-on is not known yet. They were acknowledged, and kept as raw frames, when
 * they came; here they wait for a frame of the same power-on. What has none by the end of the connection stays where it is kept.
 */
export class UndatedSamples {
  readonly #clocks: BootClocks;
  #held: Held[] = [];

  constructor(clocks: BootClocks) {
    this.#clocks = clocks;
  }

  /** A sample to wait with. A repetition of one already waiting changes nothing. */
  hold(reading: Reading, time: TimeBlock, payload: Buffer): void {
    const isHeld = this.#held.some(
      (held) => held.time.workingS === time.workingS && held.time.powerOnS === time.powerOnS,
    );
    if (isHeld) return;
    this.#held.push({ reading, time, payload });
    if (this.#held.length > MAX_HELD) this.#held.shift();
  }

  /** Those whose power-on told its offset by now. */
  release(): Dated[] {
    return this.#held.length === 0 ? [] : this.#take((time) => this.#clocks.told(time));
  }

  /** Those that have at least a reckoned date: nothing better will come. */
  releaseAll(): Dated[] {
    return this.#take((time) => this.#clocks.reckoned(time));
  }

  #take(dateOf: (time: TimeBlock) => Date | null): Dated[] {
    const dated: Dated[] = [];
    this.#held = this.#held.filter(({ reading, time, payload }) => {
      const sampledAt = dateOf(time);
      if (sampledAt !== null) dated.push({ reading: { ...reading, sampledAt, timeQuality: 'boot' }, payload });
      return sampledAt === null;
    });
    return dated;
  }
}

/**
 * Date a stored sample whose frame carried no offset, or null when it is better to wait. A handshake of the same power-on is enough,
 * unless the inverter's clock says something quite different: one of the two is wrong then, and the next live frame will tell.
 */
export function dateByBoot(clocks: BootClocks, reading: Reading, time: TimeBlock): Reading | null {
  const told = clocks.told(time);
  if (told !== null) return { ...reading, sampledAt: told, timeQuality: 'boot' };
  const reckoned = clocks.reckoned(time);
  if (reckoned === null || contradicts(reading.deviceClock, reckoned)) return null;
  return { ...reading, sampledAt: reckoned, timeQuality: 'boot' };
}

/**
 * Step 3: the inverter's own clock, to be read in the site's zone by who knows it. Without one nothing tells when a stored sample was
 * taken, and its arrival would be a lie: the date stays open, for the resolving step to decide.
 */
export function withoutBoot(reading: Reading): Reading {
  return { ...reading, sampledAt: null, timeQuality: reading.deviceClock === null ? 'receipt' : 'device_clock' };
}

/** A live sample of a logger that does not know the time: it is dated by its arrival, and says so. */
export function atArrival(reading: Reading, arrivedAt: Date): Reading {
  return { ...reading, sampledAt: arrivedAt, timeQuality: 'receipt', flags: [...reading.flags, 'clock_untrusted'] };
}
