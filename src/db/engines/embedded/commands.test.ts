import { describe, expect, test } from 'vitest';
import { runToEnd } from './commands.ts';

const sh = (script: string, signal?: AbortSignal) => runToEnd('/bin/sh', ['-c', script], undefined, signal);

describe.skipIf(process.platform === 'win32')('running a program to its end', () => {
  test('tells how it ended and what it said', async () => {
    expect(await sh('echo out; echo err >&2; exit 3')).toEqual({ code: 3, signal: null, output: 'out\nerr\n' });
    expect(await sh('kill -ILL $$')).toMatchObject({ code: null, signal: 'SIGILL' });
  });

  test('fails when there is no such program', async () => {
    await expect(runToEnd('/no/such/program', [], undefined)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('ends it when told to stop', async () => {
    const stopping = new AbortController();
    const pending = sh('exec sleep 60', stopping.signal);
    stopping.abort(new Error('enough'));
    await expect(pending).rejects.toThrow('enough');
    await expect(sh('exit 0', stopping.signal)).rejects.toThrow('enough');
  });
});
