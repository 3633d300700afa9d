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
  readonly #underWay: { message: Message; offset: Promise<number | null> }[] = [];

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
    return this.#underWay.length;
  }

  /** Settles when everything handed over so far is settled. Never rejects. */
  get drained(): Promise<void> {
    return this.#tail;
  }

  hand(message: Message): void {
    // Sent again because the sink is slow: it shares the first copy's fate, or whoever is slow would get ever more to do.
    const copy = message.repeated ? this.#underWay.find((other) => isSameFrame(other.message, message)) : undefined;
    const offset = copy?.offset ?? this.#offsetOf(message);
    this.#underWay.push({ message, offset });
    this.#tail = this.#tail.then(async () => {
      const utcOffsetMin = await offset;
      this.#underWay.shift();
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

/** Of two messages of one connection, the later of which repeats some earlier one: not every device counts its frames. */
function isSameFrame(one: Message, other: Message): boolean {
  if (one.acknowledgement === null || other.acknowledgement === null || one.code !== other.code) return false;
  if (one.acknowledgement.sequence[1] !== other.acknowledgement.sequence[1]) return false;
  const [ours, theirs] = [payloadOf(one), payloadOf(other)];
  return ours === null || theirs === null ? ours === theirs : ours.equals(theirs);
}

/** What of it has to be stored; null for a frame that only tells. */
function payloadOf({ sources, raw }: Message): Buffer | null {
  return sources[0]?.bytes ?? raw?.bytes ?? null;
}
