import { randomUUID } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { ConfigError, Unavailable } from '../../../domain/errors.ts';
import { adopt } from './adopt.ts';
import { findBinaries } from './binaries.ts';
import { ensureFolder } from './files.ts';
import { databaseExists, ensureDatabase } from './initialise.ts';
import { type Lease, liveLeases, writeLeases } from './leases.ts';
import { withLock } from './lock.ts';
import type { Log } from './log.ts';
import { ensurePassword } from './password.ts';
import { findPlace, linkFrom, type Place } from './place.ts';
import { type Cluster, type Postmaster, start, stop } from './postmaster.ts';
import { isCode, markOfSelf } from './processes.ts';
import { watch } from './watch.ts';

export interface EmbeddedOptions {
  readonly dataDir: string;
  readonly log: Log;
  /** PostgreSQL settings that differ from ours; they take effect when the server starts, not when a running one is found. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Who called sudo (SUDO_UID, SUDO_GID): PostgreSQL runs as that account when we are root. */
  readonly sudo?: { readonly uid: number; readonly gid: number } | undefined;
  /** Where things go that PostgreSQL's account can't reach elsewhere, when we are root. */
  readonly systemFolder?: string;
}

export interface EmbeddedPostgres {
  /** As superuser; secret. */
  connectionString(database?: string): string;
  readonly port: number;
  /** Where the data really lies; not always under DATA_DIR. */
  readonly dataFolder: string;
  /** Gives up this lease; the last one stops the server. May be called again. */
  release(): Promise<void>;
}

/**
 * The PostgreSQL server of `dataDir`, which is made, started, or found running. Several processes may use it side by
 * side, each with a lease. It outlives a process that is killed, and the next one adopts it. While the lease is held,
 * a server that died is started again, on the same port if that is still free.
 *
 * @throws ConfigError when it can't run here or the folder is not usable: one sentence that says what to do.
 * @throws Unavailable when PostgreSQL fails to start, with the last lines of its log; the signal's reason when aborted.
 */
export async function acquireEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  try {
    return await acquire(options);
  } catch (cause) {
    const path = (cause as NodeJS.ErrnoException).path ?? options.dataDir;
    if (isCode(cause, 'ENOSPC')) throw new Unavailable(`The disk is full: ${path} can't be written.`, { cause });
    if (!isCode(cause, 'EACCES', 'EPERM', 'EROFS')) throw cause;
    throw new ConfigError(
      `No right to use ${path}: the built-in database needs DATA_DIR for itself; start as the user who started before.`,
      { cause },
    );
  }
}

async function acquire(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { log, settings = {}, signal, sudo, systemFolder = '/var/lib/deye-hard' } = options;
  const dataDir = resolve(options.dataDir);
  const place = await findPlace({ dataDir, systemFolder, sudo, log });
  const { dataFolder, account } = place;
  const runFolder = join(dirname(dataFolder), 'postgres-run');
  await ensureFolder(runFolder, 0o755);
  const lockPath = join(runFolder, 'lock');

  const lease: Lease = { id: randomUUID(), ...(await markOfSelf()) };
  const locked = <T>(work: () => Promise<T>) => withLock(lockPath, work, signal);
  const [cluster, first] = await locked(async () => {
    const password = await ensurePassword(dataDir, dataFolder, await databaseExists(dataFolder));
    const logFile = join(dataDir, 'postgres.log');
    const cluster: Cluster = { dataFolder, runFolder, logFile, account, password, settings, log };
    const server = await ensureServer(cluster, place, signal);
    const others = await liveLeases(runFolder);
    try {
      await linkFrom(dataDir, dataFolder);
      await writeLeases(runFolder, [...others, lease]);
    } catch (error) {
      if (others.length === 0) await stop(dataFolder, log);
      throw error;
    }
    return [cluster, server] as const;
  });

  let server = first;
  const watching = watch({
    pid: () => server.pid,
    revive: () =>
      withLock(lockPath, async () => {
        const before = server.port;
        // An unmounted disk must not be answered with an empty database.
        if (!(await databaseExists(dataFolder)))
          throw new Unavailable(`There is no database in ${dataFolder} any more.`);
        server = await ensureServer(cluster, place);
        if (server.port !== before) {
          log.warn(
            { before, now: server.port },
            'The built-in PostgreSQL has a new port: restart this process to use it',
          );
        }
      }),
    log,
  });

  let released: Promise<void> | undefined;
  const release = async () => {
    await watching.stop();
    await withLock(lockPath, async () => {
      const others = (await liveLeases(runFolder)).filter(({ id }) => id !== lease.id);
      // First this: on a full disk nothing can be written, and a lease that stays behind ends with its process.
      if (others.length === 0) await stop(dataFolder, log);
      await writeLeases(runFolder, others);
    });
  };

  return {
    connectionString: (database = 'postgres') =>
      `postgresql://postgres:${cluster.password}@127.0.0.1:${server.port}/${encodeURIComponent(database)}`,
    get port() {
      return server.port;
    },
    dataFolder,
    release: () => {
      released ??= release();
      return released;
    },
  };
}

/** A running server on the folder: the one that is there, else a new one, on a new database if there is none. */
async function ensureServer(cluster: Cluster, place: Place, signal?: AbortSignal): Promise<Postmaster> {
  const { dataFolder, account, password, log } = cluster;
  if (await databaseExists(dataFolder)) {
    const running = await adopt(cluster, signal);
    if (running !== undefined) return running;
  }
  const binaries = await findBinaries({ account, copies: place.copies, log });
  const durable = cluster.settings['fsync'] !== 'off';
  await ensureDatabase({ dataFolder, account, binaries, password, durable, log, signal });
  return await start(cluster, binaries, signal);
}
