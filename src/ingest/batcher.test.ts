import { describe, expect, it } from 'vitest';
import { Unavailable } from '../domain/errors.ts';
import { emptyReading } from '../domain/reading.ts';
import type { Sample } from '../store/samples.ts';
import { Batcher } from './batcher.ts';
import type { SampleOutcome } from './flush.ts';

function sample(inverterId: number): Sample {
  const at = new Date('2026-06-21T11:00:00Z');
  return {
    userId: 1,
    inverterId,
    sampledAt: at,
    receivedAt: at,
    reading: emptyReading({ kind: 'opendtu', serial: String(inverterId), sampledAt: at, timeQuality: 'device' }),
  };
}

/** A flush whose end the test decides. */
function gate() {
  const batches: number[][] = [];
  const waiting: {
    samples: Sample[];
    resolve: (outcomes: SampleOutcome[]) => void;
    reject: (error: unknown) => void;
  }[] = [];
  const flush = (samples: Sample[]): Promise<SampleOutcome[]> => {
    batches.push(samples.map((s) => s.inverterId));
    return new Promise((resolve, reject) => waiting.push({ samples, resolve, reject }));
  };
  const next = async () => {
    await expect.poll(() => waiting.length).toBeGreaterThan(0);
    return waiting.shift() as (typeof waiting)[number];
  };
  const finish = async (): Promise<void> => {
    const { samples, resolve } = await next();
    resolve(samples.map(() => 'stored'));
  };
  return { batches, flush, next, finish };
}

describe('Batcher', () => {
  it('shares one flush among what arrives while another runs, and keeps a submission whole', async () => {
    const { batches, flush, finish } = gate();
    const batcher = new Batcher(flush, { maxBatch: 3 });
    const first = batcher.submit([sample(1)]);
    await expect.poll(() => batches.length).toBe(1);
    const others = [
      batcher.submit([sample(2), sample(3)]),
      batcher.submit([sample(4), sample(5)]),
      batcher.submit([sample(6)]),
    ];
    await finish();
    await finish();
    await finish();
    await Promise.all([first, ...others]);
    expect(batches).toEqual([[1], [2, 3], [4, 5, 6]]);
  });

  it('flushes beside a flush when many wait, never more than two, and never one inverter in both', async () => {
    const { batches, flush, next, finish } = gate();
    const batcher = new Batcher(flush, { maxBatch: 3, besideFrom: 3 });
    const stored: number[] = [];
    const submit = (...ids: number[]) =>
      batcher.submit(ids.map((id) => sample(id))).then(() => {
        stored.push(...ids);
      });
    const all = [submit(1)];
    await expect.poll(() => batches.length).toBe(1);
    const first = await next();
    // Two are too few, the third makes enough of them; those of 1 wait for 1, and 2 behind them for its own elder.
    all.push(submit(3), submit(4));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(batches).toEqual([[1]]);
    all.push(submit(1, 2), submit(2), submit(5), submit(6), submit(7), submit(8));
    await expect.poll(() => batches.length).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(batches).toEqual([[1], [3, 4, 5]]);
    expect(batcher.queuedSamples).toBe(6);
    first.resolve(['stored']);
    await expect.poll(() => batches.length).toBe(3);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(batches.slice(2)).toEqual([[1, 2, 2]]);
    // Two are under way: the rest waits although it would be enough.
    const stopped = batcher.stop();
    for (let n = 0; n < 3; n++) await finish();
    await Promise.all([stopped, ...all]);
    expect(batches[3]).toEqual([6, 7, 8]);
    expect(stored.sort()).toEqual([1, 1, 2, 2, 3, 4, 5, 6, 7, 8]);
    expect(batcher.queuedSamples).toBe(0);
  });

  it('answers each submission with its own outcomes, and only after the flush', async () => {
    const { flush, next } = gate();
    const batcher = new Batcher(flush);
    let settled = false;
    const one = batcher.submit([sample(1)]).finally(() => {
      settled = true;
    });
    const two = batcher.submit([sample(2), sample(3)]);
    const running = await next();
    expect(settled).toBe(false);
    running.resolve(['duplicate', 'stored', 'gone']);
    expect(await one).toEqual(['duplicate']);
    expect(await two).toEqual(['stored', 'gone']);
  });

  it('halves a refused batch until the bad device stands alone, and stores the others', async () => {
    const tried: number[][] = [];
    const batcher = new Batcher(async (samples) => {
      tried.push(samples.map((s) => s.inverterId));
      if (samples.some((s) => s.inverterId === 3)) throw new Error('value out of range');
      return samples.map(() => 'stored' as const);
    });
    const results = await Promise.allSettled([1, 2, 3, 4, 5].map((id) => batcher.submit([sample(id)])));
    expect(results.map((r) => r.status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(tried[0]).toEqual([1, 2, 3, 4, 5]);
  });

  it('does not halve during an outage: everybody is told at once', async () => {
    let flushes = 0;
    const batcher = new Batcher(async () => {
      flushes++;
      throw new Unavailable('down');
    });
    const results = await Promise.allSettled([1, 2, 3, 4].map((id) => batcher.submit([sample(id)])));
    expect(results.every((r) => r.status === 'rejected' && r.reason instanceof Unavailable)).toBe(true);
    expect(flushes).toBe(1);
    await expect(batcher.submit([sample(9)])).rejects.toThrow('down');
  });

  it('refuses at once what the bounded queue cannot hold, and takes again when there is room', async () => {
    const { flush, finish, batches } = gate();
    const batcher = new Batcher(flush, { maxQueued: 2 });
    const running = batcher.submit([sample(1)]);
    await expect.poll(() => batches.length).toBe(1);
    const waiting = batcher.submit([sample(2), sample(3)]);
    await expect(batcher.submit([sample(4)])).rejects.toMatchObject({ code: 'unavailable', retryAfterS: 10 });
    await finish();
    await finish();
    await Promise.all([running, waiting]);
    const later = batcher.submit([sample(5)]);
    await finish();
    expect(await later).toEqual(['stored']);
  });

  it('stores what is queued when it is stopped, and refuses what comes later', async () => {
    const stored: number[] = [];
    const batcher = new Batcher(async (samples) => {
      stored.push(...samples.map((s) => s.inverterId));
      return samples.map(() => 'stored' as const);
    });
    const queued = batcher.submit([sample(1)]);
    await batcher.stop();
    expect(stored).toEqual([1]);
    expect(await queued).toEqual(['stored']);
    await expect(batcher.submit([sample(2)])).rejects.toBeInstanceOf(Unavailable);
  });
});
