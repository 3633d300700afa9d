import { expect, it } from 'vitest';
import { inverter } from '../../../test/support/fake-services.ts';
import { present } from '../../../test/support/present.ts';
import { Hub } from '../../live/hub.ts';
import type { SseStream } from '../../live/sse.ts';
import { AccountFeeds } from './live-feed.ts';

const NOON = Date.parse('2026-06-15T12:00:00Z');
const COUNT = 200;

/** Keeps what it is told, part by part. */
class KeptStream implements SseStream {
  readonly closed = false;
  readonly told: (readonly string[])[] = [];
  write(bytes: string): void {
    this.told.push([bytes]);
  }
  writeAll(parts: readonly string[]): void {
    this.told.push(parts);
  }
  replace(parts: readonly string[]): void {
    this.told.push(parts);
  }
  close(): void {}
  onClose(): void {}
}

/** One after the other in time, though not in the order of their ids; so much of each that all of them are several parts. */
function reported(hoursAfterNoon: number, state: 'idle' | 'producing') {
  return Array.from({ length: COUNT }, (_, n) => {
    const receivedAt = new Date(NOON + hoursAfterNoon * 3_600_000 + ((n * 77) % COUNT) * 10_000);
    return inverter({ id: n + 1, name: 'Dach '.repeat(100), state, receivedAt, lastSeenAt: receivedAt });
  });
}

const readInverters = (text: string): number[] =>
  [...text.matchAll(/^event: reading\ndata: (.*)$/gm)].map(
    ([, json]) => (JSON.parse(present(json)) as { inverter_id: number }).inverter_id,
  );
const lastId = (text: string): string | null => [...text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? null;

it('tells who is cut off in the middle of many readings the rest of them when he comes back', async () => {
  const hub = new Hub();
  let all = reported(0, 'idle');
  const feeds = new AccountFeeds({
    hub,
    inverters: { list: async () => all, currents: async (_, ids) => all.filter(({ id }) => ids.includes(id)) },
    inbox: { list: async () => [] },
    now: () => new Date(NOON),
    onError: (error) => expect.unreachable(String(error)),
    times: { coalesceMs: 0 },
  });
  const reader = new KeptStream();
  feeds.join(1, reader, null);
  await expect.poll(() => reader.told.length).toBe(1);

  all = reported(1, 'producing');
  hub.resync();
  await expect.poll(() => reader.told.length).toBe(2);
  const [first = [], second = []] = reader.told;
  expect(second.length).toBeGreaterThan(2);
  // States come first, then readings.
  const events = second.join('').split(/(?<=\n\n)/);
  for (const taken of [0, 1, COUNT, COUNT + 1, COUNT + 120]) {
    const got = events.slice(0, taken).join('');
    const again = new KeptStream();
    feeds.join(1, again, lastId(first.join('') + got));
    await expect.poll(() => again.told.length).toBe(1);
    const read = [...readInverters(got), ...readInverters(present(again.told[0]).join(''))];
    expect([taken, new Set(read).size]).toEqual([taken, COUNT]);
    // The rest, not everything once more.
    expect(read.length).toBeLessThan(COUNT + 5);
  }
  feeds.close();
});

it('does not tell a reading again because the inverter told something of itself', async () => {
  const hub = new Hub();
  const all = reported(0, 'idle').slice(0, 2);
  let looks = 0;
  const feeds = new AccountFeeds({
    hub,
    inverters: {
      list: async () => {
        looks++;
        return all;
      },
      currents: async (_, ids) => all.filter(({ id }) => ids.includes(id)),
    },
    inbox: { list: async () => [] },
    now: () => new Date(NOON),
    onError: (error) => expect.unreachable(String(error)),
    times: { coalesceMs: 0 },
  });
  const reader = new KeptStream();
  feeds.join(1, reader, null);
  await expect.poll(() => reader.told.length).toBe(1);
  hub.publish({ type: 'described', userId: 1, inverterId: 2 });
  await expect.poll(() => looks).toBe(2);
  hub.publish({ type: 'reading', userId: 1, inverterId: 1 });
  await expect.poll(() => readInverters(reader.told.slice(1).flat().join(''))).toEqual([1]);
  feeds.close();
});
