import { type ChildProcess, spawn } from 'node:child_process';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from './account.ts';
import type { Binaries } from './binaries.ts';
import { childOptions } from './commands.ts';
import { failedStart, readTail, sizeOf } from './failure.ts';
import { followParent } from './files.ts';
import type { Log } from './log.ts';
import { wrongPassword } from './password.ts';
import { readPidFile } from './pid-file.ts';
import { probe } from './probe.ts';
import { isCode, isPostmasterOf, isRunning } from './processes.ts';
import { anyPort, readRecord, writeRecord } from './record.ts';
import { serverArguments } from './settings.ts';

const pollMs = 3;
const patienceMs = 60_000;
const portAttempts = 20;
const logLimitBytes = 10 * 1024 * 1024;

/** One data folder and what is needed to serve it. */
export interface Cluster {
  readonly dataFolder: string;
  /** Lock, leases and record of the last start. */
  readonly runFolder: string;
  readonly logFile: string;
  readonly account: Account | undefined;
  readonly password: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly log: Log;
}

export interface Postmaster {
  readonly pid: number;
  readonly port: number;
}

/** How one attempt ended: it serves, the port is taken, or processes of a killed server still work on the data. */
type Attempt = Postmaster | 'port taken' | 'not yet';

/**
 * Starts PostgreSQL and waits until it answers. Call it under the lock, after `adopt` found nobody.
 *
 * @throws Unavailable with the last lines of its log when it ends, or does not answer within a minute. In the latter
 * case (a long crash recovery) it is left running, so that the next start adopts it instead of beginning again.
 */
export async function start(cluster: Cluster, binaries: Binaries, signal?: AbortSignal): Promise<Postmaster> {
  const { dataFolder, runFolder, logFile, log } = cluster;
  const startedAt = performance.now();
  const deadline = Date.now() + patienceMs;
  if ((await sizeOf(logFile)) > logLimitBytes) await rename(logFile, `${logFile}.1`);
  const logStart = await sizeOf(logFile);
  let port = (await readRecord(runFolder))?.port ?? anyPort();
  let portsTried = 0;
  for (;;) {
    await removeSockets(dataFolder);
    await writeRecord(runFolder, port);
    const result = await attempt(cluster, binaries, port, deadline, signal);
    if (typeof result === 'object') {
      const tookMs = Math.round(performance.now() - startedAt);
      log.info({ dataFolder, port, pid: result.pid, tookMs }, 'The built-in PostgreSQL has started');
      return result;
    }
    if (result === 'port taken') {
      portsTried += 1;
      if (portsTried === portAttempts) {
        throw failedStart(
          `PostgreSQL found no free port on 127.0.0.1 (${portAttempts} tried).`,
          await readTail(logFile, logStart),
        );
      }
      port = anyPort();
    } else {
      if (Date.now() > deadline) {
        throw failedStart('Processes of a killed PostgreSQL server do not end.', await readTail(logFile, logStart));
      }
      await sleep(50);
    }
  }
}

/** Sockets of a killed server: PostgreSQL refuses when the number in their lock now belongs to another process. */
async function removeSockets(dataFolder: string): Promise<void> {
  for (const name of await readdir(dataFolder)) {
    if (name.startsWith('.s.PGSQL.')) await rm(join(dataFolder, name), { force: true });
  }
}

async function attempt(
  cluster: Cluster,
  binaries: Binaries,
  port: number,
  deadline: number,
  signal?: AbortSignal,
): Promise<Attempt> {
  const { dataFolder, logFile, password } = cluster;
  const logStart = await sizeOf(logFile);
  const { child, ended } = await launch(cluster, binaries, port);
  const pid = child.pid;
  for (;;) {
    const end = ended();
    if (end !== undefined || pid === undefined) {
      const output = await readTail(logFile, logStart);
      if (/could not bind|could not create any TCP\/IP sockets/.test(output)) return 'port taken';
      if (/pre-existing shared memory block/.test(output)) return 'not yet';
      throw failedStart(`PostgreSQL ended while starting (${end?.reason}).`, output, end?.cause);
    }
    if (signal?.aborted === true) {
      child.kill('SIGINT');
      while (ended() === undefined) await sleep(pollMs);
      signal.throwIfAborted();
    }
    const told = await readPidFile(dataFolder);
    if (typeof told === 'object' && told.pid === pid && told.status === 'ready') {
      const answer = await probe({ host: '127.0.0.1', port, password, dataFolder });
      if (answer === 'ours') return { pid, port };
      if (answer === 'wrong password') {
        await stop(dataFolder, cluster.log);
        throw wrongPassword(dataFolder);
      }
    }
    if (Date.now() > deadline) {
      throw failedStart(
        `PostgreSQL on ${dataFolder} does not answer; it goes on starting.`,
        await readTail(logFile, logStart),
      );
    }
    await sleep(pollMs);
  }
}

interface Launched {
  readonly child: ChildProcess;
  readonly ended: () => { reason: string; cause?: Error } | undefined;
}

/**
 * In a session of its own: Ctrl-C on the terminal goes to us, who then stop it in order, and it outlives a node that is
 * killed. It writes straight into the log file, which stays ours: the account needs no right to it.
 */
async function launch(cluster: Cluster, binaries: Binaries, port: number): Promise<Launched> {
  const { dataFolder, logFile, account, settings } = cluster;
  const log = await open(logFile, 'a', 0o600);
  let end: { reason: string; cause?: Error } | undefined;
  try {
    const child = spawn(binaries.postgres, serverArguments(dataFolder, port, settings), {
      ...childOptions(account),
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    child.once('error', (cause) => {
      end = { reason: cause.message, cause };
    });
    child.once('exit', (code, killedBy) => {
      end ??= { reason: killedBy ?? `exit code ${code}` };
    });
    child.unref();
    await followParent(logFile);
    return { child, ended: () => end };
  } finally {
    await log.close();
  }
}

/**
 * Stops the folder's server in order: sessions are ended, the data is written out. Returns when the process is gone.
 * Nothing to stop is fine.
 */
export async function stop(dataFolder: string, log: Log): Promise<void> {
  const told = await readPidFile(dataFolder);
  if (typeof told !== 'object' || !(await isRunning(told.pid))) return;
  if ((await isPostmasterOf(told.pid, dataFolder)) === false) return;
  try {
    // PostgreSQL's "fast" shutdown. Windows knows no signals: there the process ends as in a crash, which loses nothing.
    process.kill(told.pid, 'SIGINT');
  } catch (error) {
    if (!isCode(error, 'ESRCH')) throw error;
  }
  const deadline = Date.now() + patienceMs;
  while (await isRunning(told.pid)) {
    if (Date.now() > deadline) {
      log.warn(
        { dataFolder, pid: told.pid },
        'The built-in PostgreSQL takes more than a minute to stop; it is left to it',
      );
      return;
    }
    await sleep(pollMs);
  }
}
