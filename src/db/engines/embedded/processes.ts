import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * A process, told apart from a later one that got the same number. `machine` is the boot and the process namespace
 * in which the number means anything: a second container on the same volume counts its processes from 1 as well.
 */
export interface ProcessMark {
  readonly pid: number;
  /** Opaque; empty where the system does not tell. */
  readonly startedAt: string;
  readonly machine: string;
}

/** `unknown`: it belongs to another process namespace of this boot and can't be seen from here. */
export type Liveness = 'alive' | 'gone' | 'unknown';

let thisMachine: Promise<string> | undefined;

/** Where process numbers have their meaning. Outside Linux there is one namespace and no handy boot id: `local`. */
export function machine(): Promise<string> {
  thisMachine ??= (async () => {
    if (process.platform !== 'linux') return 'local';
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    return `${boot.trim()} ${await readlink('/proc/self/ns/pid')}`;
  })();
  return thisMachine;
}

/** Same boot, other namespace: two containers side by side. */
export async function isForeign(otherMachine: string): Promise<boolean> {
  const own = await machine();
  return own !== otherMachine && own.split(' ')[0] === otherMachine.split(' ')[0];
}

export async function markOfSelf(): Promise<ProcessMark> {
  const told = await inspect(process.pid);
  return { pid: process.pid, startedAt: told?.startedAt ?? '', machine: await machine() };
}

/** Whether the very process that was marked still runs. */
export async function judge(mark: ProcessMark): Promise<Liveness> {
  if (mark.machine !== (await machine())) return (await isForeign(mark.machine)) ? 'unknown' : 'gone';
  if (!isNumbered(mark.pid)) return 'gone';
  const told = await inspect(mark.pid);
  if (told === undefined) return 'alive';
  if (told.ended) return 'gone';
  return mark.startedAt !== '' && told.startedAt !== mark.startedAt ? 'gone' : 'alive';
}

/** Whether a process with this number runs now, whichever it is. A zombie has ended: nobody may ever reap it in a container. */
export async function isRunning(pid: number): Promise<boolean> {
  return isNumbered(pid) && (await inspect(pid))?.ended !== true;
}

/**
 * Whether the process is the postmaster of this folder; undefined where the system can't tell (then only a
 * connection can). On Linux the proof is its working directory, which a postmaster never leaves.
 */
export async function isPostmasterOf(pid: number, dataFolder: string): Promise<boolean | undefined> {
  if (process.platform === 'win32') return undefined;
  if (process.platform !== 'linux') {
    const told = await ps(pid, 'command');
    return told?.includes('postgres') === true && told.includes(dataFolder);
  }
  try {
    return (await readlink(`/proc/${pid}/cwd`)) === dataFolder;
  } catch (error) {
    // EACCES: another account's process. We run the server as ourselves or are root, so it is none of ours.
    if (isCode(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return false;
    throw error;
  }
}

export function isCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

function isNumbered(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (isCode(error, 'ESRCH')) return false;
    if (isCode(error, 'EPERM')) return true;
    throw error;
  }
}

/** What the system tells of a process; undefined where it tells nothing. */
async function inspect(pid: number): Promise<{ startedAt: string; ended: boolean } | undefined> {
  if (process.platform === 'win32') return undefined;
  if (process.platform !== 'linux') {
    const startedAt = await ps(pid, 'lstart');
    return startedAt === undefined ? { startedAt: '', ended: true } : { startedAt, ended: false };
  }
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in brackets and may hold anything: count from the last bracket. proc(5): 3 state, 22 starttime.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const state = fields[0] ?? '';
    return { startedAt: fields[19] ?? '', ended: state === 'Z' || state === 'X' };
  } catch (error) {
    // Gone between two looks, or /proc hides other people's processes: the caller has asked kill(2) already.
    if (isCode(error, 'ENOENT', 'ESRCH', 'EACCES')) return undefined;
    throw error;
  }
}

async function ps(pid: number, column: 'lstart' | 'command'): Promise<string | undefined> {
  try {
    const { stdout } = await run('ps', ['-o', `${column}=`, '-p', String(pid)], { env: { LC_ALL: 'C', TZ: 'UTC' } });
    return stdout.trim() || undefined;
  } catch (error) {
    // ps answers 1 for a number nobody has.
    if (error instanceof Error && 'code' in error && error.code === 1) return undefined;
    throw error;
  }
}
