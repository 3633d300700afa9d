import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { realpath } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { isPostmasterOf, isRunning, judge, markOfSelf } from './processes.ts';

const onLinux = process.platform === 'linux';

describe('telling processes apart', () => {
  test('this one is alive', async () => {
    expect(await judge(await markOfSelf())).toBe('alive');
  });

  test('one that ended is gone', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    expect(await isRunning(child.pid ?? 0)).toBe(false);
    expect(await judge({ ...(await markOfSelf()), pid: child.pid ?? 0 })).toBe('gone');
  });

  test('a later one with the same number is not the one that was marked', async () => {
    expect(await judge({ ...(await markOfSelf()), startedAt: 'long ago' })).toBe('gone');
  });

  test('one of before the restart is gone, though its number is in use again', async () => {
    expect(await judge({ ...(await markOfSelf()), machine: 'other-boot pid:[4026531836]' })).toBe('gone');
  });

  test.skipIf(!onLinux)('one of another container can not be seen from here', async () => {
    const self = await markOfSelf();
    const [boot] = self.machine.split(' ');
    expect(await judge({ ...self, machine: `${boot} pid:[1]` })).toBe('unknown');
  });

  test.skipIf(!onLinux)('one that ended and was never reaped has ended', async () => {
    // The shell starts `sleep 0` and becomes a `sleep` that knows nothing of the child and never asks for it.
    const parent = spawn('/bin/sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const zombie = Number(line.toString());
    await expect.poll(() => isRunning(zombie)).toBe(false);
    expect(process.kill(zombie, 0)).toBe(true);
    parent.kill();
    await once(parent, 'exit');
  });

  test.skipIf(!onLinux)('a postmaster is known by the folder it works in', async () => {
    expect(await isPostmasterOf(process.pid, await realpath(process.cwd()))).toBe(true);
    expect(await isPostmasterOf(process.pid, '/somewhere/else')).toBe(false);
  });
});
