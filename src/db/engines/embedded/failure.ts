import { open, stat } from 'node:fs/promises';
import { Unavailable } from '../../../domain/errors.ts';
import { ifThere } from './files.ts';

const tailBytes = 8_192;
const tailLines = 12;

export const sizeOf = async (file: string): Promise<number> => (await ifThere(stat(file)))?.size ?? 0;

/** The last bytes of what was written to a log since `offset`; empty when nothing was. */
export async function readTail(file: string, offset: number): Promise<string> {
  const size = await sizeOf(file);
  const from = Math.max(offset, size - tailBytes);
  if (size <= from) return '';
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - from), 0, size - from, from);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** A start that failed, as one sentence for people and the last lines PostgreSQL wrote. */
export function failedStart(sentence: string, output: string, cause?: unknown): Unavailable {
  const lines = output.trimEnd().split('\n').slice(-tailLines).join('\n');
  return new Unavailable(`${reasonIn(output) ?? sentence}${lines === '' ? '' : `\n${lines}`}`, { cause });
}

/** The reasons that people meet and can mend. */
function reasonIn(output: string): string | undefined {
  if (/shared memory segment.*No space left/.test(output)) {
    return 'The built-in PostgreSQL finds too little shared memory (/dev/shm; in a container: --shm-size=128m).';
  }
  if (/No space left on device|Check free disk space/.test(output))
    return 'The disk is full: the built-in PostgreSQL could not start.';
  if (/Read-only file system/.test(output)) return 'The disk is read-only: the built-in PostgreSQL could not start.';
  if (/Cannot allocate memory/.test(output)) return 'There is too little memory for the built-in PostgreSQL.';
  return undefined;
}
