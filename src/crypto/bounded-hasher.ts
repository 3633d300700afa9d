import { Unavailable } from '../domain/errors.ts';
import type { PasswordHasher } from './passwords.ts';

export interface HasherBounds {
  /** Hashes at a time: each takes a core and 19 MiB. */
  atOnce: number;
  /** How many may wait for their turn. */
  waiting: number;
}

/**
 * The same hasher, but never so busy with passwords that nothing else is served: strangers choose how many they send. What cannot even
 * wait is refused unhashed. @throws Unavailable
 */
export function boundedHasher(hasher: PasswordHasher, { atOnce, waiting }: HasherBounds): PasswordHasher {
  let running = 0;
  const queue: (() => void)[] = [];

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running < atOnce) running++;
    else {
      if (queue.length >= waiting)
        throw new Unavailable('Too many people sign in right now. Please try again in a moment.');
      // Whoever finishes hands its place on, so that nobody who comes now gets ahead.
      await new Promise<void>((resolve) => queue.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next === undefined) running--;
      else next();
    }
  }

  return {
    hash: (password) => inTurn(() => hasher.hash(password)),
    verify: (stored, password) => inTurn(() => hasher.verify(stored, password)),
    isOutdated: (stored) => hasher.isOutdated(stored),
  };
}
