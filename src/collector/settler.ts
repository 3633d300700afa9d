import type { Message } from '../protocols/protocol.ts';

/** A message the sink has dealt with: with the site's offset, or without, when it could not be stored. */
export type OnSettled = (message: Message, utcOffsetMin: number | null) => void;

/**
 * Messages go to the sink at once, side by side, so that it can store many in one transaction; they come back in the order they were
 * handed over, so that acknowledgements leave in the order of the frames.
 */
export class Settler {
  readonly #accept: (message: Message) => Promise<{ utcOffsetMin: number }>;
  readonly #onUnstored: (error: unknown) => void;
  readonly #onSettled: OnSettled;
  #tail: Promise<void> = Promise.resolve();
  #unsettled = 0;

  constructor(
    accept: (message: Message) => Promise<{ utcOffsetMin: number }>,
    onUnstored: (error: unknown) => void,
    onSettled: OnSettled,
  ) {
    this.#accept = accept;
    this.#onUnstored = onUnstored;
    this.#onSettled = onSettled;
  }

  /** How many are on their way. */
  get unsettled(): number {
    return this.#unsettled;
  }

  /** Settles when everything handed over so far is settled. Never rejects. */
  get drained(): Promise<void> {
    return this.#tail;
  }

  hand(message: Message): void {
    this.#unsettled += 1;
    const offset = this.#offsetOf(message);
    this.#tail = this.#tail.then(async () => {
      const utcOffsetMin = await offset;
      this.#unsettled -= 1;
      this.#onSettled(message, utcOffsetMin);
    });
  }

  async #offsetOf(message: Message): Promise<number | null> {
    try {
      return (await this.#accept(message)).utcOffsetMin;
    } catch (error) {
      this.#onUnstored(error);
      return null;
    }
  }
}
