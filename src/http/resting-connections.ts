/** Half of what a refused device is told to wait: who keeps to it never notices. */
const REST_MS = 5_000;
const TICK_MS = 100;
/** So that a storm which was told to come again does not come back in one go. */
const MOST_A_TICK = 500;
/** Beyond, the oldest is listened to again: connections that are not listened to cannot be seen to have ended either. */
const MOST_RESTING = 20_000;

/** A connection, as far as it is needed here. */
export interface Connection {
  readonly destroyed: boolean;
  pause(): unknown;
  resume(): unknown;
  destroy(): unknown;
  on(event: 'resume', listener: () => void): unknown;
  off(event: 'resume', listener: () => void): unknown;
}

export interface RestingOptions {
  /** How many may be listened to again before their time. */
  spare: () => number;
  restMs?: number;
  /** At once. */
  most?: number;
  nowMs?: () => number;
}

/**
 * Connections whose device was told to come again. Saying no takes time too, and who asks again every second would have all of it: the
 * answers of the database wait behind every connection that has something to say. So these are not read for a while; what they send
 * waits in the kernel, and soon in the device. Each is in here once at most, all share one timer, and none is kept from being closed.
 */
export class RestingConnections {
  readonly #spare: () => number;
  readonly #restMs: number;
  readonly #most: number;
  readonly #nowMs: () => number;
  /** Since when, the oldest first. */
  readonly #sinceMs = new Map<Connection, number>();
  #timer: NodeJS.Timeout | null = null;
  #isOver = false;

  constructor({ spare, restMs = REST_MS, most = MOST_RESTING, nowMs = () => performance.now() }: RestingOptions) {
    this.#spare = spare;
    this.#restMs = restMs;
    this.#most = most;
    this.#nowMs = nowMs;
  }

  get size(): number {
    return this.#sinceMs.size;
  }

  /** Not read from now on. */
  add(connection: Connection): void {
    if (this.#isOver || connection.destroyed || this.#sinceMs.has(connection)) return;
    if (this.#sinceMs.size >= this.#most) this.#wakeFirst();
    this.#sinceMs.set(connection, this.#nowMs());
    connection.on('resume', restOn);
    connection.pause();
    this.#timer ??= setInterval(() => this.wake(), TICK_MS).unref();
  }

  /** Reads again those whose time has come, and while there is room others too, the oldest first. */
  wake(): void {
    const untilMs = this.#nowMs() - this.#restMs;
    const spare = this.#spare();
    let woken = 0;
    for (const [connection, sinceMs] of this.#sinceMs) {
      if (woken === MOST_A_TICK || (sinceMs > untilMs && woken >= spare)) break;
      if (this.#wakeOne(connection)) woken++;
    }
    if (this.#sinceMs.size === 0) this.#stopTimer();
  }

  /** Closes all of them, and lets nobody rest any longer. They have their answer, and a server that ends would wait for what they send. */
  end(): void {
    this.#isOver = true;
    this.#stopTimer();
    for (const connection of this.#sinceMs.keys()) connection.destroy();
    this.#sinceMs.clear();
  }

  #wakeFirst(): void {
    for (const connection of this.#sinceMs.keys()) if (this.#wakeOne(connection)) return;
  }

  /** @returns false when it was closed meanwhile */
  #wakeOne(connection: Connection): boolean {
    this.#sinceMs.delete(connection);
    connection.off('resume', restOn);
    if (connection.destroyed) return false;
    connection.resume();
    return true;
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}

/** Node reads on by itself when a body is complete, which it may be after the answer. */
function restOn(this: Connection): void {
  this.pause();
}
