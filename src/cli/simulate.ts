import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Bookkeeper, type Books } from '../simulate/books.ts';
import { DEFAULT_PLACE } from '../simulate/demo.ts';
import { FAULT_KINDS, faultKinds } from '../simulate/faults.ts';
import { createFleet, type Fleet } from '../simulate/fleet.ts';
import type { FleetReport } from '../simulate/report.ts';
import { createLogger } from '../telemetry/logger.ts';
import { type CommandIo, EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './commands.ts';
import { deviceLine, isWrong, printBooks, printReport } from './simulate-report.ts';

const USAGE = `deye-hard simulate [--loggers N] [--dtus N] [--interval S] [--duration S] [--speed X] [--history-days D] [--seed N]
       [--faults LIST] [--fault-every S] [--http URL] [--collector HOST:PORT] [--api-key K] [--always-day] [--json]`;

const HELP = `${USAGE}

A virtual fleet that speaks the real protocols: Deye microinverters over TCP frames, OpenDTU over HTTP pushes. It prints its serial
numbers first, so that they can be registered, and at the end what it has sent, what was acknowledged and the energy a server must have
booked; with a key that may read, also what the server has booked and stored. The same seed gives the same fleet under the same clouds,
with the same faults.

--loggers N         Deye microinverters with their loggers (2)
--dtus N            OpenDTUs with one to four inverters each (1 with --api-key, else 0)
--interval S        seconds between two samples of a device (60)
--duration S        ends after so many seconds; 0 only prints the serial numbers (until stopped)
--speed X           time runs X times faster; it begins in the past, so as to meet the present when --duration ends (1)
--history-days D    first sends the D days before, one sample in five minutes, as stored frames and pushes with their own times (0).
                    A collector takes 200 frames of a logger at once and one a second after that: a day in two minutes
--seed N            another fleet, another weather (1)
--faults LIST       what goes wrong on purpose: all, or some of ${FAULT_KINDS.join(', ')} (nothing)
--fault-every S     seconds between two faults of a device, in its own time; at least six intervals (1800)
--http URL          the server, or its push route (http://localhost:8000)
--collector H:P     where the loggers dial (127.0.0.1:10000). Beside a collector on 127.0.0.1, more than 150 loggers come from several
                    local addresses; elsewhere mind COLLECTOR_MAX_PER_ADDRESS
--api-key K         for the pushes, and to ask at the end (scope full: what push keys may not read is not asked)
--always-day        the sun stays near noon, at any hour. Not for comparing with real days
--json              two lines: {"devices":[…]} at once and {"report":{…},"books":{…}} at the end; books is null when nobody was asked

Exits with 1 when a device that had something to say was never acknowledged, when an answer was not what the protocol demands, and when
the server's books are not exactly those of the devices: every acknowledged sample there once, and every watt-hour that their counters
tell. (More may be booked only where a sample arrived whose answer did not.)`;

const DAY_S = 86_400;
const PROGRESS_MS = 10_000;
/** So long the last samples may take on their way, after nothing goes wrong any more. */
const DRAIN_MS = 90_000;
/** Late samples are booked by a job, within a minute. */
const BOOKING_MS = 150_000;

/** The part of a command's context that this one needs: no database, no configuration. */
type Io = Pick<CommandIo, 'out' | 'err'>;

/** @returns the exit code: 0 done, 1 something was not acknowledged, 2 wrong usage */
export async function simulate(args: string[], io: Io, signal: AbortSignal): Promise<number> {
  let options: Options;
  let fleet: Fleet;
  try {
    options = readOptions(args);
    if (options.help) {
      io.out(HELP);
      return EXIT_OK;
    }
    fleet = createFleet({ ...options, place: DEFAULT_PLACE, log: createLogger('warn', { toStandardError: true }) });
  } catch (error) {
    if (!isUsageError(error)) throw error;
    io.err(`${error.message}\n${USAGE}`);
    return EXIT_USAGE;
  }
  const devices = fleet.devices();
  if (options.json) io.out(JSON.stringify({ devices }));
  else for (const device of devices) io.out(deviceLine(device));
  const bookkeeper = await openBooks(options, fleet, io);
  const report = await run(fleet, options, io, signal);
  const books = await closeBooks(bookkeeper, io, signal);
  if (options.json) io.out(JSON.stringify({ report, books }));
  else {
    if (books !== null) printBooks(books, io);
    printReport(report, io);
  }
  return isWrong(report, books) ? EXIT_FAILED : EXIT_OK;
}

/** Null when there is nobody to ask, or when whoever is asked does not tell: then the run is as good as without. */
async function openBooks({ http, durationS }: Options, fleet: Fleet, io: Io): Promise<Bookkeeper | null> {
  if (http === null || durationS === 0) return null;
  const bookkeeper = new Bookkeeper(http.url, http.apiKey, fleet.tallies());
  return (await told(() => bookkeeper.open(), io)) === null ? null : bookkeeper;
}

async function closeBooks(bookkeeper: Bookkeeper | null, io: Io, signal: AbortSignal): Promise<Books | null> {
  return bookkeeper === null ? null : told(() => bookkeeper.close(BOOKING_MS, signal), io);
}

async function told<T>(ask: () => Promise<T>, io: Io): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    io.err(`The server does not say what it has booked: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

async function run(fleet: Fleet, { durationS, faults }: Options, io: Io, signal: AbortSignal): Promise<FleetReport> {
  const startedMs = Date.now();
  fleet.start(signal);
  const tell = () => {
    const { samplesSent, samplesAcknowledged, samplesRefused } = fleet.report().totals;
    const seconds = Math.round((Date.now() - startedMs) / 1000);
    io.err(`${seconds} s: ${samplesSent} samples sent, ${samplesAcknowledged} acknowledged, ${samplesRefused} refused`);
  };
  const progress = process.stderr.isTTY ? setInterval(tell, PROGRESS_MS) : undefined;
  try {
    await waitFor(durationS, signal);
    if (faults !== null && durationS !== 0) await drain(fleet, signal);
  } finally {
    clearInterval(progress);
  }
  return fleet.stop();
}

/** After all that went wrong: what devices still keep comes to its end. */
async function drain(fleet: Fleet, signal: AbortSignal): Promise<void> {
  fleet.calm();
  const untilMs = Date.now() + DRAIN_MS;
  while (fleet.waiting() > 0 && !signal.aborted && Date.now() < untilMs) await sleep(100);
}

async function waitFor(durationS: number | null, signal: AbortSignal): Promise<void> {
  const untilMs = durationS === null ? Number.POSITIVE_INFINITY : Date.now() + durationS * 1000;
  while (!signal.aborted && Date.now() < untilMs) {
    try {
      // In pieces: a timer cannot hold more than 24 days
      await sleep(Math.min(DAY_S * 1000, untilMs - Date.now()), undefined, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

function readOptions(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      loggers: { type: 'string', default: '2' },
      dtus: { type: 'string' },
      interval: { type: 'string', default: '60' },
      duration: { type: 'string' },
      speed: { type: 'string', default: '1' },
      'history-days': { type: 'string', default: '0' },
      seed: { type: 'string', default: '1' },
      http: { type: 'string', default: 'http://localhost:8000' },
      collector: { type: 'string', default: '127.0.0.1:10000' },
      'api-key': { type: 'string' },
      faults: { type: 'string' },
      'fault-every': { type: 'string', default: '1800' },
      'always-day': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const apiKey = values['api-key'];
  const dtus = wholeNumber('--dtus', values.dtus ?? (apiKey === undefined ? '0' : '1'));
  if (dtus > 0 && apiKey === undefined) throw new RangeError('--dtus needs --api-key');
  const durationS = values.duration === undefined ? null : number('--duration', values.duration, 0);
  const speed = number('--speed', values.speed, 0.001);
  return {
    seed: wholeNumber('--seed', values.seed),
    loggers: wholeNumber('--loggers', values.loggers),
    dtus,
    intervalS: number('--interval', values.interval, 1),
    durationS,
    speed,
    faults:
      values.faults === undefined
        ? null
        : { kinds: faultKinds(values.faults), everyS: number('--fault-every', values['fault-every'], 1) },
    historyDays: number('--history-days', values['history-days'], 0),
    startAt: new Date(Date.now() - Math.max(0, speed - 1) * (durationS ?? DAY_S / speed) * 1000),
    http: apiKey === undefined ? null : { url: httpUrl(values.http), apiKey },
    collector: hostAndPort(values.collector),
    alwaysDay: values['always-day'],
    json: values.json,
    help: values.help,
  };
}

type Options = ReturnType<typeof readOptions>;

function number(name: string, text: string, min: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < min) {
    throw new RangeError(`${name}: a number from ${min} on, not "${text}"`);
  }
  return value;
}

function wholeNumber(name: string, text: string): number {
  const value = number(name, text, 0);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${name}: a whole number, not "${text}"`);
  return value;
}

function httpUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) throw new RangeError(`--http: an http address, not "${text}"`);
  return text;
}

/** `host:port`, `[::1]:port`. */
function hostAndPort(text: string): { host: string; port: number } {
  const [, host = '', digits = ''] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (host === '' || port < 1 || port > 65_535) throw new RangeError(`--collector: host:port, not "${text}"`);
  return { host: host.replace(/^\[(.+)\]$/, '$1'), port };
}

/** What was typed, as opposed to a bug: our own range checks and those of `parseArgs`. */
function isUsageError(error: unknown): error is Error {
  if (error instanceof RangeError) return true;
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}
