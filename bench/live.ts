/**
 * `npm run bench:live`: a thousand listeners of `GET /api/v1/live` on one server process, twenty accounts with fifty each. Prints what
 * they cost the server in memory and how long a reading takes to all of them. The listeners are a process of their own; what the server
 * reads is in memory, so that the figures are the stream's.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { fileURLToPath } from 'node:url';
import { liveRoutes } from '../src/api/v1/live.ts';
import { Hub } from '../src/live/hub.ts';
import { fakeServices, sunnyInverter } from '../test/support/fake-services.ts';
import { testApp } from '../test/support/test-app.ts';

const ACCOUNTS = 20;
const LISTENERS_EACH = 50;
const LISTENERS = ACCOUNTS * LISTENERS_EACH;
const MB = 1024 * 1024;

/** The listeners: says when all of them had their `n`th reading. */
function listen(origin: string): void {
  let readings = 0;
  for (let n = 0; n < LISTENERS; n++) {
    const headers = { authorization: `Bearer token-of-${1 + (n % ACCOUNTS)}` };
    get(`${origin}/api/v1/live`, { headers, agent: false }, (response) => {
      response.setEncoding('utf8').on('data', (text: string) => {
        readings += text.split('event: reading').length - 1;
        if (readings >= LISTENERS) {
          readings -= LISTENERS;
          process.send?.('all');
        }
      });
    });
  }
}

function memory(): { rssMb: number; heapMb: number } {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rssMb: rss / MB, heapMb: (heapUsed + external) / MB };
}

async function serve(): Promise<void> {
  const hub = new Hub();
  const services = fakeServices();
  const now = (): Date => new Date();
  for (let id = 1; id <= ACCOUNTS; id++) services.inverters.of.set(id, [sunnyInverter(now(), { id })]);
  const { app } = await testApp([liveRoutes({ hub, inverters: services.inverters, inbox: services.inbox, now })]);
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  await fetch(`${origin}/api/v1/live`);
  const before = memory();

  const listeners = fork(fileURLToPath(import.meta.url), ['listen', origin]);
  const startedMs = performance.now();
  await once(listeners, 'message');
  const openedMs = performance.now() - startedMs;
  const after = memory();

  const times: number[] = [];
  for (let round = 0; round < 20; round++) {
    const announcedMs = performance.now();
    for (let userId = 1; userId <= ACCOUNTS; userId++) hub.publish({ type: 'reading', userId, inverterId: userId });
    await once(listeners, 'message');
    times.push(performance.now() - announcedMs);
  }
  times.sort((a, b) => a - b);
  const end = memory();
  listeners.kill();
  await app.close();
  console.log(
    `${LISTENERS} listeners of ${ACCOUNTS} accounts: open and told everything after ${openedMs.toFixed(0)} ms; ` +
      `${(after.rssMb - before.rssMb).toFixed(1)} MB more resident (${(after.heapMb - before.heapMb).toFixed(1)} MB of it heap), ` +
      `after 20 readings each ${(end.rssMb - before.rssMb).toFixed(1)} MB; ` +
      `a reading is with all of them after ${times[10]?.toFixed(0)} ms (median; 250 ms of it gather), at worst ${times.at(-1)?.toFixed(0)} ms`,
  );
}

if (process.argv[2] === 'listen') listen(process.argv[3] ?? '');
else await serve();
