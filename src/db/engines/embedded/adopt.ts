import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError, Unavailable } from '../../../domain/errors.ts';
import { wrongPassword } from './password.ts';
import { disarmPidFile, readPidFile } from './pid-file.ts';
import type { Cluster, Postmaster } from './postmaster.ts';
import { type Answer, probe } from './probe.ts';
import { isForeign, isPostmasterOf, isRunning } from './processes.ts';
import { readRecord } from './record.ts';

const pollMs = 5;
/** How long a server may take to start or stop before we give up on it. */
const patienceMs = 60_000;
/** How long a process may hold the pid file without listening before we take it for somebody else's (no other proof). */
const silenceMs = 10_000;

/**
 * The postmaster that already serves the data folder, perhaps left over from a process that was killed; waits while it
 * starts or stops. Undefined when there is none: then `postmaster.pid` no longer hinders a start.
 *
 * @throws ConfigError when it runs in another container or our password does not open it; Unavailable when it neither
 * answers nor ends within a minute.
 */
export async function adopt(cluster: Cluster, signal?: AbortSignal): Promise<Postmaster | undefined> {
  const { dataFolder, log } = cluster;
  await refuseForeign(cluster, signal);
  const began = Date.now();
  for (;;) {
    signal?.throwIfAborted();
    const told = await readPidFile(dataFolder);
    if (told === undefined) return undefined;
    const waited = Date.now() - began;
    if (told === 'empty') {
      if (waited < 1_000) {
        await sleep(pollMs);
        continue;
      }
      log.warn({ dataFolder }, 'An empty postmaster.pid is taken for what a crash left');
      await disarmPidFile(dataFolder);
      return undefined;
    }
    const proof = (await isRunning(told.pid)) ? await isPostmasterOf(told.pid, dataFolder) : false;
    if (proof === false) {
      await disarmPidFile(dataFolder);
      return undefined;
    }
    const answer: Answer =
      told.port === undefined
        ? 'not ready'
        : await probe({ host: '127.0.0.1', port: told.port, password: cluster.password, dataFolder });
    if (told.port !== undefined && (answer === 'ours' || (answer === 'busy' && proof === true))) {
      log.info({ pid: told.pid, port: told.port }, 'The built-in PostgreSQL is running already');
      return { pid: told.pid, port: told.port };
    }
    if (answer === 'wrong password' && proof === true) throw wrongPassword(dataFolder);
    const elsewhere = answer === 'somebody else' || answer === 'wrong password' || answer === 'nobody';
    if (proof === undefined && elsewhere && waited > silenceMs) {
      await disarmPidFile(dataFolder);
      return undefined;
    }
    if (waited > patienceMs) {
      throw new Unavailable(
        `The PostgreSQL server on ${dataFolder} (process ${told.pid}, ${told.status ?? 'just begun'}) does not answer.`,
      );
    }
    await sleep(pollMs);
  }
}

/**
 * Two containers on one volume do not see each other's processes, and a second postmaster would destroy the data: so
 * a server last started from another process namespace of this boot is asked through its socket, which reaches across.
 */
async function refuseForeign(cluster: Cluster, signal?: AbortSignal): Promise<void> {
  const { dataFolder, runFolder, password } = cluster;
  const record = await readRecord(runFolder);
  if (record === undefined || !(await isForeign(record.machine))) return;
  const folder = await open(dataFolder, 'r');
  try {
    // A container that is being replaced gets the time to stop its server.
    const until = Date.now() + silenceMs;
    // By the open folder's number, because the path of a socket must not exceed 107 bytes.
    const socket = { host: `/proc/self/fd/${folder.fd}`, port: record.port, password, dataFolder };
    while ((await probe(socket)) !== 'nobody') {
      signal?.throwIfAborted();
      if (Date.now() > until) {
        throw new ConfigError(
          `The database in ${dataFolder} is in use by another container: run the command inside that one (docker compose exec), or stop it first.`,
        );
      }
      await sleep(100);
    }
  } finally {
    await folder.close();
  }
}
