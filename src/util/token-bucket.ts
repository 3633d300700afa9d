/** So many at once, so many per millisecond over time. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perMs: number;
  #tokens: number;
  #at: number;

  constructor(burst: number, perMs: number, nowMs: number) {
    this.#burst = burst;
    this.#perMs = perMs;
    this.#tokens = burst;
    this.#at = nowMs;
  }

  /** Takes one, if there is one. */
  take(nowMs: number): boolean {
    this.#refill(nowMs);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Milliseconds until there is one. */
  waitMs(nowMs: number): number {
    this.#refill(nowMs);
    return this.#tokens >= 1 ? 0 : Math.ceil((1 - this.#tokens) / this.#perMs);
  }

  /** Whether nothing would be lost by forgetting it. */
  isFull(nowMs: number): boolean {
    this.#refill(nowMs);
    return this.#tokens >= this.#burst;
  }

  #refill(nowMs: number): void {
    // A clock that is set back gives nothing and takes nothing.
    this.#tokens = Math.min(this.#burst, this.#tokens + Math.max(0, nowMs - this.#at) * this.#perMs);
    this.#at = nowMs;
  }
}

/** Buckets by name, made when they are first asked for. One that is full again is forgotten, so what is kept is bounded by what happens. */
export class TokenBuckets {
  readonly #burst: number;
  readonly #perMs: number;
  readonly #max: number;
  readonly #buckets = new Map<string, TokenBucket>();

  /** @param max buckets kept; beyond it the one unused for longest goes, though it may not be full */
  constructor(burst: number, perMs: number, max: number) {
    this.#burst = burst;
    this.#perMs = perMs;
    this.#max = max;
  }

  of(name: string, nowMs: number): TokenBucket {
    const known = this.#buckets.get(name);
    if (known !== undefined) {
      // A map remembers the order of insertion: what is used moves to its end.
      this.#buckets.delete(name);
      this.#buckets.set(name, known);
      return known;
    }
    if (this.#buckets.size >= this.#max) this.#makeRoom(nowMs);
    const bucket = new TokenBucket(this.#burst, this.#perMs, nowMs);
    this.#buckets.set(name, bucket);
    return bucket;
  }

  get size(): number {
    return this.#buckets.size;
  }

  #makeRoom(nowMs: number): void {
    for (const [name, bucket] of this.#buckets) if (bucket.isFull(nowMs)) this.#buckets.delete(name);
    const oldest = this.#buckets.keys().next().value;
    if (this.#buckets.size >= this.#max && oldest !== undefined) this.#buckets.delete(oldest);
  }
}
