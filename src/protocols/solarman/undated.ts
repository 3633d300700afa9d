import type { Reading } from '../../domain/reading.ts';
import { type BootClocks, contradicts, type TimeBlock } from './time.ts';

/** The live frame that tells the offset usually comes just after (solarman-v5 §2.6 step 2). */
const HOLD_MS = 600_000;
/** Stored samples of a whole day without any server fit; beyond it the oldest stop waiting. */
const MAX_HELD = 300;

interface Held {
  reading: Reading;
  time: TimeBlock;
  since: Date;
}

/**
 * Stored samples whose frame carried no offset and whose power-on is not known yet. They were acknowledged, and kept as raw frames, when
 * they came; here they wait for a frame of the same power-on.
 */
export class UndatedSamples {
  readonly #clocks: BootClocks;
  #held: Held[] = [];

  constructor(clocks: BootClocks) {
    this.#clocks = clocks;
  }

  /** A sample to wait with. A repetition of one already waiting changes nothing. */
  hold(reading: Reading, time: TimeBlock, since: Date): void {
    const isHeld = this.#held.some(
      (held) => held.time.workingS === time.workingS && held.time.powerOnS === time.powerOnS,
    );
    if (!isHeld) this.#held.push({ reading, time, since });
  }

  /** Those that can be dated by now, and those that have waited long enough or are too many: with the best date there is. */
  release(now: Date): Reading[] {
    if (this.#held.length === 0) return [];
    const tooMany = this.#held.length - MAX_HELD;
    const released: Reading[] = [];
    const waiting: Held[] = [];
    this.#held.forEach((held, index) => {
      const told = this.#clocks.told(held.time);
      if (told !== null) released.push({ ...held.reading, sampledAt: told, timeQuality: 'boot' });
      else if (index < tooMany || now.getTime() - held.since.getTime() >= HOLD_MS) released.push(this.#settle(held));
      else waiting.push(held);
    });
    this.#held = waiting;
    return released;
  }

  /** All of them: the connection is over. */
  releaseAll(): Reading[] {
    const released = this.#held.map((held) => this.#settle(held));
    this.#held = [];
    return released;
  }

  #settle({ reading, time }: Held): Reading {
    const reckoned = this.#clocks.reckoned(time);
    return reckoned === null ? withoutBoot(reading) : { ...reading, sampledAt: reckoned, timeQuality: 'boot' };
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
