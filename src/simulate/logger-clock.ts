import type { TimeBlock } from '../protocols/solarman/time.ts';

/** A logger corrects its clock when it is further off than this; otherwise whole seconds in answers would make it waver. */
const TOLERANCE_S = 2;

/**
 * How a logger knows the time (solarman-v5 §2.6): it counts the seconds it has been powered, and learns from every answer what to add.
 * Without a server it does not know the time, and says so with an offset of 0.
 */
export class LoggerClock {
  /** Seconds of earlier lives. */
  #workedS: number;
  #bootedMs = 0;
  #offsetS = 0;
  readonly #errorS: number;
  /** Minutes east of UTC, as the server told; 0 until then. */
  utcOffsetMin = 0;

  /** @param errorS seconds by which it is ahead, whatever a server tells it */
  constructor(workedS: number, errorS = 0) {
    this.#workedS = workedS;
    this.#errorS = errorS;
  }

  /** Power-on: the count goes on where it stood, the offset is forgotten. */
  boot(ms: number): void {
    this.#bootedMs = ms;
    this.#offsetS = 0;
  }

  /** Power-off: the count stands still until the next boot. */
  halt(ms: number): void {
    this.#workedS = this.time(ms).workingS;
  }

  time(ms: number): TimeBlock {
    const powerOnS = Math.max(0, Math.floor((ms - this.#bootedMs) / 1000));
    return { workingS: this.#workedS + powerOnS, powerOnS, offsetS: this.#offsetS };
  }

  /** What an answer does. @param serverMs the server's time, as simulated time; whole seconds are all it can say */
  learn(ms: number, serverMs: number, utcOffsetMin: number): void {
    const offsetS = Math.round(serverMs / 1000) + this.#errorS - this.time(ms).workingS;
    if (Math.abs(offsetS - this.#offsetS) > TOLERANCE_S) this.#offsetS = offsetS;
    this.utcOffsetMin = utcOffsetMin;
  }
}
