import { existsSync, readdirSync, readFileSync } from 'node:fs';
import pg from 'pg';
import type { Look } from './growth.ts';

/** Looks at the system from outside, every few seconds, for the whole run. */
export interface WatcherOptions {
  /** The server that runs all the time. */
  pid: number;
  metricsUrl: string;
  /** Superuser URL of the database. */
  databaseUrl: string;
  everyMs: number;
}

const DATABASE_FIGURES = `
  SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database())::int AS connections,
    pg_database_size(current_database()) AS bytes,
    (SELECT coalesce(sum(n_dead_tup), 0) FROM pg_stat_user_tables)::float AS dead,
    (SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0) FROM pg_inherits WHERE inhparent = 'store.counter'::regclass)
      + pg_total_relation_size('store.counter') AS counter_bytes,
    pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float AS wal`;

export class Watcher {
  readonly looks: Look[] = [];
  readonly #options: WatcherOptions;
  readonly #startedMs = Date.now();
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #firstWal: number | null = null;

  constructor(options: WatcherOptions) {
    this.#options = options;
  }

  start(): void {
    const look = () => {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = null;
      });
    };
    look();
    this.#timer = setInterval(look, this.#options.everyMs);
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#looking;
    await this.#look();
  }

  async #look(): Promise<void> {
    const atS = Math.round((Date.now() - this.#startedMs) / 1000);
    const [own, database] = await Promise.all([this.#process(), this.#database()]);
    this.looks.push({ atS, ...own, ...database });
  }

  async #process(): Promise<Pick<Look, 'residentBytes' | 'heapBytes' | 'handles' | 'eventLoopLagS'>> {
    const { pid, metricsUrl } = this.#options;
    // The server that runs all the time has ended: the run has failed, and its report is to say so
    if (!existsSync(`/proc/${pid}`))
      return { residentBytes: null, heapBytes: null, handles: null, eventLoopLagS: null };
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const text = await fetch(metricsUrl, { signal: AbortSignal.timeout(10_000) })
      .then((response) => response.text())
      // Busy for so long: the figures of this look are unknown, which is said
      .catch(() => '');
    return {
      residentBytes: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) * 1024,
      handles: readdirSync(`/proc/${pid}/fd`).length,
      heapBytes: figure(text, 'nodejs_heap_size_used_bytes'),
      eventLoopLagS: figure(text, 'nodejs_eventloop_lag_max_seconds'),
    };
  }

  /** A database that is being restarted on purpose is not there to be asked. */
  async #database(): Promise<
    Pick<Look, 'databaseConnections' | 'databaseBytes' | 'deadRows' | 'counterTableBytes' | 'walBytes'>
  > {
    const client = new pg.Client({ connectionString: this.#options.databaseUrl, connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<Record<string, number | string>>(DATABASE_FIGURES);
      const row = rows[0] ?? {};
      const wal = Number(row['wal']);
      this.#firstWal ??= wal;
      return {
        databaseConnections: Number(row['connections']) - 1,
        databaseBytes: Number(row['bytes']),
        deadRows: Number(row['dead']),
        counterTableBytes: Number(row['counter_bytes']),
        walBytes: wal - this.#firstWal,
      };
    } catch {
      return {
        databaseConnections: null,
        databaseBytes: null,
        deadRows: null,
        counterTableBytes: null,
        walBytes: null,
      };
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

function figure(text: string, name: string): number | null {
  const found = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1];
  return found === undefined ? null : Number(found);
}
