import type { Batcher } from '../ingest/batcher.ts';
import type { Logger } from '../telemetry/logger.ts';

const EVERY_MS = 60_000;

/**
 * One line a minute on what was stored, where something was: a line for each message would be most of the log.
 * @returns how to stop it
 */
export function logIngest(
  batcher: Pick<Batcher, 'counts' | 'queuedSamples'>,
  log: Pick<Logger, 'info' | 'warn'>,
  everyMs: number = EVERY_MS,
): () => Promise<void> {
  let before = { ...batcher.counts };
  const timer = setInterval(() => {
    const now = { ...batcher.counts };
    const samples = now.samples - before.samples;
    const failed = now.failedFlushes - before.failedFlushes;
    const refused = now.refused - before.refused;
    before = now;
    const line = { event: 'ingest', samples, failed, refused, queued: batcher.queuedSamples };
    if (failed + refused > 0) log.warn(line, 'samples could not be stored');
    else if (samples > 0) log.info(line, 'samples stored');
  }, everyMs).unref();
  return async () => clearInterval(timer);
}
