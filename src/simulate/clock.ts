/**
 * The time in which the devices live. At speed 1 it is the real one. Faster, it begins in the past and may catch up with the present
 * but never overtake it: a server rightly refuses samples from the future.
 */
export class SimClock {
  readonly #startMs: number;
  readonly #speed: number;
  readonly #wall: () => number;
  readonly #wallStartMs: number;

  /** @param startMs simulated moment at which the clock begins; not later than now */
  constructor(startMs: number, speed: number, wall: () => number = Date.now) {
    this.#startMs = startMs;
    this.#speed = speed;
    this.#wall = wall;
    this.#wallStartMs = wall();
  }

  /** Simulated time, epoch milliseconds. */
  now(): number {
    const wallMs = this.#wall();
    return Math.min(wallMs, this.#startMs + (wallMs - this.#wallStartMs) * this.#speed);
  }

  /** How far the simulated time lies behind the real one; 0 once it has caught up. */
  lagMs(): number {
    return this.#wall() - this.now();
  }

  /** Real milliseconds to wait for a span of simulated time. */
  realMs(simulatedMs: number): number {
    return this.lagMs() > 0 ? simulatedMs / this.#speed : simulatedMs;
  }
}
