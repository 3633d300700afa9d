import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere } from './files.ts';

/** What a postmaster tells of itself in `postmaster.pid` (PostgreSQL's `miscadmin.h`, LOCK_FILE_LINE_*). */
export interface PidFile {
  readonly pid: number;
  /** Missing in the first moments. */
  readonly port: number | undefined;
  /** Missing in the first moments. */
  readonly status: string | undefined;
}

const pathOf = (dataFolder: string): string => join(dataFolder, 'postmaster.pid');

/** `empty`: being written, or left so by a crash at that very moment. */
export async function readPidFile(dataFolder: string): Promise<PidFile | 'empty' | undefined> {
  const text = await ifThere(readFile(pathOf(dataFolder), 'utf8'));
  if (text === undefined) return undefined;
  const lines = text.split('\n').map((line) => line.trim());
  // A single-user server writes its number negative.
  const pid = Math.abs(Number(lines[0]));
  if (!Number.isSafeInteger(pid) || pid === 0) return 'empty';
  return { pid, port: Number(lines[3]) || undefined, status: lines[7] || undefined };
}

/**
 * Puts a number that no process can have in the place of the dead postmaster's: PostgreSQL would otherwise refuse to
 * start where that number now belongs to another process. The file is not deleted, because its shared memory line is
 * how PostgreSQL notices that processes of the dead server still work on the data, and waits for them.
 */
export async function disarmPidFile(dataFolder: string): Promise<void> {
  const text = await ifThere(readFile(pathOf(dataFolder), 'utf8'));
  if (text === undefined) return;
  const [, ...others] = text.split('\n');
  await writeFile(pathOf(dataFolder), ['2147483646', ...others].join('\n'));
}
