/** Heartbeats come every 25 s: without any for twice that and some, the connection is dead although nobody said so (sleep, Wi-Fi). */
const SILENCE_MS = 60_000;
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 30_000;

export interface LiveSourceEvents {
  /** The stream is open, or has been lost for longer than a moment. */
  onState(isOpen: boolean): void;
  /** The server's clock, in milliseconds. */
  onClock(serverMs: number): void;
  /** Nobody is signed in any more, or the page has become another. */
  onReload(): void;
}

/**
 * One event stream that takes care of itself; looks like an `EventSource` to the htmx extension.
 * open ⇄ paused (tab hidden: browsers allow six connections to a host, and nobody looks) ; open → waiting (lost) → open.
 */
export class LiveSource extends EventTarget {
  onerror: ((event: Event) => void) | null = null;
  onopen: ((event: Event) => void) | null = null;
  readonly #url: string;
  readonly #events: LiveSourceEvents;
  readonly #names = new Set<string>(['clock', 'reload']);
  #inner: EventSource | null = null;
  #retryMs = RETRY_MIN_MS;
  #retry = 0;
  #silence = 0;
  #closed = false;

  constructor(url: string, events: LiveSourceEvents) {
    super();
    this.#url = url;
    this.#events = events;
    document.addEventListener('visibilitychange', this.#onVisibility);
    window.addEventListener('online', this.#onVisibility);
    // A page kept by the browser for "back" must not keep its connection.
    window.addEventListener('pagehide', this.#pause);
    window.addEventListener('pageshow', this.#onVisibility);
    this.#onVisibility();
  }

  get readyState(): number {
    return this.#closed ? EventSource.CLOSED : (this.#inner?.readyState ?? EventSource.CONNECTING);
  }

  override addEventListener(type: string, listener: EventListenerOrEventListenerObject | null): void {
    super.addEventListener(type, listener);
    if (this.#names.has(type)) return;
    this.#names.add(type);
    this.#inner?.addEventListener(type, this.#forward);
  }

  close(): void {
    this.#closed = true;
    this.#pause();
    document.removeEventListener('visibilitychange', this.#onVisibility);
    window.removeEventListener('online', this.#onVisibility);
    window.removeEventListener('pagehide', this.#pause);
    window.removeEventListener('pageshow', this.#onVisibility);
  }

  readonly #onVisibility = (): void => {
    if (document.visibilityState === 'hidden') this.#pause();
    else if (this.#inner === null) this.#connect();
  };

  readonly #pause = (): void => {
    clearTimeout(this.#retry);
    clearTimeout(this.#silence);
    this.#inner?.close();
    this.#inner = null;
  };

  #connect(): void {
    this.#pause();
    if (this.#closed) return;
    const inner = new EventSource(this.#url);
    this.#inner = inner;
    inner.onopen = (event): void => {
      this.#retryMs = RETRY_MIN_MS;
      this.#heard();
      this.#events.onState(true);
      this.onopen?.(event);
    };
    inner.onerror = (): void => this.#lost();
    for (const name of this.#names) inner.addEventListener(name, this.#forward);
    // A connection that never opens is noticed too.
    this.#heard();
  }

  readonly #forward = (event: Event): void => {
    const { type, data, lastEventId } = event as MessageEvent<string>;
    this.#heard();
    if (type === 'clock') this.#events.onClock(Number(data));
    else if (type === 'reload') this.#events.onReload();
    else this.dispatchEvent(new MessageEvent(type, { data, lastEventId }));
  };

  #heard(): void {
    clearTimeout(this.#silence);
    this.#silence = window.setTimeout(() => this.#lost(), SILENCE_MS);
  }

  #lost(): void {
    const wasRefused = this.#inner?.readyState === EventSource.CLOSED;
    this.#pause();
    this.#events.onState(false);
    const waitMs = this.#retryMs * (0.75 + Math.random() / 2);
    this.#retryMs = Math.min(RETRY_MAX_MS, this.#retryMs * 2);
    this.#retry = window.setTimeout(() => {
      if (wasRefused) void this.#askWhy();
      else this.#connect();
    }, waitMs);
  }

  /** The browser does not tell scripts why a stream was refused: asked once more in a way that does. */
  async #askWhy(): Promise<void> {
    const abort = new AbortController();
    try {
      const { status } = await fetch(this.#url, { signal: abort.signal, headers: { accept: 'text/event-stream' } });
      abort.abort();
      if (status === 401 || status === 404) this.#events.onReload();
      else this.#connect();
    } catch {
      this.#connect();
    }
  }
}
