import type { SimClock } from './clock.ts';
import { type FaultOptions, isInStorm } from './faults.ts';
import type { SolarmanClient } from './solarman-client.ts';
import type { TimerWheel } from './timer-wheel.ts';
import { type TlsCounts, TlsLogger } from './tls-logger.ts';

/** One logger in so many speaks TLS; there is always at least one. */
const LOGGERS_PER_TLS = 100;

export interface FleetFaultsOptions {
  seed: number;
  faults: FaultOptions;
  clock: SimClock;
  wheel: TimerWheel;
  collector: { host: string; port: number };
  localAddress: string | null;
  loggers: readonly SolarmanClient[];
}

/** What befalls a fleet as a whole: storms of loggers that come back at once, and loggers that nobody can use. */
export class FleetFaults {
  /** Of the loggers that speak TLS. */
  readonly tls: TlsCounts = { sent: 0, refused: 0, notRefused: 0 };
  /** Storms so far. */
  storms = 0;
  readonly #options: FleetFaultsOptions;
  readonly #tlsLoggers: TlsLogger[] = [];
  #isCalm = false;

  constructor(options: FleetFaultsOptions) {
    this.#options = options;
    const { faults, loggers, collector, localAddress, wheel } = options;
    if (!faults.kinds.has('tls')) return;
    const count = Math.ceil(loggers.length / LOGGERS_PER_TLS);
    for (let n = 0; n < count; n++) {
      this.#tlsLoggers.push(new TlsLogger({ collector, localAddress, wheel, counts: this.tls }));
    }
  }

  start(): void {
    for (const logger of this.#tlsLoggers) logger.start();
    if (this.#options.faults.kinds.has('storms')) this.#nextStorm();
  }

  calm(): void {
    this.#isCalm = true;
  }

  stop(): void {
    this.#isCalm = true;
    for (const logger of this.#tlsLoggers) logger.stop();
  }

  #nextStorm(): void {
    const { seed, faults, clock, wheel, loggers } = this.#options;
    wheel.after(clock.realMs(faults.everyS * 1000), () => {
      if (this.#isCalm) return;
      this.storms += 1;
      loggers.forEach((logger, i) => {
        if (isInStorm(seed, this.storms, i)) logger.storm();
      });
      this.#nextStorm();
    });
  }
}
