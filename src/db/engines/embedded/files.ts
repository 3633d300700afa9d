import { randomUUID } from 'node:crypto';
import { chown, lstat, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isCode } from './processes.ts';

export const isRoot = process.getuid?.() === 0;

/** What `read` gives, or undefined where the file or folder is not there. Every other failure is thrown. */
export async function ifThere<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

export const exists = async (path: string): Promise<boolean> => (await ifThere(lstat(path))) !== undefined;

/**
 * A command run as root beside a server that is not must leave nothing that the server can't change later:
 * what root makes belongs to whom the folder around it belongs.
 */
export async function followParent(path: string): Promise<void> {
  if (!isRoot) return;
  const parent = await stat(dirname(path));
  if (parent.uid !== 0) await chown(path, parent.uid, parent.gid);
}

export async function ensureFolder(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (isCode(error, 'EEXIST')) return;
    throw error;
  }
  await followParent(path);
}

/** The whole new content or the whole old one, also after a power cut. */
export async function replaceFile(path: string, content: string, mode: number): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  try {
    const handle = await open(draft, 'wx', mode);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await followParent(draft);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** The file's JSON as `check` accepts it, else undefined: a power cut may leave an empty file, which says nothing. */
export async function readJson<T>(path: string, check: (value: unknown) => T | undefined): Promise<T | undefined> {
  const text = await ifThere(readFile(path, 'utf8'));
  return text === undefined ? undefined : parseJson(text, check);
}

/** The text's JSON as `check` accepts it, else undefined. */
export function parseJson<T>(text: string, check: (value: unknown) => T | undefined): T | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return check(value);
}

/** Makes a rename in this folder survive a power cut. Windows can't open folders and doesn't need it. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
