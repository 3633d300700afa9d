import { randomUUID } from 'node:crypto';
import { chmod, chown, mkdir, readdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ConfigError } from '../../../domain/errors.ts';
import { type Account, giveTo } from './account.ts';
import type { Binaries } from './binaries.ts';
import { runToEnd } from './commands.ts';
import { failedStart } from './failure.ts';
import { ifThere, syncFolder } from './files.ts';
import type { Log } from './log.ts';

/** Whether a complete database lies there: initdb works elsewhere and the result is moved here in one step. */
export async function databaseExists(dataFolder: string): Promise<boolean> {
  return (await versionOf(dataFolder)) !== undefined;
}

async function versionOf(dataFolder: string): Promise<string | undefined> {
  return (await ifThere(readFile(join(dataFolder, 'PG_VERSION'), 'utf8')))?.trim();
}

/**
 * Makes the database when there is none, and sees that its owner and version are right when there is one. What an
 * interrupted attempt left is removed. Call it under the lock, and only when no server runs on the folder.
 *
 * @throws ConfigError when the folder holds something else or a database of another version; Unavailable with initdb's
 * last lines when making it fails.
 */
export async function ensureDatabase(options: {
  dataFolder: string;
  account: Account | undefined;
  binaries: Binaries;
  password: string;
  /** False only where the data may be lost with the machine: in tests. */
  durable: boolean;
  log: Log;
  signal?: AbortSignal | undefined;
}): Promise<void> {
  const { dataFolder, account, binaries, log } = options;
  await removeUnfinished(dataFolder, log);
  const version = await versionOf(dataFolder);
  if (version === undefined) {
    await makeRoom(dataFolder);
    await initialise(options);
    return;
  }
  if (version !== binaries.major) {
    throw new ConfigError(
      `The database in ${dataFolder} was made by PostgreSQL ${version} and this is ${binaries.major}: back it up with the release that made it, and restore it with this one.`,
    );
  }
  // Restored from a backup by root, or moved from a machine where the account had another number.
  if (account !== undefined && (await stat(dataFolder)).uid !== account.uid) {
    log.info({ dataFolder, account: account.name }, `${dataFolder} is given to the account "${account.name}"`);
    await giveTo(account, dataFolder);
    await chmod(dataFolder, 0o700);
  }
}

async function initialise(options: Parameters<typeof ensureDatabase>[0]): Promise<void> {
  const { dataFolder, account, binaries, password, durable, log, signal } = options;
  const startedAt = performance.now();
  // A name of its own: the initdb of a killed process may still be writing into the folder of the attempt before.
  const draft = `${dataFolder}${unfinished}${randomUUID()}`;
  const passwordFile = join(draft, 'password');
  const made = join(draft, 'data');
  try {
    await mkdir(draft, { mode: 0o700 });
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600, flag: 'wx' });
    if (account !== undefined) {
      for (const path of [passwordFile, draft]) await chown(path, account.uid, account.gid);
    }
    const {
      code,
      signal: killedBy,
      output,
    } = await runToEnd(
      binaries.initdb,
      [
        `--pgdata=${made}`,
        '--username=postgres',
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        // Sorting by code point, letters of all languages: the same on every machine and in every container.
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--data-checksums',
        // A new file of the log is written full of zeros and synced before a commit may use it: all writers wait, on an SD card a
        // second with the usual 16 MB.
        '--wal-segsize=4',
        '--no-instructions',
        ...(durable ? [] : ['--no-sync']),
      ],
      account,
      signal,
    );
    if (code !== 0) {
      throw failedStart(`PostgreSQL could not make a database in ${dataFolder} (initdb: ${killedBy ?? code}).`, output);
    }
    await rename(made, dataFolder);
    await syncFolder(dirname(dataFolder));
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  const tookMs = Math.round(performance.now() - startedAt);
  log.info({ dataFolder, tookMs, account: account?.name }, `A new database was made in ${dataFolder}`);
}

const unfinished = '.unfinished-';

async function removeUnfinished(dataFolder: string, log: Log): Promise<void> {
  const prefix = `${basename(dataFolder)}${unfinished}`;
  for (const name of await readdir(dirname(dataFolder))) {
    if (!name.startsWith(prefix)) continue;
    const path = join(dirname(dataFolder), name);
    log.info({ path }, `Making the database was interrupted; what it left in ${path} is removed`);
    try {
      await rm(path, { recursive: true, force: true, maxRetries: 3 });
    } catch (error) {
      // Only its room on the disk is lost: the new attempt has another name, and the next start tries again.
      log.warn({ error, path }, `${path} could not be removed`);
    }
  }
}

/** An empty folder in the place of the database may go; anything else is somebody's. */
async function makeRoom(dataFolder: string): Promise<void> {
  const content = await ifThere(readdir(dataFolder));
  if (content === undefined) return;
  if (content.length > 0) {
    throw new ConfigError(`${dataFolder} is neither a PostgreSQL database nor empty: set DATA_DIR to another folder.`);
  }
  await rmdir(dataFolder);
}
