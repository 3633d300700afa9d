/**
 * Chance that can be repeated: the same seed gives the same fleet, the same clouds, the same energy. `Math.random` appears nowhere in
 * the simulator.
 */

const GOLDEN = 0x9e3779b9;

/** 32 well-mixed bits of two integers (the finaliser of MurmurHash3): chance as a pure function, for what must not depend on order. */
export function hash(seed: number, n: number): number {
  let h = (Math.imul(seed, GOLDEN) ^ n) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  h = Math.imul((h ^ (h >>> 16)) + seed, 0x27d4eb2f);
  return (h ^ (h >>> 15)) >>> 0;
}

/** The same as a number from 0 to below 1. */
export function hashUnit(seed: number, n: number): number {
  return hash(seed, n) / 2 ** 32;
}

/** A smooth curve through chance values at every whole `x`; 0 to 1, with no step and no corner. */
export function smoothNoise(seed: number, x: number): number {
  const whole = Math.floor(x);
  const part = x - whole;
  const from = hashUnit(seed, whole);
  const to = hashUnit(seed, whole + 1);
  return from + (to - from) * part * part * (3 - 2 * part);
}

/** A sequence of chance (mulberry32), for identities and jitter where the order of asking is fixed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = hash(seed, 0x5eed);
  }

  /** 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** A whole number; both ends belong to it. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** @throws RangeError for an empty list */
  pick<T>(list: readonly T[]): T {
    const item = list[this.integer(0, list.length - 1)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }
}
