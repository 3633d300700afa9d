import type { Reading } from '../../domain/reading.ts';
import { type BootClocks, contradicts, type TimeBlock } from './time.ts';

/** Stored samples of a whole day without any server fit; the oldest beyond it wait only where they are kept. */
const MAX_HELD = 300;
/**
 * The live frame that tells the offset usually comes just after (solarman-v5 §2.6). After this it is not waited for: the arrival of the
 * handshake has to do, where there was one.
 */
const PATIENCE_MS = 180_000;
/** What nothing here dates is left to whoever keeps the payloads, and would be dated twice if it were still here by then. */
const FORGET_MS = 540_000;

interface Held {
  reading: Reading;
  time: TimeBlock;
  payload: Buffer;
  heldAt: Date;
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
  hold(sample: Held): void {
    const { time } = sample;
    const isHeld = this.#held.some(
      (held) => held.time.workingS === time.workingS && held.time.powerOnS === time.powerOnS,
    );
    if (isHeld) return;
    this.#held.push(sample);
    if (this.#held.length > MAX_HELD) this.#held.shift();
  }

  /** Those whose power-on told its offset by now, and those that waited long enough for it. */
  release(now: Date): Dated[] {
    if (this.#held.length === 0) return [];
    const ageMs = ({ heldAt }: Held) => now.getTime() - heldAt.getTime();
    const dated = this.#take((held) => {
      const told = this.#clocks.told(held.time);
      return told ?? (ageMs(held) >= PATIENCE_MS ? this.#clocks.reckoned(held.time) : null);
    });
    this.#held = this.#held.filter((held) => ageMs(held) < FORGET_MS);
    return dated;
  }

  /** Those that have at least a reckoned date: nothing better will come. */
  releaseAll(): Dated[] {
    return this.#take(({ time }) => this.#clocks.reckoned(time));
  }

  #take(dateOf: (held: Held) => Date | null): Dated[] {
    const dated: Dated[] = [];
    this.#held = this.#held.filter((held) => {
      const { reading, payload } = held;
      const sampledAt = dateOf(held);
      if (sampledAt !== null) dated.push({ reading: { ...reading, sampledAt, timeQuality: 'boot' }, payload });
      return sampledAt === null;
    });
    return dated;
  }
}

/** Date a sample whose frame carried no offset by one that another frame of its power-on told; null when none did. */
export function dateByTold(clocks: BootClocks, reading: Reading, time: TimeBlock): Reading | null {
  const told = clocks.told(time);
  return told === null ? null : { ...reading, sampledAt: told, timeQuality: 'boot' };
}

/**
 * The same, or by when a handshake of its power-on came; null where the inverter's clock says something quite different: one of the two
 * is wrong then.
 */
export function dateByBoot(clocks: BootClocks, reading: Reading, time: TimeBlock): Reading | null {
  const told = dateByTold(clocks, reading, time);
  if (told !== null) return told;
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
