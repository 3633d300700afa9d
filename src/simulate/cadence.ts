import type { SimClock } from './clock.ts';
import type { Cancel, TimerWheel } from './timer-wheel.ts';

/** Samples of before the run, to be sent first: from this simulated moment to the present, so many seconds apart. */
export interface History {
  fromMs: number;
  stepS: number;
}

/** A regular beat in simulated time. Each device has its own phase, so that a fleet's work is spread over the interval. */
export class Cadence {
  readonly #clock: SimClock;
  readonly #wheel: TimerWheel;
  readonly #intervalMs: number;
  #dueMs: number;
  #cancel: Cancel | null = null;

  /** @param phase 0…1, where in the interval the beat lies */
  constructor(clock: SimClock, wheel: TimerWheel, intervalS: number, phase: number) {
    this.#clock = clock;
    this.#wheel = wheel;
    this.#intervalMs = intervalS * 1000;
    this.#dueMs = phase * this.#intervalMs;
  }

  /** Run once at the next beat after now. Beats that were missed are not made up for: a slow machine sends less, not later and later. */
  next(run: () => void): void {
    const now = this.#clock.now();
    this.#dueMs = now + this.#intervalMs - ((now - this.#dueMs) % this.#intervalMs);
    this.stop();
    this.#cancel = this.#wheel.after(this.#clock.realMs(this.#dueMs - now), run);
  }

  stop(): void {
    this.#cancel?.();
  }
}
