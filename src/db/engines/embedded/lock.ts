import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Unavailable } from '../../../domain/errors.ts';
import { ifThere, parseJson, readJson } from './files.ts';
import { isCode, judge, markOfSelf, type ProcessMark } from './processes.ts';

const pollMs = 15;
const beatMs = 1_000;
const missedBeatsMs = 15_000;
/** Making a database on a slow card takes its time, and whoever waits behind it must not give up. */
const patienceMs = 300_000;

interface Holder extends ProcessMark {
  readonly token: string;
}

/**
 * Runs `work` while no other process (or other caller in this one) holds the lock at `path`. A lock whose holder died
 * is broken; one held from another container is believed as long as its time stamp moves.
 *
 * @throws Unavailable when somebody alive holds it for five minutes; the signal's reason when aborted.
 */
export async function withLock<T>(path: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const token = randomUUID();
  await take(path, token, signal);
  const beat = setInterval(() => {
    const now = new Date();
    // A lost beat is harmless: it only matters to other containers, and the next one follows in a second.
    utimes(path, now, now).catch(() => undefined);
  }, beatMs);
  beat.unref();
  try {
    await removeRemains(path);
    return await work();
  } finally {
    clearInterval(beat);
    // Ours, unless somebody broke it because this machine slept for long: then it is not ours to remove.
    if ((await holderOf(path))?.token === token) await rm(path, { force: true });
  }
}

/** The content is complete before the name appears: link(2) is the one step that can fail because another was first. */
async function take(path: string, token: string, signal?: AbortSignal): Promise<void> {
  const draft = `${path}.draft-${token}`;
  await writeFile(draft, JSON.stringify({ ...(await markOfSelf()), token } satisfies Holder), { flag: 'wx' });
  const until = Date.now() + patienceMs;
  try {
    for (;;) {
      signal?.throwIfAborted();
      try {
        await link(draft, path);
        return;
      } catch (error) {
        if (!isCode(error, 'EEXIST')) throw error;
      }
      const holder = await holderOf(path);
      if (holder === undefined) continue;
      if (await isStale(path, holder)) {
        await breakLock(path, holder.token, signal);
      } else if (Date.now() > until) {
        throw new Unavailable(`Process ${holder.pid} has held ${path} for five minutes.`);
      } else {
        await sleep(pollMs);
      }
    }
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Removes a dead holder's lock. Two who both saw it dead must not remove each other's new one, so removing token T
 * needs the lock named after T: nobody else can then remove T, and while T is there nobody can put another in place.
 */
async function breakLock(path: string, token: string, signal?: AbortSignal): Promise<void> {
  await withLock(
    `${path}.${token}`,
    async () => {
      const holder = await holderOf(path);
      if (holder?.token === token && (await isStale(path, holder))) await rm(path, { force: true });
    },
    signal,
  );
}

async function isStale(path: string, holder: Holder): Promise<boolean> {
  const liveness = await judge(holder);
  if (liveness !== 'unknown') return liveness === 'gone';
  const file = await ifThere(stat(path));
  return file !== undefined && Date.now() - file.mtimeMs > missedBeatsMs;
}

/**
 * Undefined: free. Content is always complete, so what can't be read is what a power cut left: a dead holder's. One look
 * only: absent at one moment and there at the next is somebody's new lock, not an unreadable one.
 */
async function holderOf(path: string): Promise<Holder | undefined> {
  const text = await ifThere(readFile(path, 'utf8'));
  if (text === undefined) return undefined;
  return parseJson(text, asHolder) ?? { pid: 0, startedAt: '', machine: 'lost in a power cut', token: 'unreadable' };
}

function asHolder(value: unknown): Holder | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { pid, startedAt, machine, token } = value as Record<string, unknown>;
  if (typeof pid !== 'number' || typeof startedAt !== 'string') return undefined;
  if (typeof machine !== 'string' || typeof token !== 'string') return undefined;
  return { pid, startedAt, machine, token };
}

/**
 * What processes left that were killed while they waited or broke a lock. Harmless to those at work here: only the dead
 * one's lock of that name could be broken under it, and that is gone, for we hold another.
 */
async function removeRemains(path: string): Promise<void> {
  const prefix = `${basename(path)}.`;
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(prefix)) continue;
    const remains = join(dirname(path), name);
    const owner = await readJson(remains, asHolder);
    if (owner !== undefined && (await judge(owner)) === 'gone') await rm(remains, { force: true });
  }
}
