import { BenchLogger, spread } from '../bench-logger.ts';
import { percentile, postgresCpuS, usageOf } from '../rig.ts';
import type { Measure } from '../rounds.ts';
import { forSeconds, type Stage } from '../stage.ts';

/** Numbers far enough apart come from addresses of their own. */
const FIRST_FLUSHING = 3_000;
const ALL_AT_ONCE = { perSecond: 400, atOnce: 100 };

/** Connected loggers that send a frame as soon as the last is acknowledged; and some that come back with what they kept. */
export async function frameMeasures({ bench, echo, size }: Stage): Promise<Measure[]> {
  const loggers = Array.from({ length: size.loggers }, (_, i) => new BenchLogger(i));
  const bare = Array.from({ length: size.loggers }, (_, i) => new BenchLogger(i));
  const flushing = Array.from({ length: size.flushing * size.rounds }, (_, i) => new BenchLogger(FIRST_FLUSHING + i));
  const serials = [...loggers, ...flushing].map((logger) => String(logger.serial));
  await bench.addInverters('solarman', serials);
  await spread(loggers, ALL_AT_ONCE, async (logger) => {
    await logger.connect(bench.server.collectorPort);
    await logger.handshake();
  });
  await spread(bare, ALL_AT_ONCE, (logger) => logger.connect(echo.port));
  const firstS = Math.floor(Date.now() / 1000) - 3600;
  const sent = new Map<BenchLogger, number>();
  const send = async (logger: BenchLogger): Promise<void> => {
    const n = sent.get(logger) ?? 0;
    sent.set(logger, n + 1);
    await logger.exchange(logger.data(firstS + n * 10, 177_500 + 10 * n));
  };
  await forSeconds(loggers, size.seconds, send);
  const flush = async (group: readonly BenchLogger[], port: number): Promise<number> => {
    const startedAt = performance.now();
    const from = firstS - size.storedFrames * 300;
    await Promise.all(
      group.map(async (logger) => {
        await logger.connect(port);
        await logger.handshake();
        for (let n = 0; n < size.storedFrames; n++)
          await logger.exchange(logger.data(from + n * 300, 177_500 + 40 * n, true));
        logger.close();
      }),
    );
    return (group.length * size.storedFrames) / ((performance.now() - startedAt) / 1000);
  };
  const cpu = { ours: Number.NaN, bare: Number.NaN };
  return [
    {
      name: 'frames',
      what: 'data frames of a 2-input inverter, acknowledged after their COMMIT',
      unit: 'a second',
      async ours(note) {
        const latencies: number[] = [];
        const before = { server: usageOf(bench.server.pid).cpuS, postgres: postgresCpuS(bench.server.dataDir) };
        const rate = await forSeconds(loggers, size.seconds, async (logger) => {
          const sentAt = performance.now();
          await send(logger);
          latencies.push(performance.now() - sentAt);
        });
        const server = ((usageOf(bench.server.pid).cpuS - before.server) / latencies.length) * 1e6;
        const postgres = ((postgresCpuS(bench.server.dataDir) - before.postgres) / latencies.length) * 1e6;
        note('frame_server_cpu', server, 'processor a frame, program', 'µs');
        note('frame_postgres_cpu', postgres, 'processor a frame, PostgreSQL', 'µs');
        note('frame_p99', percentile(latencies, 0.99), 'from frame to acknowledgement, 99 of 100', 'ms');
        cpu.ours = server;
        return rate;
      },
      neighbours: [
        {
          name: 'echo',
          what: 'the same frames, answered by 23 bytes over bare TCP',
          async measure() {
            const frame = (bare[0] as BenchLogger).data(firstS, 177_500);
            const before = usageOf(echo.pid).cpuS;
            const startedAt = performance.now();
            const rate = await forSeconds(bare, size.seconds, (logger) => logger.exchange(frame));
            cpu.bare = ((usageOf(echo.pid).cpuS - before) / (rate * ((performance.now() - startedAt) / 1000))) * 1e6;
            return rate;
          },
        },
      ],
    },
    {
      name: 'frame_cpu',
      what: 'processor a frame, program alone',
      unit: 'µs',
      ours: async () => cpu.ours,
      neighbours: [{ name: 'echo', what: 'of the echo', measure: async () => cpu.bare }],
    },
    {
      name: 'flush',
      what: `stored frames of ${size.flushing} loggers that come back at once with ${size.storedFrames} each`,
      unit: 'a second',
      ours: () => flush(flushing.splice(0, size.flushing), bench.server.collectorPort),
      neighbours: [
        {
          name: 'echo',
          what: 'the same, answered over bare TCP',
          measure: () =>
            flush(
              bare.slice(0, size.flushing).map((_, i) => new BenchLogger(i)),
              echo.port,
            ),
        },
      ],
    },
  ];
}
