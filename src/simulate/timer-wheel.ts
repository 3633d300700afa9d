/**
 * All timers of a fleet on one interval: thousands of devices cost one wake-up every few milliseconds instead of thousands of timers,
 * and work that falls due together is done together. Times are rounded up to the tick.
 */

const TICK_MS = 20;

interface Entry {
  run: (() => void) | null;
}

/** Takes the timer back; harmless when it has fired. */
export type Cancel = () => void;

export class TimerWheel {
  readonly #slots = new Map<number, Entry[]>();
  #timer: NodeJS.Timeout | null = null;
  #tick = 0;
  #stopped = false;

  after(ms: number, run: () => void): Cancel {
    if (this.#stopped) return () => undefined;
    if (this.#timer === null) {
      this.#tick = now();
      this.#timer = setInterval(() => this.#turn(), TICK_MS);
    }
    const entry: Entry = { run };
    const slot = Math.max(this.#tick, now()) + Math.max(1, Math.ceil(ms / TICK_MS));
    const entries = this.#slots.get(slot);
    if (entries === undefined) this.#slots.set(slot, [entry]);
    else entries.push(entry);
    return () => {
      entry.run = null;
    };
  }

  /** Nothing fires any more, and nothing keeps the process alive. */
  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#slots.clear();
  }

  #turn(): void {
    const until = now();
    // After a long sleep of the machine it is cheaper to ask which slots there are than to visit every tick
    const due =
      until - this.#tick > this.#slots.size
        ? [...this.#slots.keys()].filter((slot) => slot <= until).sort((a, b) => a - b)
        : Array.from({ length: until - this.#tick }, (_, i) => this.#tick + 1 + i);
    this.#tick = until;
    for (const slot of due) {
      const entries = this.#slots.get(slot);
      this.#slots.delete(slot);
      for (const entry of entries ?? []) entry.run?.();
    }
  }
}

/** Ticks of a clock that nobody sets back. */
function now(): number {
  return Math.floor(performance.now() / TICK_MS);
}
