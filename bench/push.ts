/**
 * What the push route bears: pushes of a four-input inverter a second, durable before their answer; ten times that; and afterwards.
 * Beside it, in the same run and on the same database, what one connection does without HTTP: the same flushes replayed, and their
 * samples alone.
 * npm run bench:push -- [--quick] [--json FILE] [--rate N] [--seconds S] [--only-overload]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { fourInputs, HttpDevice } from './http-device.ts';
import type { Offered, Order } from './push-load.ts';
import { makeFlushes, record, replay, samplesAlone } from './replay.ts';
import { type Bench, openBench, percentile, postgresCpuS, usageOf } from './rig.ts';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    json: { type: 'string' },
    rate: { type: 'string' },
    seconds: { type: 'string' },
    'only-overload': { type: 'boolean' },
  },
});
const quick = options.quick === true;
const onlyOverload = options['only-overload'] === true;
const size = {
  rate: Number(options.rate ?? (quick ? 400 : 1_500)),
  seconds: Number(options.seconds ?? (quick ? 5 : 60)),
};
/** As many times the devices, each a push a second too. */
const OVERLOAD = 10;
/** A push of each device is of the minute after its last. */
const STEP_S = 60;
/** A device's day begins with the first of these pushes; what that costs is told by itself. */
const SETTLE_S = quick ? 2 : 10;
const FLAT_OUT_S = quick ? 3 : 15;
/** Normal again: as the pushes of the ordinary rate are asked to be. */
const NORMAL_P99_MS = 250;
const AFTERWARDS_S = 10;

/**
 * What the counters of the devices have come to: each part of the run begins where the one before ended, as a counter does that rests over
 * night. Counters that fell would be held back and taken up anew, all at once.
 */
const steps = new Map<string, number>();
let furthestStep = 0;
/** @param n which push of this part it is */
function nextStep({ serial }: HttpDevice, n: number): number {
  const last = steps.get(serial) ?? 0;
  const next = n === 0 ? last : last + 1;
  steps.set(serial, next);
  furthestStep = Math.max(furthestStep, next);
  return next;
}

const figures: Record<string, number | null> = {};
/** @param value null where there is none, as of what never came */
const note = (name: string, value: number | null, said: string): void => {
  const rounded = value === null ? null : Math.round(value * 100) / 100;
  figures[name] = rounded;
  console.log(`${said.padEnd(78)} ${rounded === null ? 'never' : rounded.toLocaleString('en')}`);
};

const bench = await openBench();
try {
  const serials = Array.from({ length: OVERLOAD * size.rate }, (_, i) => `1161${String(i).padStart(8, '0')}`);
  const ids = await bench.addInverters('opendtu', serials);
  const usual = serials.slice(0, size.rate);
  const devices = usual.map((serial) => new HttpDevice(serial, bench.server.httpPort, bench.apiKey));
  await warmUp(devices);
  if (!onlyOverload) {
    await sustain(bench, devices);
    await flatOut(devices);
  }
  for (const device of devices) device.close();
  await overload(bench, serials);
  if (!onlyOverload) await replayed(bench, usual, ids.slice(0, size.rate));
} finally {
  await bench.close();
}
if (!onlyOverload) {
  // By what it can, as opposed to what was asked of it.
  figures['push_vs_bare_insert_ratio'] = ratio('most_per_s', 'replayed_per_s');
  figures['push_vs_samples_alone_ratio'] = ratio('most_per_s', 'samples_alone_per_s');
  for (const name of ['push_vs_bare_insert_ratio', 'push_vs_samples_alone_ratio'])
    console.log(`${name.padEnd(78)} ${figures[name]}`);
}
if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify({ figures }, null, 2)}\n`);

/** A program that has just started is translated while it runs. */
async function warmUp(devices: readonly HttpDevice[]): Promise<void> {
  const firstS = daysAgoS(5);
  const until = performance.now() + (quick ? 4_000 : 10_000);
  await Promise.all(
    devices.map(async (device) => {
      for (let n = 0; performance.now() < until; n++)
        await device.push(fourInputs(device.serial, firstS + n * STEP_S, nextStep(device, n)));
    }),
  );
}

/** Each device a push a second by the clock, not before its last was answered; counted once all of them have settled. */
async function sustain({ server, owner }: Bench, devices: readonly HttpDevice[]): Promise<void> {
  const firstS = daysAgoS(4);
  const settling: number[] = [];
  const latencies: number[] = [];
  const statuses = new Map<number, number>();
  const cpu = { server: usageOf(server.pid).cpuS, postgres: postgresCpuS(server.dataDir), own: process.cpuUsage() };
  const startedAt = performance.now();
  const from = startedAt + SETTLE_S * 1000;
  const until = from + size.seconds * 1000;
  let counted = 0;
  await Promise.all(
    devices.map(async (device, i) => {
      const firstAt = startedAt + (i / devices.length) * 1000;
      for (let n = 0; Math.max(firstAt + n * 1000, performance.now()) < until; n++) {
        await pause(firstAt + n * 1000 - performance.now());
        const sentAt = performance.now();
        const status = await device.push(fourInputs(device.serial, firstS + n * STEP_S, nextStep(device, n)));
        (sentAt < from ? settling : latencies).push(performance.now() - sentAt);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status === 201 && sentAt >= from) counted++;
      }
    }),
  );
  const stored = statuses.get(201) ?? 0;
  const pushes = settling.length + latencies.length;
  note('pushes_per_s', counted / size.seconds, 'pushes of a 4-input inverter a second, answered after their COMMIT');
  note('push_p50_ms', percentile(latencies, 0.5), 'ms from push to answer, median');
  note('push_p99_ms', percentile(latencies, 0.99), 'ms from push to answer, 99 of 100');
  const said = `ms from push to answer in the ${SETTLE_S} s before, in which each device's day begins, 99 of 100`;
  note('push_settling_p99_ms', percentile(settling, 0.99), said);
  note('pushes_refused', pushes - stored, 'pushes not stored');
  tellOthers(statuses, [201]);
  const perPush = (used: number): number => (used / pushes) * 1e6;
  note('server_us_per_push', perPush(usageOf(server.pid).cpuS - cpu.server), 'µs of processor a push, program');
  note(
    'postgres_us_per_push',
    perPush(postgresCpuS(server.dataDir) - cpu.postgres),
    'µs of processor a push, PostgreSQL',
  );
  const own = process.cpuUsage(cpu.own);
  note('generator_us_per_push', perPush((own.user + own.system) / 1e6), 'µs of processor a push, what sends them');
  const { rows } = await owner((client) =>
    client.query<{ ac: number; dc: number }>(
      `SELECT (SELECT count(*)::int FROM store.ac_sample WHERE ts >= to_timestamp($1)) AS ac,
              (SELECT count(*)::int FROM store.dc_sample WHERE ts >= to_timestamp($1)) AS dc`,
      [firstS],
    ),
  );
  expect('samples and inputs found of those acknowledged', [rows[0]?.ac, rows[0]?.dc], [stored, 4 * stored]);
}

/** As much as it can: each device sends the next as soon as the last was answered. */
async function flatOut(devices: readonly HttpDevice[]): Promise<void> {
  const firstS = daysAgoS(3.5);
  const startedAt = performance.now();
  const from = startedAt + SETTLE_S * 1000;
  const until = from + FLAT_OUT_S * 1000;
  let counted = 0;
  await Promise.all(
    devices.map(async (device) => {
      for (let n = 0; performance.now() < until; n++) {
        const status = await device.push(fourInputs(device.serial, firstS + n * STEP_S, nextStep(device, n)));
        const endedAt = performance.now();
        if (status === 201 && endedAt >= from && endedAt < until) counted++;
      }
    }),
  );
  note(
    'most_per_s',
    counted / FLAT_OUT_S,
    'pushes a second, when each device sends the next as soon as it is answered',
  );
}

/** Ten times as many devices push when their turn comes, whatever becomes of it; then as many as before. */
async function overload({ server, owner, apiKey }: Bench, serials: readonly string[]): Promise<void> {
  const load = startLoad();
  let mostKiB = 0;
  const watch = setInterval(() => {
    mostKiB = Math.max(mostKiB, usageOf(server.pid).residentKiB);
  }, 200);
  try {
    note('overload_before_mib', usageOf(server.pid).residentKiB / 1024, 'MiB of resident memory before');
    const connected = await load.ask<number>({ do: 'connect', port: server.httpPort, apiKey, serials });
    note('overload_devices', connected, `devices connected, of ${serials.length}`);
    note('overload_connected_mib', usageOf(server.pid).residentKiB / 1024, 'MiB of resident memory with all of them');
    const firstS = daysAgoS(3);
    const cpu = { server: usageOf(server.pid).cpuS, postgres: postgresCpuS(server.dataDir) };
    const { seconds, rate } = size;
    const asked = { devices: connected, perS: OVERLOAD * rate, seconds, firstS, firstStep: furthestStep };
    const found = await load.ask<Offered>({ do: 'offer', ...asked });
    furthestStep += seconds + 1;
    const used = {
      server: usageOf(server.pid).cpuS - cpu.server,
      postgres: postgresCpuS(server.dataDir) - cpu.postgres,
    };
    const stored = found.statuses[201] ?? 0;
    const unanswered = Object.values(found.unanswered).reduce((sum, n) => sum + n, 0);
    note('overload_offered_per_s', found.sent / seconds, `pushes a second offered, of ${OVERLOAD * rate} meant`);
    note('overload_missed_per_s', found.missed / seconds, 'not sent, as their device still waited for its last answer');
    note('overload_late_per_s', found.late / seconds, 'not sent, as the generator had no time');
    note('overload_stored_per_s', stored / seconds, 'stored, of those offered');
    note('overload_shed_per_s', (found.statuses[503] ?? 0) / seconds, 'told to come again (503), of those offered');
    note('overload_unanswered', unanswered, 'pushes without an answer, in all');
    note('overload_stored_p50_ms', found.storedP50Ms, 'ms from push to answer of those stored, median');
    note('overload_stored_p99_ms', found.storedP99Ms, 'ms from push to answer of those stored, 99 of 100');
    note('overload_shed_p99_ms', found.shedP99Ms, 'ms from push to answer of those told to come again, 99 of 100');
    note('overload_server_cpu', used.server / seconds, 'processors used by the program');
    note('overload_postgres_cpu', used.postgres / seconds, 'processors used by PostgreSQL');
    note('overload_generator_cpu', found.cpuS / seconds, 'processors used by the generator');
    if (unanswered > 0) console.log('without an answer:', found.unanswered);
    tellOthers(new Map(Object.entries(found.statuses).map(([status, n]) => [Number(status), n])), [201, 503]);
    expect('pushes told to come again, but not when', found.shedWithoutRetryAfter, 0);
    await recover(load, firstS);
    note('overload_peak_mib', mostKiB / 1024, 'MiB of resident memory at most meanwhile');
    const { rows } = await owner((client) =>
      client.query<{ ac: number }>(
        'SELECT count(*)::int AS ac FROM store.ac_sample WHERE ts >= to_timestamp($1) AND ts < to_timestamp($2)',
        [firstS, firstS + 24 * 3600],
      ),
    );
    // What was not answered may or may not have been stored.
    const kept = rows[0]?.ac ?? 0;
    expect('overload leaves time to store', stored > 0, true);
    expect('samples of overload that are lost', Math.max(0, stored - kept), 0);
    expect('samples of overload nobody was told of', Math.max(0, kept - stored - unanswered), 0);
  } finally {
    clearInterval(watch);
    load.stop();
  }
}

/** The ordinary rate right after: how soon it is as before. */
async function recover(load: Load, overloadFirstS: number): Promise<void> {
  // Days later, as each part of the run.
  const firstS = overloadFirstS + 2 * 24 * 3600;
  const asked = { devices: size.rate, perS: size.rate, seconds: AFTERWARDS_S, firstS, firstStep: furthestStep };
  const found = await load.ask<Offered>({ do: 'offer', ...asked });
  const isNormal = ({ sent, stored, p99Ms }: Offered['seconds'][number]): boolean =>
    stored === sent && p99Ms < NORMAL_P99_MS;
  const bad = found.seconds.findLastIndex((second) => !isNormal(second));
  // The last second is bad, or nothing was measured in it.
  const isRecovered = bad < found.seconds.length - 1;
  note(
    'recovered_s',
    isRecovered ? bad + 1 : null,
    `s until all were stored again, 99 of 100 within ${NORMAL_P99_MS} ms`,
  );
  note('recovered_p99_ms', found.storedP99Ms, `ms from push to answer in the ${AFTERWARDS_S} s afterwards, 99 of 100`);
  note('recovered_refused', found.sent - (found.statuses[201] ?? 0), 'pushes not stored in these');
}

interface Load {
  ask<T>(order: Order): Promise<T>;
  stop(): void;
}

function startLoad(): Load {
  const child = fork(new URL('push-load.ts', import.meta.url), { execArgv: ['--import', import.meta.resolve('tsx')] });
  return {
    async ask<T>(order: Order) {
      child.send(order);
      const [answer] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [T];
      if (child.exitCode !== null || child.signalCode !== null) throw new Error('the generator has ended');
      return answer;
    },
    stop: () => child.kill(),
  };
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
