import { Unavailable } from '../domain/errors.ts';

const COME_AGAIN_S = 10;

/** Lets so many in at once. Counted is work, not who waits to send it: a body may never come, the end of work always does. */
export class Doorkeeper {
  /** What the others are told. */
  readonly refusal = new Unavailable('Too many are sending at once.', { retryAfterS: COME_AGAIN_S });
  readonly #most: number;
  #inside = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get isFull(): boolean {
    return this.#inside >= this.#most;
  }

  /** @throws Unavailable when there is no room, and what the work throws */
  async admit<T>(work: () => Promise<T>): Promise<T> {
    if (this.isFull) throw this.refusal;
    this.#inside++;
    try {
      return await work();
    } finally {
      this.#inside--;
    }
  }
}
