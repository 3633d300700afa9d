import type { Place } from '../domain/sun.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { History } from './cadence.ts';
import { SimClock } from './clock.ts';
import { DeviceFaults } from './device-faults.ts';
import { DeyeMicro } from './deye-micro.ts';
import { DtuClient } from './dtu-client.ts';
import { type FaultOptions, MIN_SAMPLES_A_FAULT } from './faults.ts';
import { FleetFaults } from './fleet-faults.ts';
import { HttpPusher } from './http-pusher.ts';
import { VirtualInverter } from './inverter.ts';
import { LOGGER_TIMING, type LoggerTiming } from './logger-timing.ts';
import { VirtualDtu } from './opendtu.ts';
import { type DtuPlan, type FleetPlan, type InverterPlan, LONGEST_LAG_MS, type LoggerPlan, planFleet } from './plan.ts';
import { hash, Random } from './random.ts';
import { type FleetDevice, type FleetReport, reportOf, Tally } from './report.ts';
import { Sky } from './sky.ts';
import { SolarmanClient } from './solarman-client.ts';
import { TimerWheel } from './timer-wheel.ts';

/** Where and how a fleet runs. */
export interface RunOptions {
  seed: number;
  /** Simulated seconds between two samples of a device, at least 1. */
  intervalS: number;
  collector: { host: string; port: number };
  /** Null: no DTU runs. `url`: the server's, or that of the push route. */
  http: { url: string; apiKey: string } | null;
  /** How much faster than real the simulated time runs until it has caught up with the present. */
  speed: number;
  place: Place;
  /** The sun stays near noon from the start on: something moves at any hour. To be labelled as such by the caller. */
  alwaysDay: boolean;
  log: Logger;
  /** Simulated moment at which the live part begins: now, or earlier where `speed` is above 1. */
  startAt?: Date;
  /** Days before the start that are sent first, as stored frames and as pushes with their own times. */
  historyDays?: number;
  /** When an earlier run of this fleet with the same `historyDays` began: its counters go on, and its past is not sent again. */
  continues?: Date | null;
  /** Zone of the DTUs' clocks; the loggers learn theirs from the collector. */
  timeZone?: string;
  timing?: Partial<LoggerTiming>;
  /** What goes wrong on purpose; null or absent: nothing. */
  faults?: FaultOptions | null;
}

export interface FleetOptions extends RunOptions {
  loggers: number;
  dtus: number;
}

export interface Fleet {
  /** Known before the start, so that they can be registered. */
  devices(): FleetDevice[];
  /** Once. An abort of the signal is a `stop`. */
  start(signal: AbortSignal): void;
  /** Counts so far. */
  report(): FleetReport;
  /** Sample by sample, for whoever compares it with what a server has. */
  tallies(): readonly Tally[];
  /** Samples that wait for an acknowledgement. */
  waiting(): number;
  /** Nothing more goes wrong on purpose, and devices without network find it again. */
  calm(): void;
  /** Waits shortly for answers that are due; leaves no socket and no timer. */
  stop(): Promise<FleetReport>;
}

/** A fleet by chance. @throws RangeError for options that make no sense */
export function createFleet(options: FleetOptions): Fleet {
  if (options.dtus > 0 && options.http === null) throw new RangeError('DTUs need an HTTP address to push to');
  return runFleet(planFleet(options.seed, options.loggers, options.dtus, timeZoneOf(options)), options);
}

/** @throws RangeError for options that make no sense */
export function runFleet(plan: FleetPlan, options: RunOptions): Fleet {
  if (!(options.intervalS >= 1)) throw new RangeError('the interval must be at least 1 second');
  if (!(options.speed > 0)) throw new RangeError('the speed must be above 0');
  const leastS = MIN_SAMPLES_A_FAULT * options.intervalS;
  if (options.faults != null && !(options.faults.everyS >= leastS)) {
    throw new RangeError(`faults must be at least ${MIN_SAMPLES_A_FAULT} intervals apart: ${leastS} seconds`);
  }
  return new PlannedFleet(plan, options);
}

export function timeZoneOf({ timeZone = 'Europe/Berlin' }: Pick<RunOptions, 'timeZone'>): string {
  return timeZone;
}

/** A whole fleet must not dial in one moment, as it would not in life. */
const STARTS_PER_S = 250;
const GRACE_MS = 2_000;
/** Samples of the past come no closer than a real logger's. */
const HISTORY_STEP_S = 300;
const DAY_MS = 86_400_000;
const COUNTERS_SINCE = Date.UTC(2025, 0, 1);
/** More hours of full power than a day can bring, under the real sun and under the one that stays near noon. */
const MOST_HOURS = 9;
const MOST_HOURS_AT_NOON = 20;
const LOGGERS_PER_ADDRESS = 150;

type Client = SolarmanClient | DtuClient;

class PlannedFleet implements Fleet {
  readonly #plan: FleetPlan;
  readonly #options: RunOptions;
  readonly #wheel = new TimerWheel();
  readonly #tallies = new Map<string, Tally>();
  #clients: Client[] = [];
  #troubles: FleetFaults | null = null;
  #pusher: HttpPusher | null = null;
  #stopped: Promise<FleetReport> | null = null;

  constructor(plan: FleetPlan, options: RunOptions) {
    this.#plan = plan;
    this.#options = options;
    for (const { identity, inverter } of plan.loggers) this.#tally('solarman', String(identity.serial), inverter);
    for (const { inverters } of plan.dtus) {
      for (const { serial, inverter } of inverters) this.#tally('opendtu', serial, inverter);
    }
  }

  devices(): FleetDevice[] {
    return [...this.#tallies.values()].map((tally) => tally.device);
  }

  report(): FleetReport {
    const { storms = 0, tls = null } = this.#troubles ?? {};
    return { ...reportOf(this.#options.seed, this.tallies()), storms, tls };
  }

  tallies(): Tally[] {
    return [...this.#tallies.values()];
  }

  waiting(): number {
    return this.#clients.reduce((sum, client) => sum + client.waiting, 0);
  }

  calm(): void {
    this.#troubles?.calm();
    for (const client of this.#clients) client.calm();
  }

  start(signal: AbortSignal): void {
    if (this.#clients.length > 0 || this.#stopped !== null) throw new Error('a fleet starts once');
    const { seed, place, alwaysDay, speed, http, continues = null } = this.#options;
    const startMs = this.#options.startAt?.getTime() ?? Date.now();
    const firstMs = continues?.getTime() ?? startMs;
    const history = historyOf(firstMs, this.#options);
    const run: Run = {
      options: this.#options,
      wheel: this.#wheel,
      clock: new SimClock(startMs, speed),
      sky: new Sky({
        seed: hash(seed, 10),
        place,
        alwaysDaySinceMs: alwaysDay ? (history === null ? midnight(startMs) : firstMs) - LONGEST_LAG_MS : null,
      }),
      history: continues === null ? history : null,
      bornMs: midnight(history?.fromMs ?? startMs),
      tallies: this.#tallies,
    };
    const loggers = this.#plan.loggers.map((logger, i) =>
      logClient(run, logger, addressOf(this.#options, this.#plan, i)),
    );
    this.#clients = [...loggers];
    this.#troubles = troublesOf(run, loggers, addressOf(this.#options, this.#plan, loggers.length));
    this.#troubles?.start();
    if (http !== null) {
      const pusher = new HttpPusher(http.url, http.apiKey);
      this.#pusher = pusher;
      this.#clients.push(...this.#plan.dtus.map((dtu) => dtuClient(run, dtu, pusher)));
    }
    this.#clients.forEach((client, i) => void this.#wheel.after((1000 * i) / STARTS_PER_S, () => client.start()));
    signal.addEventListener('abort', () => void this.stop(), { once: true });
    if (signal.aborted) void this.stop();
  }

  stop(): Promise<FleetReport> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<FleetReport> {
    await Promise.all(this.#clients.map((client) => client.stop(GRACE_MS)));
    this.#troubles?.stop();
    this.#pusher?.close();
    this.#wheel.stop();
    return this.report();
  }

  #tally(kind: FleetDevice['kind'], serial: string, { name, model }: InverterPlan): void {
    const device = { kind, serial, name, ratedPowerW: model.ratedPowerW, mpptCount: model.inputs };
    this.#tallies.set(serial, new Tally(device));
  }
}

interface Run {
  options: RunOptions;
  wheel: TimerWheel;
  clock: SimClock;
  sky: Sky;
  history: History | null;
  /** From when on the inverters are reckoned. */
  bornMs: number;
  tallies: ReadonlyMap<string, Tally>;
}

function logClient(run: Run, { identity, inverter }: LoggerPlan, localAddress: string | null): SolarmanClient {
  const { options, wheel, clock, history, tallies } = run;
  const tally = tallies.get(String(identity.serial));
  if (tally === undefined) throw new Error(`no tally for ${identity.serial}`);
  return new SolarmanClient({
    micro: new DeyeMicro(identity, makeInverter(run, inverter)),
    collector: options.collector,
    localAddress,
    clock,
    wheel,
    intervalS: options.intervalS,
    history,
    timing: { ...LOGGER_TIMING, ...options.timing },
    random: new Random(identity.serial),
    faults: faultsOf(run, identity.serial, tally),
    tally,
    log: options.log,
  });
}

function dtuClient(run: Run, plan: DtuPlan, pusher: HttpPusher): DtuClient {
  const { options, wheel, clock, history, tallies } = run;
  const inverters = plan.inverters.map(({ serial, inverter }) => ({
    serial,
    name: inverter.name,
    inverter: makeInverter(run, inverter),
  }));
  const seed = hash(options.seed, Number(plan.identity.serial.slice(-5)));
  // Of a DTU's inverters all have what it has; one of them stands for it
  const [first] = inverters.flatMap(({ serial }) => tallies.get(serial) ?? []);
  if (first === undefined) throw new Error(`no tally for ${plan.identity.serial}`);
  const faults = faultsOf(run, seed, first);
  return new DtuClient({
    dtu: new VirtualDtu(plan.identity, inverters, faults.clockErrorS),
    pusher,
    clock,
    wheel,
    intervalS: options.intervalS,
    history,
    random: new Random(seed),
    faults,
    tallies,
    log: options.log,
  });
}

function faultsOf({ options }: Run, seed: number, tally: Tally): DeviceFaults {
  return new DeviceFaults(hash(seed, 0xfa17), options.faults ?? null, tally);
}

function troublesOf(
  { options, clock, wheel }: Run,
  loggers: SolarmanClient[],
  localAddress: string | null,
): FleetFaults | null {
  const { seed, faults = null, collector } = options;
  if (faults === null) return null;
  return new FleetFaults({ seed, faults, clock, wheel, collector, localAddress, loggers });
}

/**
 * An inverter that has been at work since midnight, and each day before: counters must go on when the same fleet is started again,
 * for a server rightly doubts one that falls. A run on the same day continues to the watt-hour. For each day before, the counters
 * have grown by more than a day can bring, so that they never fall, whatever ran on those days.
 */
function makeInverter({ options, sky, bornMs }: Run, plan: InverterPlan): VirtualInverter {
  const days = Math.max(0, (bornMs - COUNTERS_SINCE) / DAY_MS);
  const fullHours = days * (options.alwaysDay ? MOST_HOURS_AT_NOON : MOST_HOURS);
  const lifetimeWh = plan.lifetimeWh.map((wh, i) => wh + fullHours * (plan.panels[i]?.peakW ?? 0));
  return new VirtualInverter({ ...plan, lifetimeWh, sky, startMs: bornMs });
}

function midnight(ms: number): number {
  return Math.floor(ms / DAY_MS) * DAY_MS;
}

function historyOf(startMs: number, { historyDays = 0, intervalS }: RunOptions): History | null {
  if (historyDays <= 0) return null;
  return { fromMs: startMs - historyDays * DAY_MS, stepS: Math.max(intervalS, HISTORY_STEP_S) };
}

/**
 * In life every logger comes from a household of its own, and collectors limit the connections of one address. On Linux the whole
 * 127.0.0.0/8 is this machine, so a large fleet beside its collector spreads over it.
 */
function addressOf({ collector }: RunOptions, { loggers }: FleetPlan, i: number): string | null {
  if (loggers.length <= LOGGERS_PER_ADDRESS || process.platform !== 'linux' || !collector.host.startsWith('127.')) {
    return null;
  }
  const household = Math.floor(i / LOGGERS_PER_ADDRESS);
  return `127.1.${household >> 8}.${household & 0xff}`;
}
