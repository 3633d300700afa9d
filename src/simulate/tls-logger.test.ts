import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, it } from 'vitest';
import { TimerWheel } from './timer-wheel.ts';
import { type TlsCounts, TlsLogger } from './tls-logger.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** A server in a thread of its own, which goes on while this one is busy. @param onSocket what it does with each connection `s` */
async function serverThat(onSocket: string): Promise<number> {
  const source = `const { parentPort } = require('node:worker_threads');
    const server = require('node:net').createServer((s) => { s.on('error', () => {}); ${onSocket} });
    server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`;
  const worker = new Worker(source, { eval: true });
  undo.push(() => worker.terminate());
  const [port] = (await once(worker, 'message')) as [number];
  return port;
}

function hello(port: number, giveUpMs: number): TlsCounts {
  const counts: TlsCounts = { sent: 0, refused: 0, notRefused: 0 };
  const wheel = new TimerWheel();
  const collector = { host: '127.0.0.1', port };
  const logger = new TlsLogger({ collector, localAddress: null, wheel, counts, giveUpMs });
  undo.push(() => wheel.stop());
  undo.push(() => logger.stop());
  logger.start();
  return counts;
}

it('a hello that was refused in time is told from one that was not, however busy this process is', async () => {
  const counts = hello(await serverThat(`s.on('data', () => s.end());`), 300);
  await expect.poll(() => counts.sent, { interval: 5 }).toBe(1);
  // The answer arrives while nothing is read.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
  await expect.poll(() => counts.refused + counts.notRefused).toBe(1);
  expect(counts).toEqual({ sent: 1, refused: 1, notRefused: 0 });
});

it.each([
  ['left waiting', `s.resume();`],
  ['answered', `s.on('data', () => s.end('x'));`],
])('a hello that was %s was not refused', async (_, onSocket) => {
  const counts = hello(await serverThat(onSocket), 50);
  await expect.poll(() => counts.notRefused).toBe(1);
  expect(counts).toEqual({ sent: 1, refused: 0, notRefused: 1 });
});
