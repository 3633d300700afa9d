/**
 * One timer for several deadlines that move all the time. It is set anew only when something falls due before it would fire; when it
 * fires too early, because the deadline has moved on meanwhile, its owner finds nothing due and sets it again. So traffic allocates
 * no timers.
 */
export class DeadlineTimer {
  readonly #onDue: () => void;
  #timer: NodeJS.Timeout | null = null;
  #dueMs = 0;

  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  /** Fire at this moment of `performance.now()`, or before. */
  set(dueMs: number): void {
    if (this.#timer !== null && this.#dueMs <= dueMs) return;
    this.clear();
    this.#dueMs = dueMs;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.#onDue();
      },
      Math.max(1, Math.ceil(dueMs - performance.now())),
    );
  }

  clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
