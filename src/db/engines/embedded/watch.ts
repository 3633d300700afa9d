import type { Log } from './log.ts';
import { isRunning } from './processes.ts';

const lookMs = 1_000;
const longestPauseMs = 60_000;

/**
 * Starts the server again when its process is gone while somebody here needs it: killed for want of memory, or by hand.
 * Attempts that fail are reported and made more and more rarely.
 */
export function watch(options: { pid: () => number; revive: () => Promise<void>; log: Log }): {
  stop(): Promise<void>;
} {
  const { pid, revive, log } = options;
  let stopped = false;
  let pauseMs = lookMs;
  let timer: NodeJS.Timeout;
  let looking: Promise<void> = Promise.resolve();

  const look = async () => {
    try {
      if (await isRunning(pid())) {
        pauseMs = lookMs;
      } else if (!stopped) {
        log.warn({ pid: pid() }, 'The built-in PostgreSQL is gone and is started again');
        await revive();
      }
    } catch (error) {
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      log.warn({ error }, `The built-in PostgreSQL could not be started again; next attempt in ${pauseMs / 1_000} s`);
    }
    if (!stopped) plan();
  };
  const plan = () => {
    timer = setTimeout(() => {
      looking = look();
    }, pauseMs);
    timer.unref();
  };
  plan();
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await looking;
    },
  };
}
