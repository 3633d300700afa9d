import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { EventReader } from '../../test/support/event-reader.ts';
import { TooMany } from '../domain/errors.ts';
import { encodeEvent, inParts, type SseLimits, type SseStream, SseStreams } from './sse.ts';

const NOW = new Date('2026-06-15T12:00:00Z');
let app: FastifyInstance | null = null;
const readers: EventReader[] = [];

afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close();
  await app?.close();
  app = null;
});

/** A server with nothing but streams, all of one owner. */
async function served(
  limits: Partial<SseLimits> = {},
): Promise<{ streams: SseStreams; opened: SseStream[]; url: string }> {
  const streams = new SseStreams(limits, () => NOW);
  const opened: SseStream[] = [];
  app = Fastify();
  app.addHook('onRequest', async (_, reply) => {
    reply.header('x-from-a-hook', 'yes');
  });
  app.addHook('preClose', async () => streams.closeAll());
  app.get('/live', (_, reply) => {
    opened.push(streams.open(reply, 'account 1'));
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  return { streams, opened, url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/live` };
}

async function read(url: string): Promise<EventReader> {
  const reader = await EventReader.open(url);
  readers.push(reader);
  return reader;
}

/** A stream whose reader takes one piece when it is told to. */
function takenByHand(limits: Partial<SseLimits>): { stream: SseStream; takesOne: () => Promise<void>; told: string[] } {
  const taken: (() => void)[] = [];
  const told: string[] = [];
  const socket = new Writable({
    highWaterMark: 1,
    decodeStrings: false,
    write: (chunk: string, _, done) => {
      told.push(chunk);
      taken.push(done);
    },
  });
  const raw = Object.assign(socket, { setHeader: () => undefined, writeHead: () => undefined });
  const reply = { raw, getHeaders: () => ({}), hijack: () => undefined } as unknown as FastifyReply;
  const stream = new SseStreams(limits).open(reply, 'account 1');
  const takesOne = async (): Promise<void> => {
    taken.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { stream, takesOne, told };
}

describe('an event', () => {
  it('keeps to its fields, whatever line breaks its text has', () => {
    expect(encodeEvent({ event: 'now', data: 'a\nb\r\nc\rd' }, '7')).toBe(
      'id: 7\nevent: now\ndata: a\ndata: b\ndata: c\ndata: d\n\n',
    );
  });
});

describe('parts', () => {
  it('are small, are the whole together, and split no character', () => {
    const text = `x${'\u{1f31e}'.repeat(50_000)}`;
    const parts = inParts(text);
    expect(parts.length).toBe(4);
    expect(Buffer.concat(parts.map((part) => Buffer.from(part))).toString()).toBe(text);
    expect(inParts('')).toEqual([]);
  });
});

describe('a stream', () => {
  it('says at once what it is and what time it is', async () => {
    const { url } = await served();
    const reader = await read(url);
    expect(reader.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'x-from-a-hook': 'yes',
    });
    await reader.until('the clock', () => reader.named('clock').length === 1);
    expect(reader.named('clock')[0]?.data).toBe(String(NOW.getTime()));
    expect(reader.text).toMatch(/^retry: \d+\n\n/);
  });

  it('is kept warm by comments for proxies and a clock for browsers', async () => {
    const { url } = await served({ heartbeatMs: 20 });
    const reader = await read(url);
    await reader.until('three beats', () => reader.named('clock').length >= 4);
    expect(reader.text.split('\n\n').filter((block) => block === ':').length).toBeGreaterThanOrEqual(3);
  });

  it('is given back when its reader goes', async () => {
    const { url, streams, opened } = await served({ maxPerOwner: 1 });
    const reader = await read(url);
    let left = false;
    const gone = new Promise<void>((resolve) => opened[0]?.onClose(resolve)).then(() => {
      left = true;
    });
    reader.close();
    await gone;
    expect({ left, size: streams.size }).toEqual({ left: true, size: 0 });
    expect((await read(url)).status).toBe(200);
  });

  it('is dropped when its reader does not read, and the others go on', async () => {
    const { url, streams, opened } = await served({ maxBufferedBytes: 64 * 1024 });
    const slow = await read(url);
    const other = await read(url);
    await slow.until('open', () => slow.events.length > 0);
    slow.stopReading();
    const event = encodeEvent({ event: 'big', data: 'x'.repeat(64 * 1024) });
    // The sockets' own buffers take the first megabytes.
    for (let i = 0; i < 1000 && opened[0]?.closed === false; i += 1) {
      opened[0].write(event);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(opened[0]?.closed).toBe(true);
    expect(streams.size).toBe(1);
    opened[1]?.write(encodeEvent({ event: 'small', data: 'still here' }));
    await other.until('the small event', () => other.named('small').length === 1);
  });

  it('brings a reader more at first than may wait for it later, in order with what comes meanwhile', async () => {
    const { url, opened } = await served({ maxBufferedBytes: 256 * 1024 });
    const reader = await read(url);
    await reader.until('open', () => reader.events.length > 0);
    const parts = Array.from({ length: 400 }, (_, n) =>
      encodeEvent({ event: 'part', data: `${n} ${'x'.repeat(32 * 1024)}` }),
    );
    opened[0]?.writeAll(parts);
    opened[0]?.write(encodeEvent({ event: 'part', data: '400 came meanwhile' }));
    await reader.until('all of it', () => reader.named('part').length === 401);
    expect(reader.named('part').map(({ data }) => Number(data.split(' ')[0]))).toEqual(
      parts.concat('').map((_, n) => n),
    );
  });

  it('is dropped when what comes while its reader takes in the first is more than may wait', async () => {
    const { url, opened } = await served({ maxBufferedBytes: 256 * 1024 });
    const slow = await read(url);
    await slow.until('open', () => slow.events.length > 0);
    slow.stopReading();
    opened[0]?.writeAll(Array.from({ length: 400 }, () => encodeEvent({ event: 'part', data: 'x'.repeat(32 * 1024) })));
    const late = encodeEvent({ event: 'late', data: 'x'.repeat(160 * 1024) });
    opened[0]?.write(late);
    expect(opened[0]?.closed).toBe(false);
    opened[0]?.write(late);
    expect(opened[0]?.closed).toBe(true);
  });

  it('tells a slow reader what is newest when it is through, however much that is', async () => {
    const { stream, takesOne, told } = takenByHand({ maxBufferedBytes: 1000 });
    const state = (name: string): string[] => Array.from({ length: 3 }, () => name.repeat(900));
    stream.replace(state('a'));
    await takesOne();
    // Not through with the first: of these only the last is wanted.
    for (const name of ['b', 'c', 'd']) stream.replace(state(name));
    stream.write('beat');
    for (let i = 0; i < 8; i += 1) await takesOne();
    expect(stream.closed).toBe(false);
    expect(told.slice(1).map((bytes) => bytes.slice(0, 4))).toEqual([
      'aaaa',
      'aaaa',
      'aaaa',
      'beat',
      'dddd',
      'dddd',
      'dddd',
    ]);
    stream.replace(['at once']);
    expect(told.at(-1)).toBe('at once');
  });

  it('goes on as long as its reader takes as much as comes, though something always waits', async () => {
    const { stream, takesOne } = takenByHand({ maxBufferedBytes: 1000 });
    stream.writeAll(['a', 'b', 'c']);
    for (let i = 0; i < 20; i += 1) {
      stream.write('x'.repeat(100));
      await takesOne();
      expect([i, stream.closed]).toEqual([i, false]);
    }
    // Three wait still; from now on nothing is taken.
    for (let i = 0; i < 7; i += 1) stream.write('x'.repeat(100));
    expect(stream.closed).toBe(false);
    stream.write('x');
    expect(stream.closed).toBe(true);
  });

  it('is dropped when its reader takes nothing for too long', async () => {
    const { url, opened } = await served({ maxBufferedBytes: 1e9, maxStalledMs: 50 });
    const slow = await read(url);
    slow.stopReading();
    const stream = opened[0];
    if (stream === undefined) throw new Error('no stream');
    const dropped = new Promise<void>((resolve) => stream.onClose(resolve));
    stream.write(encodeEvent({ event: 'big', data: 'x'.repeat(20_000_000) }));
    expect(stream.closed).toBe(false);
    await dropped;
    expect(stream.closed).toBe(true);
  });

  it('ends when the server stops', async () => {
    const { url } = await served();
    const reader = await read(url);
    await app?.close();
    await reader.until('the end', () => reader.isClosed);
  });
});

describe('too many streams', () => {
  it('of one account are refused', async () => {
    const { url, opened } = await served({ maxPerOwner: 2 });
    await read(url);
    await read(url);
    expect((await read(url)).status).toBe(500);
    expect(opened).toHaveLength(2);
  });

  it('in all are refused, as something that passes', async () => {
    const { url } = await served({ maxStreams: 1 });
    await read(url);
    expect((await read(url)).status).toBe(500);
  });

  it('are refused by an error that says when to come again', async () => {
    const streams = new SseStreams({ maxPerOwner: 0 });
    expect(() => streams.open({} as never, 'account 1')).toThrow(TooMany);
  });
});
