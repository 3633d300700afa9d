import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { logIngest } from './ingest-log.ts';

describe('the log of what was stored', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('says each minute what came since the last, and nothing when nothing did', async () => {
    const lines: unknown[] = [];
    const at = (level: string) => (fields: object) => void lines.push({ level, ...fields });
    const counts = { flushes: 3, flushMs: 9, samples: 10, refused: 0, failedFlushes: 0, rejectedSubmissions: 0 };
    const batcher = { counts, queuedSamples: 4 };
    const stop = logIngest(batcher, { info: at('info'), warn: at('warn') } as never);
    counts.samples = 25;
    vi.advanceTimersByTime(120_000);
    counts.failedFlushes = 1;
    vi.advanceTimersByTime(60_000);
    await stop();
    counts.samples = 99;
    vi.advanceTimersByTime(120_000);
    expect(lines).toEqual([
      { level: 'info', event: 'ingest', samples: 15, failed: 0, refused: 0, queued: 4 },
      { level: 'warn', event: 'ingest', samples: 0, failed: 1, refused: 0, queued: 4 },
    ]);
  });
});
