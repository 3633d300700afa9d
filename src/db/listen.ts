import pg from 'pg';
import type { Logger } from '../telemetry/logger.ts';

export interface ListenOptions {
  connectionString: string;
  channels: readonly string[];
  onNotification: (channel: string, payload: string) => void;
  /** Called after every (re)connection: announcements may have been missed before it. */
  onConnected: () => void;
  log: Logger;
  /** First and longest pause before another try. */
  backoffMs?: { first: number; longest: number };
  /** How often the connection is asked whether it lives, and how long an answer may take. */
  probe?: { everyMs: number; withinMs: number };
}

/** A line that died without a word, behind a router that restarted, would else be noticed by nobody for as long as nobody writes. */
const PROBE = { everyMs: 15_000, withinMs: 5_000 };

/**
 * One connection that only listens, re-made for ever when it breaks. NOTIFY is not kept for the absent, so whoever uses this re-reads
 * what matters in `onConnected`.
 *
 * connecting → listening → (lost) → waiting → connecting …; (stop) → stopped from any state
 */
export class DatabaseListener {
  readonly #options: ListenOptions;
  #client: pg.Client | null = null;
  #timer: NodeJS.Timeout | null = null;
  #probing: NodeJS.Timeout | null = null;
  #stopped = false;
  #pauseMs: number;

  constructor(options: ListenOptions) {
    this.#options = options;
    this.#pauseMs = options.backoffMs?.first ?? 200;
  }

  /** Resolves when the first attempt has ended, well or not; a failed one is tried again by itself. */
  async start(): Promise<void> {
    await this.#connect();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#probing !== null) clearInterval(this.#probing);
    const client = this.#client;
    this.#client = null;
    if (client !== null) await client.end();
  }

  async #connect(): Promise<void> {
    const probe = this.#options.probe ?? PROBE;
    const client = new pg.Client({
      connectionString: this.#options.connectionString,
      application_name: 'deye-hard listen',
      keepAlive: true,
      keepAliveInitialDelayMillis: 30_000,
      connectionTimeoutMillis: 5_000,
      query_timeout: probe.withinMs,
    });
    let lost = false;
    const onLost = (error: Error | null): void => {
      if (lost) return;
      lost = true;
      this.#client = null;
      if (this.#probing !== null) clearInterval(this.#probing);
      if (this.#stopped) return;
      this.#options.log.warn({ err: error, retryInMs: this.#pauseMs }, 'the listening database connection was lost');
      this.#timer = setTimeout(() => {
        this.#connect().catch((retryError: unknown) =>
          this.#options.log.error({ err: retryError }, 'listening failed'),
        );
      }, this.#pauseMs);
      this.#pauseMs = Math.min(this.#pauseMs * 2, this.#options.backoffMs?.longest ?? 10_000);
    };
    client.on('error', onLost);
    client.on('end', () => onLost(null));
    client.on('notification', ({ channel, payload }) => this.#options.onNotification(channel, payload ?? ''));
    try {
      await client.connect();
      for (const channel of this.#options.channels) await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
    } catch (error) {
      onLost(error as Error);
      // Connected but not listening: not to be left behind at every try.
      client
        .end()
        .catch((endError: unknown) => this.#options.log.debug({ err: endError }, 'closing a failed listener'));
      return;
    }
    if (this.#stopped) {
      await client.end();
      return;
    }
    this.#client = client;
    this.#probing = setInterval(() => {
      client.query('SELECT 1').catch((error: unknown) => {
        onLost(error as Error);
        client
          .end()
          .catch((endError: unknown) => this.#options.log.debug({ err: endError }, 'closing a dead listener'));
      });
    }, probe.everyMs);
    this.#pauseMs = this.#options.backoffMs?.first ?? 200;
    this.#options.onConnected();
  }
}
