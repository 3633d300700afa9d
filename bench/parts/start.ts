import { type ServerProcess, startServer } from '../../test/support/server-process.ts';
import { BenchLogger, spread } from '../bench-logger.ts';
import { usageOf } from '../rig.ts';
import type { Measure, Note } from '../rounds.ts';
import { type Stage, startBare } from '../stage.ts';

/** A program that has just begun, on a database that is there: how long it takes, how big it is, and what a connected logger adds. */
export async function startMeasures({ size }: Stage): Promise<{ measures: Measure[]; close(): Promise<void> }> {
  const env = { LOG_LEVEL: 'warn' };
  const firstAt = performance.now();
  let last: ServerProcess = await startServer({ env });
  const firstStartMs = performance.now() - firstAt;
  const memory = { ours: Number.NaN, bare: Number.NaN };
  const measures: Measure[] = [
    {
      name: 'start',
      what: 'from the command to “is ready”: PostgreSQL, all roles, the proof of isolation',
      unit: 'ms',
      async ours(note) {
        note('first_start', firstStartMs, 'the very first start, which makes the database', 'ms');
        last.signal('SIGINT');
        await last.exited;
        const startedAt = performance.now();
        last = await last.restart();
        const took = performance.now() - startedAt;
        memory.ours = await kibPerLogger(last.pid, last.collectorPort, size.connections, note);
        return took;
      },
      neighbours: [
        {
          name: 'bare_node',
          what: 'node with an echo server and nothing else',
          async measure() {
            const startedAt = performance.now();
            const bare = await startBare('echo-server.ts');
            const took = performance.now() - startedAt;
            memory.bare = await kibPerLogger(bare.pid, bare.port, size.connections, null);
            bare.stop();
            return took;
          },
        },
      ],
    },
    {
      name: 'connection',
      what: `resident memory of a connected logger, with ${size.connections} of them`,
      unit: 'KiB',
      ours: async () => memory.ours,
      neighbours: [{ name: 'echo', what: 'of a bare TCP connection', measure: async () => memory.bare }],
    },
  ];
  return { measures, close: () => last.stop() };
}

async function kibPerLogger(pid: number, port: number, count: number, note: Note | null): Promise<number> {
  const loggers = Array.from({ length: count }, (_, i) => new BenchLogger(i));
  // The first of them bring code and buffers into memory that are there for all.
  const [few, many] = [loggers.slice(0, 50), loggers.slice(50)];
  const connect = (some: readonly BenchLogger[]): Promise<void> =>
    spread(some, { perSecond: 450, atOnce: 100 }, async (logger) => {
      await logger.connect(port);
      await logger.handshake();
    });
  await connect(few);
  const before = usageOf(pid).residentKiB;
  note?.('start_memory', before / 1024, 'resident memory after the start, with 50 loggers', 'MiB');
  await connect(many);
  const after = usageOf(pid).residentKiB;
  for (const logger of loggers) logger.close();
  return (after - before) / many.length;
}
