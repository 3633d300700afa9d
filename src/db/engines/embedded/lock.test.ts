import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withLock } from './lock.ts';
import { markOfSelf, type ProcessMark } from './processes.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deye-hard-lock-'));
  path = join(folder, 'lock');
});
afterEach(() => rm(folder, { recursive: true }));

const heldBy = (holder: ProcessMark) => writeFile(path, JSON.stringify({ ...holder, token: 'theirs' }));

async function deadProcess(): Promise<ProcessMark> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return { ...(await markOfSelf()), pid: child.pid ?? 0 };
}

/** Many at once; says how many were ever inside together. */
async function crowd(stayMs = 2): Promise<number> {
  let inside = 0;
  let most = 0;
  const visit = async () => {
    inside += 1;
    most = Math.max(most, inside);
    await sleep(stayMs);
    inside -= 1;
  };
  await Promise.all(Array.from({ length: 12 }, () => withLock(path, visit)));
  return most;
}

describe('the lock', () => {
  test('lets one in at a time and leaves nothing behind', async () => {
    expect(await crowd()).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  test('is free again after a failure', async () => {
    await expect(withLock(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await withLock(path, () => Promise.resolve('yes'))).toBe('yes');
  });

  test('of a dead holder is broken by one of many, never by two', async () => {
    await heldBy(await deadProcess());
    // Longer inside than others wait between two looks: who breaks without looking again would get in.
    expect(await crowd(40)).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  test('is broken also when whoever was breaking it died', async () => {
    const dead = await deadProcess();
    await heldBy(dead);
    await writeFile(`${path}.theirs`, JSON.stringify({ ...dead, token: 'breaker' }));
    expect(await crowd()).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  test('emptied by a power cut is broken', async () => {
    await writeFile(path, '');
    expect(await crowd()).toBe(1);
  });

  test('is never taken for an unreadable one while it changes hands', async () => {
    for (let round = 0; round < 6; round++) {
      await writeFile(path, '');
      expect(await crowd(0)).toBe(1);
    }
  });

  test('of a living holder is respected until we are told to stop', async () => {
    await heldBy(await markOfSelf());
    const stopping = new AbortController();
    const waiting = withLock(path, () => Promise.resolve(), stopping.signal);
    await sleep(100);
    stopping.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ token: 'theirs' });
    expect(await readdir(folder)).toEqual(['lock']);
  });

  test.skipIf(process.platform !== 'linux')('of another container is believed while its time stamp moves', async () => {
    const self = await markOfSelf();
    await heldBy({ ...self, machine: `${self.machine.split(' ')[0]} pid:[1]` });
    const stopping = new AbortController();
    const waiting = withLock(path, () => Promise.resolve('in'), stopping.signal);
    expect(await Promise.race([waiting, sleep(200, 'outside')])).toBe('outside');
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(path, longAgo, longAgo);
    expect(await waiting).toBe('in');
  });
});
