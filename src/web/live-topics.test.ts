import { afterEach, expect, it } from 'vitest';
import { Hub } from '../live/hub.ts';
import { encodeEvent, type SseStream } from '../live/sse.ts';
import { LiveTopics } from './live-topics.ts';

/** Keeps what replaced what. */
class KeptStream implements SseStream {
  readonly closed = false;
  readonly told: (readonly string[])[] = [];
  replace(parts: readonly string[]): void {
    this.told.push(parts);
  }
  write(): void {
    expect.unreachable('as something that adds up');
  }
  writeAll(): void {
    this.write();
  }
  close(): void {}
  onClose(): void {}
}

const topics = new LiveTopics(new Hub(), (error) => expect.unreachable(String(error)));
afterEach(() => topics.close());

it('tells the state of a page in parts that replace the state before, and a page of another shape to load anew', () => {
  const cards = '<li>Dach</li>'.repeat(40_000);
  const state = { shape: 'filled', fragments: { now: '312 W', inverters: cards } };
  const source = { key: 'overview', userId: 1, concerns: () => false, read: async () => state };
  const [same, other] = [new KeptStream(), new KeptStream()];
  topics.join(source, same, 'filled', state);
  topics.join(source, other, 'empty', state);
  const [parts = []] = same.told;
  expect(parts.join('')).toBe(
    encodeEvent({ event: 'now', data: '312 W' }, '1') + encodeEvent({ event: 'inverters', data: cards }, '1'),
  );
  expect(Math.max(...parts.map((part) => part.length))).toBeLessThan(64 * 1024);
  expect(other.told).toEqual([[encodeEvent({ event: 'reload', data: 'filled' }, '2')]]);
});
