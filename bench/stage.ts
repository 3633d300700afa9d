/** What all parts of `npm run bench` share: the program with its database, and the bare servers beside it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createTestDatabase, type TestDatabase } from '../test/support/test-database.ts';
import { type Bench, openBench } from './rig.ts';

/** How long and how much; `--full` takes more of everything. */
export interface Size {
  rounds: number;
  /** Of one measure in one round. */
  seconds: number;
  devices: number;
  loggers: number;
  /** Loggers that flush at once, and frames that each of them kept. */
  flushing: number;
  storedFrames: number;
  /** Of what the pages and the API are asked about. */
  days: number;
  inverters: number;
  /** Accounts with an open live stream; each has fifty. */
  accounts: number;
  /** Loggers connected to see what a connection costs. */
  connections: number;
}

export const QUICK: Size = {
  rounds: 3,
  seconds: 1.2,
  devices: 64,
  loggers: 300,
  flushing: 30,
  storedFrames: 20,
  days: 365,
  inverters: 2,
  accounts: 2,
  connections: 600,
};
export const FULL: Size = {
  rounds: 5,
  seconds: 4,
  devices: 200,
  loggers: 800,
  flushing: 100,
  storedFrames: 40,
  days: 365,
  inverters: 10,
  accounts: 10,
  connections: 1_800,
};

export interface Bare {
  port: number;
  pid: number;
  stop(): void;
}

export interface Stage {
  bench: Bench;
  size: Size;
  /** node:http alone. */
  http: Bare;
  /** TCP alone. */
  echo: Bare;
  /** The same tables on the same server, for statements without the program. */
  bareDatabase: TestDatabase;
  close(): Promise<void>;
}

export async function openStage(size: Size): Promise<Stage> {
  // Packing and compressing have times of their own, not ours.
  const bench = await openBench({ COMPRESS_AFTER_DAYS: '3650', RETENTION_DAYS: '3650' });
  process.env['TEST_POSTGRES_URL'] = bench.adminUrl;
  const bareDatabase = await createTestDatabase();
  const [http, echo] = await Promise.all([startBare('bare-http.ts'), startBare('echo-server.ts')]);
  return {
    bench,
    size,
    http,
    echo,
    bareDatabase,
    async close() {
      http.stop();
      echo.stop();
      await bareDatabase.drop();
      await bench.close();
    },
  };
}

/** A server of this folder in a process of its own. @throws an error when it ends before it listens */
export async function startBare(file: string): Promise<Bare> {
  const child: ChildProcess = fork(new URL(file, import.meta.url), {
    execArgv: ['--import', import.meta.resolve('tsx')],
  });
  const told = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => null)]);
  if (told === null) throw new Error(`${file} ended before it listened`);
  const [{ port }] = told as [{ port: number }];
  return { port, pid: child.pid ?? 0, stop: () => void child.kill() };
}

/** Each item works in a loop of its own until the time is over. @returns how many passes were made a second */
export async function forSeconds<T>(
  items: readonly T[],
  seconds: number,
  work: (item: T, n: number) => Promise<void>,
): Promise<number> {
  const startedAt = performance.now();
  const until = startedAt + seconds * 1000;
  let passes = 0;
  await Promise.all(
    items.map(async (item) => {
      for (let n = 0; performance.now() < until; n++) {
        await work(item, n);
        passes++;
      }
    }),
  );
  return passes / ((performance.now() - startedAt) / 1000);
}
