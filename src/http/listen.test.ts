import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { platform } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { type TestApp, testApp } from '../../test/support/test-app.ts';
import { ConfigError } from '../domain/errors.ts';
import { listen } from './listen.ts';

/** What Node's own default leaves room for. */
const NODES_BACKLOG = 511;
const ESTABLISHED = '01';

let running: TestApp[] = [];
afterEach(async () => {
  await Promise.all(running.map(({ app }) => app.close()));
  running = [];
});

async function start(port: number): Promise<number> {
  const made = await testApp([]);
  running.push(made);
  return listen(made.app, { host: '127.0.0.1', port }, 'HTTP_HOST, HTTP_PORT');
}

/** States of the connections whose far end is this port, as the kernel tells them. */
function statesOf(port: number): string[] {
  const far = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([, , remote, state]) => (remote === far && state !== undefined ? [state] : []));
}

describe('listening', () => {
  it.runIf(platform() === 'linux')('a fleet that comes back at once is let in while the program is busy', async () => {
    const port = await start(0);
    const count = NODES_BACKLOG + 200;
    // All in one turn of the event loop, in which the server accepts nobody.
    const devices = Array.from({ length: count }, (): Socket => connect({ host: '127.0.0.1', port }));
    await new Promise<void>((resolve) => process.nextTick(resolve));
    const isIn = (): boolean => statesOf(port).filter((state) => state === ESTABLISHED).length === count;
    // The kernel may take a moment of its own, in which the event loop still does not turn.
    const giveUpAt = Date.now() + 5000;
    while (!isIn() && Date.now() < giveUpAt);
    const states = statesOf(port);
    for (const device of devices) device.on('error', () => undefined).destroy();
    expect(states.filter((state) => state === ESTABLISHED)).toHaveLength(count);
  });

  it('a port that is taken is told with the settings to change', async () => {
    const port = await start(0);
    const failure = await start(port).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigError);
    expect((failure as Error).message).toMatch(
      new RegExp(`^Cannot listen on 127\\.0\\.0\\.1:${port} \\(HTTP_HOST, HTTP_PORT\\): .*EADDRINUSE`),
    );
  });
});
