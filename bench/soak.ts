/**
 * The whole for an hour: a simulated fleet with every fault, before three servers and a database that are killed and restarted all
 * the while. What devices produced must be what is booked, and nothing may grow.
 * npm run soak -- [--minutes 60] [--devices 1000] [--seed 1] [--json FILE] [--docs]
 * npm run soak -- --from FILE [--docs]   tells again what an earlier run has written
 * DATABASE_URL (a superuser's, of an empty database that may be littered) takes the place of a built-in PostgreSQL; it is not restarted.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Bookkeeper } from '../src/simulate/books.ts';
import { DEFAULT_PLACE } from '../src/simulate/demo.ts';
import { FAULT_KINDS } from '../src/simulate/faults.ts';
import { createFleet, type FleetOptions } from '../src/simulate/fleet.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import { inject, planInjections } from './soak/injections.ts';
import { Readers } from './soak/readers.ts';
import { objections, type SoakReport, tablesOf, withTables } from './soak/report.ts';
import { openRig, type Rig } from './soak/rig.ts';
import { Watcher } from './soak/watcher.ts';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    devices: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
    docs: { type: 'boolean', default: false },
    from: { type: 'string' },
  },
});
const DOCS = new URL('../docs/reliability.md', import.meta.url);
const totalS = Number(options.minutes) * 60;
const devices = Number(options.devices);
const seed = Number(options.seed);
if (!(totalS >= 60) || !(devices >= 10)) throw new RangeError('--minutes from 1 on, --devices from 10 on');

/** A quarter of the devices are inverters behind a DTU, which has two and a half of them. */
const dtus = Math.max(1, Math.round(devices / 10));
const loggers = devices - Math.round(dtus * 2.5);
const intervalS = totalS >= 1200 ? 30 : 10;
/** About ten faults a device in an hour. */
const everyS = Math.max(6 * intervalS, totalS / 12);
/** How often each thing is done to servers and database. */
const rounds = Math.max(1, Math.round(totalS / 900));
const [READING, SLOW] = [5, 20];
const DRAIN_MS = 180_000;
/** Inverters whose books differ, told one by one on the console; the JSON has all of them. */
const MOST_TOLD = 20;
/** Longer than a sample waits for its date: one whose server was killed waits in the database, for up to ten minutes. */
const BOOKING_MS = 780_000;

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
process.once('SIGTERM', () => stop.abort());

const report = options.from === undefined ? await run() : readReport(await readFile(options.from, 'utf8'));
if (options.from !== undefined) console.log(tablesOf(report));
if (options.docs) await writeFile(DOCS, withTables(await readFile(DOCS, 'utf8'), report));
process.exitCode = objections(report).length === 0 ? 0 : 1;

async function run(): Promise<SoakReport> {
  const rig = await openRig(process.env['DATABASE_URL'] ?? null);
  try {
    const found = await soak(rig);
    // Before anything is stopped: a server that does not end well must not take an hour's figures with it.
    console.log(`\n${tablesOf(found)}`);
    for (const books of found.books.disagreeing.slice(0, MOST_TOLD)) console.log(JSON.stringify(books));
    if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(found, null, 2)}\n`);
    return found;
  } finally {
    await rig.close();
  }
}

function readReport(json: string): SoakReport {
  return JSON.parse(json) as SoakReport;
}

async function soak(rig: Rig): Promise<SoakReport> {
  const plan: FleetOptions = {
    seed,
    loggers,
    dtus,
    intervalS,
    collector: { host: '127.0.0.1', port: rig.collectorPort },
    http: { url: rig.url, apiKey: '' },
    speed: 1,
    place: DEFAULT_PLACE,
    // Anybody can run it at any hour
    alwaysDay: true,
    faults: { kinds: new Set(FAULT_KINDS), everyS },
    log: createLogger('error', { toStandardError: true }),
  };
  const { apiKey } = await rig.register(createFleet(plan).devices());
  const fleet = createFleet({ ...plan, http: { url: rig.url, apiKey } });
  const bookkeeper = new Bookkeeper(rig.steady.url, apiKey, fleet.tallies());
  await bookkeeper.open();
  const { pid } = rig.steady;
  const watcher = new Watcher({ pid, metricsUrl: rig.metricsUrl, databaseUrl: rig.databaseUrl, everyMs: 10_000 });
  const readers = new Readers(rig.steady.url, apiKey);

  const startedAt = new Date();
  console.log(`${startedAt.toISOString()}: ${fleet.devices().length} devices, ${totalS / 60} minutes`);
  fleet.start(stop.signal);
  watcher.start();
  readers.start(READING, SLOW, Math.min(300_000, (totalS * 1000) / 6));
  const telling = setInterval(() => tell(fleet.report().totals), 60_000);
  const [injections] = await Promise.all([
    inject(rig, planInjections(seed, totalS, rounds), stop.signal),
    sleep(totalS * 1000, undefined, { signal: stop.signal }).catch(() => undefined),
  ]);
  fleet.calm();
  const untilMs = Date.now() + DRAIN_MS;
  while (fleet.waiting() > 0 && Date.now() < untilMs) await sleep(500);
  const ranS = Math.round((Date.now() - startedAt.getTime()) / 1000);
  const { devices: each, ...sent } = await fleet.stop();
  clearInterval(telling);
  readers.stop();
  await watcher.stop();
  const books = await bookkeeper.close(BOOKING_MS);
  return {
    startedAt: startedAt.toISOString(),
    ranS,
    wasStopped: stop.signal.aborted,
    seed,
    devices: each.length,
    loggers,
    dtus,
    intervalS,
    node: process.version,
    injections,
    sent,
    readers: { reading: READING, bytesRead: readers.bytesRead, slow: SLOW, slowDropped: readers.slowDropped },
    books,
    looks: watcher.looks,
  };
}

function tell({
  samplesSent,
  samplesAcknowledged,
  samplesWaiting,
}: { [K in 'samplesSent' | 'samplesAcknowledged' | 'samplesWaiting']: number }): void {
  console.log(`${samplesSent} samples sent, ${samplesAcknowledged} acknowledged, ${samplesWaiting} waiting`);
}
