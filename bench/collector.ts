/**
 * What the collector bears: connected loggers and their memory, durable data frames a second, a reconnect storm with a flush of stored
 * frames. Beside it, in the same run, a bare TCP server that echoes: what the machine can do without us.
 * npm run bench:collector -- [--quick] [--json FILE] [--connections N] [--seconds S] [--storm N] [--stored-frames N] [--only-storm]
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { BenchLogger, spread } from './bench-logger.ts';
import { type Bench, openBench, percentile, postgresCpuS, usageOf } from './rig.ts';
import { startBare } from './stage.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    json: { type: 'string' },
    connections: { type: 'string' },
    seconds: { type: 'string' },
    storm: { type: 'string' },
    'stored-frames': { type: 'string' },
    'only-storm': { type: 'boolean' },
  },
});
const quick = options.quick === true;
const onlyStorm = options['only-storm'] === true;
const size = {
  connections: Number(options.connections ?? (quick ? 2_000 : 18_000)),
  seconds: Number(options.seconds ?? (quick ? 5 : 30)),
  storm: Number(options.storm ?? (quick ? 500 : 5_000)),
  storedFrames: Number(options['stored-frames'] ?? (quick ? 20 : 100)),
};
/** The collector lets in 500 a second over time. */
const CONNECTS_PER_S = 450;
/** What is asked for; a logger sends no more than a frame a second. */
const OFFERED_PER_S = 2_500;
const FRAME_EVERY_MS = Math.max(1_100, (size.connections / OFFERED_PER_S) * 1_000);
/** A real logger waits so long before it sends a frame again. */
const ANSWER_MS = 15_000;

const figures: Record<string, number> = {};
const note = (name: string, value: number, said: string): void => {
  figures[name] = Math.round(value * 100) / 100;
  console.log(`${said.padEnd(74)} ${figures[name].toLocaleString('en')}`);
};

const bench = await openBench();
try {
  const loggers = Array.from({ length: onlyStorm ? size.storm : size.connections }, (_, i) => new BenchLogger(i));
  const ids = await bench.addInverters(
    'solarman',
    loggers.map((logger) => String(logger.serial)),
  );
  if (!onlyStorm) {
    await measureConnections(bench, loggers);
    await measureFrames(bench, loggers);
    for (const logger of loggers) logger.close();
  }
  await measureStorm(bench, loggers.slice(0, size.storm), ids.slice(0, size.storm));
} finally {
  await bench.close();
}
if (!onlyStorm) {
  await measureEcho();
  figures['memory_vs_echo_ratio'] = ratio('kib_per_connection', 'echo_kib_per_connection');
  figures['frames_vs_echo_ratio'] = ratio('frames_per_s', 'echo_frames_per_s');
}
if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify({ figures }, null, 2)}\n`);

async function measureConnections({ server }: Bench, loggers: readonly BenchLogger[]): Promise<void> {
  const before = usageOf(server.pid).residentKiB;
  await spread(loggers, { perSecond: CONNECTS_PER_S, atOnce: 500 }, async (logger) => {
    await logger.connect(server.collectorPort);
    await logger.handshake();
  });
  const { residentKiB } = usageOf(server.pid);
  note('connections', loggers.length, 'loggers connected at once, each after its handshake');
  note('kib_per_connection', (residentKiB - before) / loggers.length, 'KiB of resident memory a connected logger');
  note('server_mib', residentKiB / 1024, 'MiB of resident memory in all');
}

/** Each logger a frame a second at most, each waiting for its acknowledgement, which comes after the COMMIT. */
async function measureFrames({ server, owner }: Bench, loggers: readonly BenchLogger[]): Promise<void> {
  const startS = Math.floor(Date.now() / 1000) - 3600;
  const latencies: number[] = [];
  let resent = 0;
  const cpu = { server: usageOf(server.pid).cpuS, postgres: postgresCpuS(server.dataDir) };
  const startedAt = performance.now();
  const until = startedAt + size.seconds * 1000;
  await Promise.all(
    loggers.map(async (logger, i) => {
      await pause((i / loggers.length) * FRAME_EVERY_MS);
      for (let n = 0; performance.now() < until; n++) {
        const sentAt = performance.now();
        const frame = logger.data(startS + n * 60, 177_500 + 10 * n);
        while (!(await isAcknowledged(logger, frame, server.collectorPort))) resent++;
        latencies.push(performance.now() - sentAt);
        await pause(FRAME_EVERY_MS - (performance.now() - sentAt));
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  note('frames_per_s', latencies.length / seconds, 'data frames a second, acknowledged after their COMMIT');
  note('frames_resent', resent, 'frames sent again because no acknowledgement came in time');
  note('frame_p50_ms', percentile(latencies, 0.5), 'ms from frame to acknowledgement, median');
  note('frame_p99_ms', percentile(latencies, 0.99), 'ms from frame to acknowledgement, 99 of 100');
  const perFrame = (used: number): number => (used / latencies.length) * 1e6;
  note('server_us_per_frame', perFrame(usageOf(server.pid).cpuS - cpu.server), 'µs of processor a frame, program');
  note(
    'postgres_us_per_frame',
    perFrame(postgresCpuS(server.dataDir) - cpu.postgres),
    'µs of processor a frame, PostgreSQL',
  );
  const { rows } = await owner((client) =>
    client.query<{ n: number }>('SELECT count(*)::int AS n FROM store.ac_sample'),
  );
  expect('samples found of those acknowledged', rows[0]?.n, latencies.length);
}

/** Everybody comes back within ten seconds, and brings what was measured meanwhile. */
async function measureStorm(
  { server, owner }: Bench,
  loggers: readonly BenchLogger[],
  ids: readonly number[],
): Promise<void> {
  await owner((client) =>
    client.query('TRUNCATE store.ac_sample, store.dc_sample, store.energy_15m, store.counter, store.late_sample'),
  );
  const nowS = Math.floor(Date.now() / 1000);
  const firstS = nowS - size.storedFrames * 300;
  const totalWh = (n: number): number => 177_500 + 40 * n;
  let retries = 0;
  let resent = 0;
  let acknowledged = 0;
  const cpu = { server: usageOf(server.pid).cpuS, postgres: postgresCpuS(server.dataDir) };
  const startedAt = performance.now();
  let connectedAt = 0;
  let connected = 0;
  const frames = loggers.length * (size.storedFrames + 1);
  const progress = setInterval(() => {
    const perS = acknowledged / ((performance.now() - startedAt) / 1000);
    console.error(
      `… ${acknowledged.toLocaleString('en')} of ${frames.toLocaleString('en')}, ${Math.round(perS)} a second`,
    );
  }, 15_000);
  await Promise.all(
    loggers.map(async (logger, i) => {
      await pause((i / loggers.length) * 10_000);
      let isBack = false;
      for (let n = 0; n <= size.storedFrames; ) {
        try {
          if (n === 0 || !logger.isConnected) {
            await logger.connect(server.collectorPort);
            await logger.handshake();
            if (!isBack && ++connected === loggers.length) connectedAt = performance.now();
            isBack = true;
          }
          const frame = logger.data(firstS + n * 300, totalWh(n), n < size.storedFrames);
          while (!(await answered(logger.exchange(frame)))) resent++;
          acknowledged++;
          n++;
        } catch {
          // Refused or cut, as a storm does: a logger comes back.
          retries++;
          await pause(1_000);
        }
      }
    }),
  ).finally(() => clearInterval(progress));
  const seconds = (performance.now() - startedAt) / 1000;
  note(
    'storm_connected_s',
    (connectedAt - startedAt) / 1000,
    `s until ${loggers.length} loggers were back, dialling within 10 s`,
  );
  note('storm_frames_per_s', frames / seconds, `frames a second while each flushed ${size.storedFrames} stored ones`);
  note('storm_resent', resent, 'frames sent again because no acknowledgement came in time');
  note('storm_retries', retries, 'connections refused or cut on the way, all made up for');
  const perFrame = (used: number): number => (used / acknowledged) * 1e6;
  note(
    'storm_server_us_per_frame',
    perFrame(usageOf(server.pid).cpuS - cpu.server),
    'µs of processor a stored frame, program',
  );
  note(
    'storm_postgres_us_per_frame',
    perFrame(postgresCpuS(server.dataDir) - cpu.postgres),
    'µs of processor a stored frame, PostgreSQL',
  );
  expect('frames acknowledged in the storm', acknowledged, frames);
  const { rows } = await owner((client) =>
    client.query<{ samples: number; late: number; wrong: number }>(
      `SELECT (SELECT count(*)::int FROM store.ac_sample) AS samples,
              (SELECT count(*)::int FROM store.late_sample) AS late,
              (SELECT count(*)::int FROM store.counter WHERE inverter_id = ANY ($1)
                 AND first_good_wh[1] + booked_wh[1] IS DISTINCT FROM $2) AS wrong`,
      [ids, Math.floor(totalWh(size.storedFrames) / 100) * 100],
    ),
  );
  expect('samples found after the storm', rows[0]?.samples, frames);
  expect('samples whose energy is not booked yet', rows[0]?.late, 0);
  expect('inverters with a wrong energy total', rows[0]?.wrong, 0);
  for (const logger of loggers) logger.close();
}

async function measureEcho(): Promise<void> {
  const { port, pid, stop } = await startBare('echo-server.ts');
  try {
    const loggers = Array.from({ length: size.connections }, (_, i) => new BenchLogger(i));
    const before = usageOf(pid).residentKiB;
    await spread(loggers, { perSecond: 5_000, atOnce: 500 }, async (logger) => {
      await logger.connect(port);
      await logger.handshake();
    });
    note(
      'echo_kib_per_connection',
      (usageOf(pid).residentKiB - before) / loggers.length,
      'bare TCP: KiB of resident memory a connection',
    );
    let frames = 0;
    const until = performance.now() + 5_000;
    const frame = (loggers[0] as BenchLogger).data(Math.floor(Date.now() / 1000), 177_500);
    await Promise.all(
      loggers.slice(0, 500).map(async (logger) => {
        for (; performance.now() < until; frames++) await logger.exchange(frame);
      }),
    );
    note('echo_frames_per_s', frames / 5, 'bare TCP: frames a second answered by 23 bytes, nothing else');
    for (const logger of loggers) logger.close();
  } finally {
    stop();
  }
}

function ratio(ours: string, theirs: string): number {
  return Math.round(((figures[ours] ?? Number.NaN) / (figures[theirs] ?? Number.NaN)) * 1000) / 1000;
}

function expect(what: string, found: number | undefined, expected: number): void {
  console.log(`${what.padEnd(74)} ${found ?? 'none'} of ${expected}${found === expected ? '' : '   <-- WRONG'}`);
  if (found !== expected) process.exitCode = 1;
}

/** False when no answer came in time, or the connection was cut: then it is there again. */
async function isAcknowledged(logger: BenchLogger, frame: Buffer, port: number): Promise<boolean> {
  try {
    return await answered(logger.exchange(frame));
  } catch {
    await logger.connect(port);
    await logger.handshake();
    return false;
  }
}

/** False when no answer came in time. @throws when the connection was cut */
async function answered(exchange: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ANSWER_MS);
  });
  const result = await Promise.race([exchange.then(() => true), late]);
  clearTimeout(timer);
  return result;
}

async function pause(ms: number): Promise<void> {
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
}
