import { setTimeout as wait } from 'node:timers/promises';

/** The work's result, but not before `ms` have passed, also when it fails: for answers whose time must not tell what was found. */
export async function atLeast<T>(ms: number, work: Promise<T>): Promise<T> {
  const [outcome] = await Promise.allSettled([work, wait(ms)]);
  if (outcome.status === 'rejected') throw outcome.reason;
  return outcome.value;
}
