import { NotFound, NotSignedIn } from '../domain/errors.ts';
import type { LiveEvent, LiveHub } from '../live/events.ts';
import { encodeEvent, inParts, type SseStream } from '../live/sse.ts';
import type { LiveState } from './live-source.ts';

export interface TopicTimes {
  /** Events within this time are one. */
  coalesceMs: number;
  /** Without events: states change by the clock alone (late, offline, asleep). */
  refreshMs: number;
  /** After a read that failed. */
  retryMs: number;
}

export const TOPIC_TIMES: TopicTimes = { coalesceMs: 250, refreshMs: 60_000, retryMs: 5_000 };

/** What a topic shows and how to read it; two subscribers with the same `key` get the same bytes. */
export interface TopicSource {
  key: string;
  userId: number;
  concerns(event: LiveEvent): boolean;
  read(): Promise<LiveState>;
}

/** The topics that somebody looks at. Each is read once for all who look, and only as long as somebody does. */
export class LiveTopics {
  readonly #hub: LiveHub;
  readonly #times: TopicTimes;
  readonly #onError: (error: unknown) => void;
  readonly #topics = new Map<string, Topic>();
  readonly #stopResync: () => void;

  constructor(hub: LiveHub, onError: (error: unknown) => void, times: Partial<TopicTimes> = {}) {
    this.#hub = hub;
    this.#onError = onError;
    this.#times = { ...TOPIC_TIMES, ...times };
    this.#stopResync = hub.onResync(() => {
      for (const topic of this.#topics.values()) topic.schedule();
    });
  }

  get size(): number {
    return this.#topics.size;
  }

  /** Adds a reader: `state`, just read, at once, every change after it. `shape` is that of the page it looks at. */
  join(source: TopicSource, stream: SseStream, shape: string, state: LiveState): void {
    let topic = this.#topics.get(source.key);
    if (topic === undefined) {
      topic = new Topic(source, this.#hub, this.#times, this.#onError, () => this.#topics.delete(source.key));
      this.#topics.set(source.key, topic);
      // What happened between that reading and this subscription was told to nobody.
      topic.schedule();
    }
    topic.join(stream, shape, state);
  }

  close(): void {
    this.#stopResync();
    for (const topic of this.#topics.values()) topic.close();
  }
}

/**
 * idle → (event, refresh timer) → scheduled → reading → idle; an event while reading schedules once more.
 * A result goes to everybody who is there when it comes.
 */
class Topic {
  readonly #source: TopicSource;
  readonly #times: TopicTimes;
  readonly #onError: (error: unknown) => void;
  readonly #onEmpty: () => void;
  readonly #leaveHub: () => void;
  /** Each reader with the shape of the page it has open. */
  readonly #readers = new Map<SseStream, string>();
  #timer: NodeJS.Timeout | null = null;
  /** Whether the timer waits for a coalesced event rather than for the next refresh. */
  #due = false;
  #reading = false;
  #again = false;
  #version = 0;
  #closed = false;

  constructor(
    source: TopicSource,
    hub: LiveHub,
    times: TopicTimes,
    onError: (error: unknown) => void,
    onEmpty: () => void,
  ) {
    this.#source = source;
    this.#times = times;
    this.#onError = onError;
    this.#onEmpty = onEmpty;
    this.#leaveHub = hub.subscribe(source.userId, (event) => {
      if (source.concerns(event)) this.schedule();
    });
  }

  join(stream: SseStream, shape: string, state: LiveState): void {
    this.#readers.set(stream, shape);
    stream.onClose(() => {
      this.#readers.delete(stream);
      if (this.#readers.size === 0) this.close();
    });
    this.#send(state, [stream]);
  }

  schedule(): void {
    if (!this.#due) this.#wait(this.#times.coalesceMs, true);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#leaveHub();
    this.#onEmpty();
  }

  #wait(ms: number, due: boolean): void {
    if (this.#closed) return;
    if (this.#reading) {
      this.#again ||= due;
      return;
    }
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => void this.#read(), ms);
  }

  async #read(): Promise<void> {
    this.#reading = true;
    this.#due = false;
    let nextMs = this.#times.refreshMs;
    try {
      this.#send(await this.#source.read(), this.#readers.keys());
    } catch (error) {
      if (error instanceof NotFound || error instanceof NotSignedIn) {
        // The page would now answer so itself: let it.
        const reload = encodeEvent({ event: 'reload', data: 'gone' });
        for (const stream of this.#readers.keys()) stream.write(reload);
      } else {
        this.#onError(error);
        nextMs = this.#times.retryMs;
      }
    }
    this.#reading = false;
    const again = this.#again;
    this.#again = false;
    this.#wait(again ? this.#times.coalesceMs : nextMs, again);
  }

  #send({ shape, fragments }: LiveState, to: Iterable<SseStream>): void {
    this.#version += 1;
    const id = String(this.#version);
    const bytes = Object.entries(fragments).map(([event, data]) => encodeEvent({ event, data }, id));
    // Those of a thousand inverters are more than may wait for a reader, and there is no need of old ones.
    const parts = inParts(bytes.join(''));
    const reload = [encodeEvent({ event: 'reload', data: shape }, id)];
    for (const stream of to) stream.replace(this.#readers.get(stream) === shape ? parts : reload);
  }
}
