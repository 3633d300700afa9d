import { NotFound } from '../../domain/errors.ts';
import type { InverterId, UserId } from '../../domain/inverter.ts';
import type { LiveHub } from '../../live/events.ts';
import { encodeEvent, type SseStream } from '../../live/sse.ts';
import type { InboxService, InverterService, InverterSummary, PendingDevice } from '../../services/services.ts';
import { currentToShape } from './shapes.ts';

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

export interface FeedOptions {
  hub: LiveHub;
  inverters: Pick<InverterService, 'list' | 'current'>;
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

/** A reading as it is told: when it was received, and its JSON. */
interface Sent {
  receivedMs: number;
  json: string;
}

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
  #known: Map<InverterId, InverterSummary> | null = null;
  /** What waits in the inbox, as last seen; null before the first look. */
  #pending: Set<string> | null = null;
  /** When the newest reading was received that was told; the id of every event. */
  #lastMs = 0;
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
        if (inverterId !== null) this.#announced.add(inverterId);
        this.#wait(this.#times.coalesceMs);
      }),
      options.hub.onResync(() => {
        this.#hasNews = true;
        for (const id of this.#known?.keys() ?? []) this.#announced.add(id);
        this.#wait(this.#times.coalesceMs);
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
    this.#wait(0);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const leave of this.#leave) leave();
    this.#onEmpty();
  }

  /** The next look is at the earliest wish; while one is under way, its end asks for the next. */
  #wait(ms: number): void {
    if (this.#closed || this.#reading) return;
    if (ms <= this.#times.coalesceMs && this.#isDue) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#isDue = ms <= this.#times.coalesceMs;
    this.#timer = setTimeout(() => void this.#look(), ms);
  }

  async #look(): Promise<void> {
    this.#reading = true;
    this.#isDue = false;
    this.#hasNews = false;
    const newcomers = new Map(this.#newcomers);
    const announced = this.#announced;
    this.#announced = new Set();
    let failed = false;
    try {
      await this.#tell(newcomers, announced);
    } catch (error) {
      failed = true;
      for (const id of announced) this.#announced.add(id);
      this.#options.onError(error);
    }
    this.#reading = false;
    const { retryMs, coalesceMs, refreshMs } = this.#times;
    if (failed) this.#wait(retryMs);
    else this.#wait(this.#newcomers.size > 0 ? 0 : this.#hasNews ? coalesceMs : refreshMs);
  }

  async #tell(newcomers: ReadonlyMap<SseStream, number>, announced: ReadonlySet<InverterId>): Promise<void> {
    const { inverters, inbox, now } = this.#options;
    const pending = await inbox.list(this.#userId);
    const all = new Map((await inverters.list(this.#userId, now())).map((one) => [one.id, one]));
    // A newcomer is told of everything; who is there already, of what was announced.
    const sent = new Map<InverterId, Sent>();
    for (const id of newcomers.size > 0 ? all.keys() : announced) {
      if (!all.has(id)) continue;
      const reading = await this.#readingOf(id);
      if (reading !== null) sent.set(id, reading);
    }
    for (const { receivedMs } of sent.values()) this.#lastMs = Math.max(this.#lastMs, receivedMs);

    const news =
      this.#changes(all) + this.#arrivals(pending) + [...announced].map((id) => this.#encoded(sent.get(id))).join('');
    if (news !== '') for (const reader of this.#readers) reader.write(news);
    const states = [...all.values()].map((one) => this.#stateEvent(one)).join('');
    for (const [stream, sinceMs] of newcomers) {
      const missed = [...sent.values()].filter(({ receivedMs }) => receivedMs > sinceMs);
      stream.write(states + missed.map((one) => this.#encoded(one)).join(''));
      if (this.#newcomers.delete(stream)) this.#readers.add(stream);
    }
    this.#known = all;
    this.#pending = new Set(pending.map(pendingKey));
  }

  async #readingOf(id: InverterId): Promise<Sent | null> {
    try {
      const current = await this.#options.inverters.current(this.#userId, id, this.#options.now());
      if (current.receivedAt === null) return null;
      const json = JSON.stringify({ inverter_id: id, ...currentToShape(current) });
      return { receivedMs: current.receivedAt.getTime(), json };
    } catch (error) {
      // Removed between the list and this; the next look says so.
      if (error instanceof NotFound) return null;
      throw error;
    }
  }

  /** Inverters that came, went or are called otherwise, and states that are no longer as they were told. */
  #changes(all: ReadonlyMap<InverterId, InverterSummary>): string {
    if (this.#known === null) return '';
    let text = '';
    for (const [id, one] of all) {
      const before = this.#known.get(id);
      if (before === undefined) text += this.#deviceEvent(id, 'added');
      else if (isOtherwise(one, before)) text += this.#deviceEvent(id, 'changed');
      if (before?.state !== one.state) text += this.#stateEvent(one);
    }
    for (const id of this.#known.keys()) if (!all.has(id)) text += this.#deviceEvent(id, 'removed');
    return text;
  }

  /** Devices that were not in the inbox when it was looked at before. */
  #arrivals(pending: readonly PendingDevice[]): string {
    const before = this.#pending;
    if (before === null) return '';
    return pending
      .filter((device) => !before.has(pendingKey(device)))
      .map(({ kind, serial }) =>
        this.#event('device', JSON.stringify({ inverter_id: null, change: 'pending', kind, serial })),
      )
      .join('');
  }

  #encoded(sent: Sent | undefined): string {
    return sent === undefined ? '' : this.#event('reading', sent.json);
  }

  #stateEvent({ id, state }: InverterSummary): string {
    return this.#event('state', JSON.stringify({ inverter_id: id, state }));
  }

  #deviceEvent(id: InverterId, change: 'added' | 'changed' | 'removed'): string {
    return this.#event('device', JSON.stringify({ inverter_id: id, change }));
  }

  #event(event: string, data: string): string {
    return encodeEvent({ event, data }, String(this.#lastMs));
  }
}

function pendingKey({ kind, serial }: PendingDevice): string {
  return `${kind} ${serial}`;
}

function isOtherwise(a: InverterSummary, b: InverterSummary): boolean {
  return a.name !== b.name || a.siteId !== b.siteId || a.timeZone !== b.timeZone || a.ratedPowerW !== b.ratedPowerW;
}
