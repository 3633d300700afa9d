/**
 * What the push route bears: pushes of a four-input inverter a second, durable before their answer; ten times that; and afterwards.
 * Beside it, in the same run and on the same database, what one connection does without HTTP: the same flushes replayed, and their
 * samples alone.
 * npm run bench:push -- [--quick] [--json FILE] [--rate N] [--seconds S]
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { fourInputs, HttpDevice } from './http-device.ts';
import { makeFlushes, record, replay, samplesAlone } from './replay.ts';
import { type Bench, openBench, percentile, postgresCpuS, usageOf } from './rig.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    json: { type: 'string' },
    rate: { type: 'string' },
    seconds: { type: 'string' },
  },
});
const quick = options.quick === true;
const size = {
  rate: Number(options.rate ?? (quick ? 400 : 1_500)),
  seconds: Number(options.seconds ?? (quick ? 5 : 60)),
  /** Under overload each device pushes as soon as it is answered. */
  overloadDevices: quick ? 1_000 : 6_000,
};
/** A push of each device is of the minute after its last. */
const STEP_S = 60;
const CONNECTING_MS = 3_000;

const figures: Record<string, number> = {};
const note = (name: string, value: number, said: string): void => {
  figures[name] = Math.round(value * 100) / 100;
  console.log(`${said.padEnd(78)} ${figures[name].toLocaleString('en')}`);
};

const bench = await openBench();
try {
  const serials = Array.from(
    { length: Math.max(size.rate, size.overloadDevices) },
    (_, i) => `1161${String(i).padStart(8, '0')}`,
  );
  const ids = await bench.addInverters('opendtu', serials);
  const devices = serials.map((serial) => new HttpDevice(serial, bench.server.httpPort, bench.apiKey));
  await warmUp(devices.slice(0, size.rate));
  await sustain(bench, devices.slice(0, size.rate));
  await overload(bench, devices.slice(0, size.overloadDevices));
  for (const device of devices) device.close();
  await replayed(bench, serials.slice(0, size.rate), ids);
} finally {
  await bench.close();
}
// What it can, as opposed to what was asked of it.
figures['most_per_s'] = Math.max(figures['pushes_per_s'] ?? 0, figures['overload_stored_per_s'] ?? 0);
figures['push_vs_bare_insert_ratio'] = ratio('most_per_s', 'replayed_per_s');
figures['push_vs_samples_alone_ratio'] = ratio('most_per_s', 'samples_alone_per_s');
for (const name of ['push_vs_bare_insert_ratio', 'push_vs_samples_alone_ratio'])
  console.log(`${name.padEnd(78)} ${figures[name]}`);
if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify({ figures }, null, 2)}\n`);

/** A program that has just started is translated while it runs. */
async function warmUp(devices: readonly HttpDevice[]): Promise<void> {
  const firstS = daysAgoS(5);
  const until = performance.now() + (quick ? 4_000 : 10_000);
  await Promise.all(
    devices.map(async (device) => {
      for (let n = 0; performance.now() < until; n++)
        await device.push(fourInputs(device.serial, firstS + n * STEP_S, n));
    }),
  );
}

/** Each device a push a second, not before its last was answered. */
async function sustain({ server, owner }: Bench, devices: readonly HttpDevice[]): Promise<void> {
  const firstS = daysAgoS(4);
  const latencies: number[] = [];
  const statuses = new Map<number, number>();
  const cpu = { server: usageOf(server.pid).cpuS, postgres: postgresCpuS(server.dataDir) };
  const startedAt = performance.now();
  const until = startedAt + size.seconds * 1000;
  await Promise.all(
    devices.map(async (device, i) => {
      await pause((i / devices.length) * 1000);
      for (let n = 0; performance.now() < until; n++) {
        const sentAt = performance.now();
        const status = await device.push(fourInputs(device.serial, firstS + n * STEP_S, n));
        latencies.push(performance.now() - sentAt);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        await pause(1000 - (performance.now() - sentAt));
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  const stored = statuses.get(201) ?? 0;
  note('pushes_per_s', stored / seconds, 'pushes of a 4-input inverter a second, answered after their COMMIT');
  note('push_p50_ms', percentile(latencies, 0.5), 'ms from push to answer, median');
  note('push_p99_ms', percentile(latencies, 0.99), 'ms from push to answer, 99 of 100');
  note('pushes_refused', latencies.length - stored, 'pushes not stored');
  tellOthers(statuses, [201]);
  const perPush = (used: number): number => (used / latencies.length) * 1e6;
  note('server_us_per_push', perPush(usageOf(server.pid).cpuS - cpu.server), 'µs of processor a push, program');
  note(
    'postgres_us_per_push',
    perPush(postgresCpuS(server.dataDir) - cpu.postgres),
    'µs of processor a push, PostgreSQL',
  );
  const { rows } = await owner((client) =>
    client.query<{ ac: number; dc: number }>(
      `SELECT (SELECT count(*)::int FROM store.ac_sample WHERE ts >= to_timestamp($1)) AS ac,
              (SELECT count(*)::int FROM store.dc_sample WHERE ts >= to_timestamp($1)) AS dc`,
      [firstS],
    ),
  );
  expect('samples and inputs found of those acknowledged', [rows[0]?.ac, rows[0]?.dc], [stored, 4 * stored]);
}

/** As fast as they are answered, from many more devices; then the ordinary rate again. */
async function overload({ server }: Bench, devices: readonly HttpDevice[]): Promise<void> {
  const firstS = daysAgoS(3);
  const statuses = new Map<number, number>();
  let mostKiB = 0;
  const watch = setInterval(() => {
    mostKiB = Math.max(mostKiB, usageOf(server.pid).residentKiB);
  }, 200);
  const overloadS = CONNECTING_MS / 1000 + size.seconds;
  const until = performance.now() + overloadS * 1000;
  await Promise.all(
    devices.map(async (device, i) => {
      // Whoever opens thousands of connections in one moment measures the kernel's queue for them.
      await pause((i / devices.length) * CONNECTING_MS);
      for (let n = 0; performance.now() < until; n++) {
        const status = await device.push(fourInputs(device.serial, firstS + n * STEP_S, n));
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status !== 201) await pause(100);
      }
    }),
  );
  clearInterval(watch);
  const all = [...statuses.values()].reduce((sum, n) => sum + n, 0);
  note('overload_offered_per_s', all / overloadS, 'pushes a second offered under overload');
  note('overload_stored_per_s', (statuses.get(201) ?? 0) / overloadS, 'of these stored');
  note('overload_shed_per_s', (statuses.get(503) ?? 0) / overloadS, 'of these told to come again (503)');
  note('overload_peak_mib', mostKiB / 1024, 'MiB of resident memory at most meanwhile');
  tellOthers(statuses, [201, 503]);

  const after: number[] = [];
  const some = devices.slice(0, Math.max(1, Math.round(size.rate / 5)));
  for (let n = 0; n < 5; n++) {
    await Promise.all(
      some.map(async (device) => {
        const sentAt = performance.now();
        const status = await device.push(fourInputs(device.serial, daysAgoS(0.1) + n * STEP_S, n));
        if (status === 201) after.push(performance.now() - sentAt);
      }),
    );
  }
  note('recovered_p99_ms', percentile(after, 0.99), 'ms from push to answer afterwards, 99 of 100');
  expect('pushes stored afterwards', after.length, 5 * some.length);
}

/** The same samples through one connection: flushes prepared beforehand and replayed, and only their samples. */
async function replayed({ owner, userId }: Bench, serials: readonly string[], ids: readonly number[]): Promise<void> {
  const rounds = Math.min(size.seconds, 10);
  const firstS = Math.floor(Date.now() / 1000) - (rounds + 10) * STEP_S;
  await owner(async (client) => {
    const whole = await record(client, makeFlushes({ serials, ids, userId }, { rounds, firstS, stepS: STEP_S }));
    const said = 'pushes a second: the same flushes, prepared, one connection';
    note('replayed_per_s', await replay(client, whole), said);
    const alone = await replay(client, samplesAlone(whole));
    note('samples_alone_per_s', alone, 'pushes a second: only their samples');
  });
}

function ratio(a: string, b: string): number {
  return Math.round(((figures[a] ?? Number.NaN) / (figures[b] ?? Number.NaN)) * 1000) / 1000;
}

/** Answers that are not among the usual; 0 is none at all. */
function tellOthers(statuses: ReadonlyMap<number, number>, usual: readonly number[]): void {
  const others = [...statuses].filter(([status]) => !usual.includes(status));
  if (others.length > 0) console.log(`other answers: ${others.map(([status, n]) => `${status} × ${n}`).join(', ')}`);
}

function expect(what: string, found: unknown, expected: unknown): void {
  if (JSON.stringify(found) === JSON.stringify(expected)) return;
  console.error(`${what}: ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`);
  process.exitCode = 1;
}

/** Each part of the run measures days of its own, later than those before, so that nothing of it comes late. */
function daysAgoS(days: number): number {
  return Math.floor(Date.now() / 1000 - days * 24 * 3600);
}

function pause(ms: number): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}
