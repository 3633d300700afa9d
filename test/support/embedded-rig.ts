/** Real processes around the embedded database, for its tests: started, questioned, killed and cleaned up after. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { stop } from '../../src/db/engines/embedded/postmaster.ts';
import { isCode } from '../../src/db/engines/embedded/processes.ts';

export const isRoot = process.getuid?.() === 0;
const holderScript = fileURLToPath(new URL('embedded-holder.ts', import.meta.url));
const tsx = import.meta.resolve?.('tsx') ?? 'tsx';

export const silent = { info: () => undefined, warn: () => undefined };

/** What a holder says when it has the server. */
interface Told {
  readonly url: string;
  readonly port: number;
  readonly dataFolder: string;
  readonly notes: string[];
}

export interface Holder {
  readonly child: ChildProcess;
  /** Rejects with what it wrote to standard error when it ends without a server. */
  readonly told: Promise<Told>;
  /** Lets it give up its lease and waits for its end. */
  release(): Promise<void>;
  /** kill -9 */
  kill(): Promise<void>;
}

const folders: string[] = [];
const holders: Holder[] = [];

/** A new folder that any account can enter. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'deye-hard-embedded-'));
  await chmod(folder, 0o711);
  folders.push(folder);
  return folder;
}

/** A process that acquires the database of a folder and holds it. `command` puts another program in front of node. */
export function hold(
  args: readonly string[],
  options: { spawn?: SpawnOptions; command?: readonly string[]; script?: string } = {},
): Holder {
  const [program = '', ...rest] = [...(options.command ?? []), process.execPath];
  const child = spawn(program, [...rest, '--import', tsx, options.script ?? holderScript, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd: '/',
    ...options.spawn,
  });
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
    errors += piece;
  });
  const ended = once(child, 'close');
  const told = (async () => {
    let text = '';
    for await (const piece of child.stdout ?? []) {
      text += String(piece);
      if (text.endsWith('\n')) return JSON.parse(text) as Told;
    }
    await ended;
    throw new Error(errors);
  })();
  // Not everybody asks a holder that is killed on purpose.
  told.catch(() => undefined);
  const holder: Holder = {
    child,
    told,
    release: async () => {
      child.stdin?.end('enough\n');
      await ended;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
  holders.push(holder);
  return holder;
}

/** Ends everything a test began; for `afterEach`. */
export async function cleanUp(): Promise<void> {
  await Promise.all(holders.splice(0).map((holder) => holder.kill()));
  for (const folder of folders.splice(0)) {
    for (const path of await dataFoldersIn(folder)) await stop(path, silent);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function dataFoldersIn(folder: string): Promise<string[]> {
  const pidFiles = (await readdir(folder, { recursive: true })).filter((path) => path.endsWith('postmaster.pid'));
  return pidFiles.map((path) => join(folder, path, '..'));
}

export async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  // Servers are killed under it; the pending call fails and says so.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** The postmaster's number, from its own file. */
export async function postmasterOf(dataFolder: string): Promise<number> {
  return Number((await readFile(join(dataFolder, 'postmaster.pid'), 'utf8')).split('\n')[0]);
}

/** kill -9 of the server and all its processes. */
export async function killServer(dataFolder: string): Promise<void> {
  const postmaster = await postmasterOf(dataFolder);
  const children = (await readFile(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8')).trim().split(' ');
  for (const pid of [postmaster, ...children.map(Number)]) killIfThere(pid);
}

/** A server's child may have ended by itself since it was listed. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!isCode(error, 'ESRCH')) throw error;
  }
}

export async function until(what: string, condition: () => Promise<boolean>, withinMs = 10_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`in ${withinMs} ms not seen: ${what}`);
    await sleep(10);
  }
}
