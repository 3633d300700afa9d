import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readlink, realpath, stat, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError } from '../../../domain/errors.ts';
import { type Account, canEnter, chooseAccount } from './account.ts';
import { exists, ifThere, isRoot } from './files.ts';
import type { Log } from './log.ts';
import { isCode } from './processes.ts';

export interface Place {
  /** The folder with PG_VERSION in it, free of links: what PostgreSQL itself calls `data_directory`. */
  readonly dataFolder: string;
  /** Undefined: PostgreSQL runs as ourselves. */
  readonly account: Account | undefined;
  /** Where copies of the programs go when they are needed. */
  readonly copies: string;
}

/**
 * Decides where the database lies and who runs it. Normally `DATA_DIR/postgres`; when we are root and the account that
 * PostgreSQL is lent to can't get there, a folder of its own under `systemFolder`, with a link in `DATA_DIR`.
 *
 * @throws ConfigError when the database belongs to somebody else, can't be reached any more, or its link leads nowhere.
 */
export async function findPlace(options: {
  dataDir: string;
  systemFolder: string;
  sudo?: { uid: number; gid: number } | undefined;
  log: Log;
}): Promise<Place> {
  const { systemFolder, sudo, log } = options;
  await mkdir(options.dataDir, { recursive: true });
  const dataDir = await realpath(options.dataDir);
  const existing = await existingFolder(dataDir);
  const owners = [...(existing ? [(await stat(existing)).uid] : []), (await stat(dataDir)).uid];
  const account = await chooseAccount({ owners, sudo });
  const copies = isRoot ? join(systemFolder, 'programs') : join(dataDir, 'postgres-programs');

  if (existing !== undefined) {
    await checkAccess(existing, account);
    return { dataFolder: existing, account, copies };
  }
  if (account === undefined || (await canEnter(account, dataDir))) {
    return { dataFolder: join(dataDir, 'postgres'), account, copies };
  }
  const home = join(systemFolder, createHash('sha256').update(dataDir).digest('hex').slice(0, 12));
  await mkdir(home, { recursive: true, mode: 0o755 });
  // mkdir obeys the umask, and the account has to get through.
  for (const folder of [systemFolder, home]) await chmod(folder, 0o755);
  const dataFolder = join(await realpath(home), 'postgres');
  log.info(
    { dataDir, dataFolder, account: account.name },
    `PostgreSQL does not run as root but as the account "${account.name}", which can't enter ${dataDir}: the database is kept in ${dataFolder}`,
  );
  return { dataFolder, account, copies };
}

/** Leaves a link in DATA_DIR to a database that had to be placed elsewhere, so that it is found from now on. */
export async function linkFrom(dataDir: string, dataFolder: string): Promise<void> {
  const link = join(await realpath(dataDir), 'postgres');
  if (link === dataFolder || (await exists(link))) return;
  try {
    await symlink(dataFolder, link);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  }
}

async function existingFolder(dataDir: string): Promise<string | undefined> {
  const path = join(dataDir, 'postgres');
  if (!(await exists(path))) return undefined;
  const real = await ifThere(realpath(path));
  if (real === undefined) {
    throw new ConfigError(
      `${path} leads to ${await readlink(path)}, which is not there: bring that folder back, or remove the link to begin with an empty database.`,
    );
  }
  // An empty folder (somebody's mkdir) says nothing about where the database should be.
  if (real === path && isRoot && (await readdir(real)).length === 0) return undefined;
  return real;
}

async function checkAccess(dataFolder: string, account: Account | undefined): Promise<void> {
  if (account !== undefined) {
    if (await canEnter(account, dirname(dataFolder))) return;
    throw new ConfigError(
      `The account "${account.name}", which PostgreSQL runs as, can't reach ${dataFolder}: let others enter the folders above it (chmod o+x).`,
    );
  }
  const { uid } = await stat(dataFolder);
  if (process.getuid === undefined || uid === process.getuid()) return;
  throw new ConfigError(
    `The database in ${dataFolder} belongs to another account (number ${uid}): start as that user or, if it was made by root, as root.`,
  );
}
