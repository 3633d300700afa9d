import type { InverterId, UserId } from '../../domain/inverter.ts';
import type { LiveHub } from '../../live/events.ts';
import type { SseStream } from '../../live/sse.ts';
import type { InboxService, InverterService, InverterSummary, PendingDevice } from '../../services/services.ts';
import {
  deviceEvent,
  inParts,
  isOtherwise,
  type Known,
  knownOf,
  pendingKey,
  readingEvent,
  type Sent,
  sentInOrder,
  stateEvent,
} from './live-feed-events.ts';

export interface FeedTimes {
  /** Announcements within this time are one. */
  coalesceMs: number;
  /** Without announcements: states change by the clock alone, and inverters come and go. */
  refreshMs: number;
  /** After a read that failed. */
  retryMs: number;
}

const FEED_TIMES: FeedTimes = { coalesceMs: 250, refreshMs: 30_000, retryMs: 5_000 };

/**
 * Readings are stored by several processes at once, so one that was received earlier may be seen a little later: whoever comes back is
 * told again what was received so shortly before the last thing he saw.
 */
const OVERLAP_MS = 5_000;

/** Where a look takes longer than announcements gather, the next begins as long after it, but no later than this. */
const MAX_PAUSE_MS = 1_000;

export interface FeedOptions {
  hub: LiveHub;
  inverters: Pick<InverterService, 'list' | 'currents'>;
  inbox: Pick<InboxService, 'list'>;
  now: () => Date;
  onError: (error: unknown) => void;
  times?: Partial<FeedTimes>;
}

/** What happens in each account that somebody listens to. Read once for all who listen, and only as long as somebody does. */
export class AccountFeeds {
  readonly #options: FeedOptions;
  readonly #feeds = new Map<UserId, Feed>();

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#feeds.size;
  }

  /** @param lastEventId the id of the last event the reader saw, or null: then it is told how everything is */
  join(userId: UserId, stream: SseStream, lastEventId: string | null): void {
    let feed = this.#feeds.get(userId);
    if (feed === undefined) {
      feed = new Feed(userId, this.#options, () => this.#feeds.delete(userId));
      this.#feeds.set(userId, feed);
    }
    feed.join(stream, lastEventId);
  }

  close(): void {
    for (const feed of this.#feeds.values()) feed.close();
  }
}

/**
 * A look is at the inverters of which a reading was announced, at all of them together; at the whole account for newcomers, where
 * something else was announced, and every half minute.
 */
class Feed {
  readonly #userId: UserId;
  readonly #options: FeedOptions;
  readonly #times: FeedTimes;
  readonly #onEmpty: () => void;
  readonly #leave: (() => void)[];
  readonly #readers = new Set<SseStream>();
  /** Readers that have not been told yet how everything is, with the time after which readings are new to them. */
  readonly #newcomers = new Map<SseStream, number>();
  /** Inverters of which a reading was announced. */
  #announced = new Set<InverterId>();
  /** Something was announced since the last look began; what came while it was under way may not be in it. */
  #hasNews = false;
  /** As last told; null before the first look. */
  #known: Map<InverterId, Known> | null = null;
  /** What waits in the inbox, as last seen; null before the first look. */
  #pending: Set<string> | null = null;
  /** Whether the next look is at the whole account, and when it is so anyway. */
  #isWholeWanted = true;
  #wholeDueAt = 0;
  #timer: NodeJS.Timeout | null = null;
  /** Whether the timer waits for something that happened rather than for the next refresh. */
  #isDue = false;
  #reading = false;
  #closed = false;

  constructor(userId: UserId, options: FeedOptions, onEmpty: () => void) {
    this.#userId = userId;
    this.#options = options;
    this.#times = { ...FEED_TIMES, ...options.times };
    this.#onEmpty = onEmpty;
    this.#leave = [
      options.hub.subscribe(userId, ({ type, inverterId }) => {
        if (type === 'takeout') return;
        this.#hasNews = true;
        // Only what is new of it: its last reading was told already.
        if (type !== 'reading' || inverterId === null) this.#isWholeWanted = true;
        else this.#announced.add(inverterId);
        this.#wait(this.#times.coalesceMs, true);
      }),
      options.hub.onResync(() => {
        this.#hasNews = true;
        this.#isWholeWanted = true;
        for (const id of this.#known?.keys() ?? []) this.#announced.add(id);
        this.#wait(this.#times.coalesceMs, true);
      }),
    ];
  }

  join(stream: SseStream, lastEventId: string | null): void {
    const seenMs = lastEventId !== null && /^\d{1,15}$/.test(lastEventId) ? Number(lastEventId) : null;
    this.#newcomers.set(stream, seenMs === null ? Number.NEGATIVE_INFINITY : seenMs - OVERLAP_MS);
    stream.onClose(() => {
      this.#readers.delete(stream);
      this.#newcomers.delete(stream);
      if (this.#readers.size + this.#newcomers.size === 0) this.close();
    });
    this.#wait(0, true);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const leave of this.#leave) leave();
    this.#onEmpty();
  }

  /** The next look is at the earliest wish; while one is under way, its end asks for the next. */
  #wait(ms: number, isDue: boolean): void {
    if (this.#closed || this.#reading || this.#isDue) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#isDue = isDue;
    this.#timer = setTimeout(() => void this.#look(), ms);
  }

  async #look(): Promise<void> {
    const { retryMs, coalesceMs, refreshMs } = this.#times;
    const startedAt = performance.now();
    this.#reading = true;
    this.#isDue = false;
    this.#hasNews = false;
    const newcomers = new Map(this.#newcomers);
    const announced = this.#announced;
    this.#announced = new Set();
    const hasStrangers = [...announced].some((id) => this.#known?.has(id) !== true);
    const isWhole = this.#isWholeWanted || newcomers.size > 0 || hasStrangers || startedAt >= this.#wholeDueAt;
    this.#isWholeWanted = false;
    let failed = false;
    try {
      await this.#tell(newcomers, announced, isWhole);
      if (isWhole) this.#wholeDueAt = startedAt + refreshMs;
    } catch (error) {
      failed = true;
      for (const id of announced) this.#announced.add(id);
      this.#isWholeWanted ||= isWhole;
      this.#options.onError(error);
    }
    this.#reading = false;
    const tookMs = performance.now() - startedAt;
    if (failed) this.#wait(retryMs, false);
    else if (this.#newcomers.size > 0) this.#wait(0, true);
    else if (this.#hasNews) this.#wait(Math.max(coalesceMs, Math.min(tookMs, MAX_PAUSE_MS)), true);
    else this.#wait(Math.max(0, this.#wholeDueAt - performance.now()), false);
  }

  async #tell(
    newcomers: ReadonlyMap<SseStream, number>,
    announced: ReadonlySet<InverterId>,
    isWhole: boolean,
  ): Promise<void> {
    const { inverters, inbox, now } = this.#options;
    const pending = isWhole ? await inbox.list(this.#userId) : null;
    const all = isWhole ? await inverters.list(this.#userId, now()) : null;
    // Who is there already is told of what was announced; a newcomer, of everything that is new to it.
    const sinceMs = Math.min(...newcomers.values());
    const missed = all?.filter(({ lastSeenAt }) => lastSeenAt !== null && lastSeenAt.getTime() > sinceMs) ?? [];
    const wanted = [...new Set([...announced, ...missed.map(({ id }) => id)])];
    const currents = wanted.length === 0 ? [] : await inverters.currents(this.#userId, wanted, now());
    const sent = sentInOrder(currents);
    const news = inParts([
      ...this.#changes(all ?? currents, isWhole),
      ...this.#arrivals(pending ?? []),
      ...sent.filter(({ id }) => announced.has(id)).map(readingEvent),
    ]);
    for (const reader of this.#readers) reader.writeAll(news);
    this.#introduce(newcomers, all ?? [], sent);
    if (pending !== null) this.#pending = new Set(pending.map(pendingKey));
  }

  /** Tells newcomers how everything is; those that have seen the same are told the same text. */
  #introduce(newcomers: ReadonlyMap<SseStream, number>, all: readonly InverterSummary[], sent: readonly Sent[]): void {
    const texts = new Map<number, string[]>();
    const states = all.map(stateEvent);
    for (const [stream, sinceMs] of newcomers) {
      let text = texts.get(sinceMs);
      if (text === undefined) {
        text = inParts([...states, ...sent.filter(({ receivedMs }) => receivedMs > sinceMs).map(readingEvent)]);
        texts.set(sinceMs, text);
      }
      stream.writeAll(text);
      if (this.#newcomers.delete(stream)) this.#readers.add(stream);
    }
  }

  /** Inverters that came, went or are called otherwise, and states that are no longer as they were told. */
  #changes(seen: readonly InverterSummary[], isWhole: boolean): string[] {
    const known = this.#known;
    const after = new Map(isWhole ? [] : known);
    const events: string[] = [];
    for (const one of seen) {
      after.set(one.id, knownOf(one));
      if (known === null) continue;
      const before = known.get(one.id);
      if (before === undefined) events.push(deviceEvent({ inverter_id: one.id, change: 'added' }));
      else if (isOtherwise(one, before)) events.push(deviceEvent({ inverter_id: one.id, change: 'changed' }));
      if (before?.state !== one.state) events.push(stateEvent(one));
    }
    for (const id of known?.keys() ?? []) {
      if (!after.has(id)) events.push(deviceEvent({ inverter_id: id, change: 'removed' }));
    }
    this.#known = after;
    return events;
  }

  /** Devices that were not in the inbox when it was looked at before. */
  #arrivals(pending: readonly PendingDevice[]): string[] {
    const before = this.#pending;
    if (before === null) return [];
    return pending
      .filter((device) => !before.has(pendingKey(device)))
      .map(({ kind, serial }) => deviceEvent({ inverter_id: null, change: 'pending', kind, serial }));
  }
}
