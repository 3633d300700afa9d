import { type SpawnOptions, spawn } from 'node:child_process';

/** Whom a child runs as. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Standard output and error together, as a person would have seen them. */
  readonly output: string;
}

/**
 * How a child of ours runs: with nothing of our environment (it holds secrets, and PG* variables would change what
 * PostgreSQL does), from the root folder (the current one may be closed to the account), in English. Windows programs
 * do not start without their environment.
 */
export function childOptions(account: RunAs | undefined): SpawnOptions {
  return {
    cwd: '/',
    windowsHide: true,
    ...(process.platform === 'win32' ? {} : { env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/local/bin:/usr/bin:/bin' } }),
    ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
  };
}

/**
 * Runs a program to its end.
 *
 * @throws what spawn throws when it can't be started (ENOENT, EACCES, EPERM), and the signal's reason when aborted.
 */
export function runToEnd(
  command: string,
  args: readonly string[],
  account: RunAs | undefined,
  signal?: AbortSignal,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const child = spawn(command, args, { ...childOptions(account), stdio: ['ignore', 'pipe', 'pipe'] });
    const pieces: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (piece: string) => pieces.push(piece));
    }
    const abort = () => child.kill('SIGTERM');
    signal?.addEventListener('abort', abort, { once: true });
    child.once('error', (error) => {
      signal?.removeEventListener('abort', abort);
      reject(error);
    });
    child.once('close', (code, killedBy) => {
      signal?.removeEventListener('abort', abort);
      if (signal?.aborted === true) reject(signal.reason as Error);
      else resolve({ code, signal: killedBy, output: pieces.join('') });
    });
  });
}
