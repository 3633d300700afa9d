import type { FaultKind } from './faults.ts';
import type { TlsCounts } from './tls-logger.ts';

/** What became of the samples of a run, device by device: what a server that lost nothing must have. */

export type FleetKind = 'solarman' | 'opendtu';

export interface FleetDevice {
  kind: FleetKind;
  /** As it has to be registered: the logger's for Solarman, the inverter's for OpenDTU. */
  serial: string;
  name: string;
  ratedPowerW: number;
  mpptCount: number;
}

/** A sample as far as the books go. */
export interface Booked {
  atMs: number;
  /** Lifetime counter as it was sent, Wh. */
  counterWh: number;
  /** What was really produced by then, Wh. */
  producedWh: number;
  /**
   * What a correct server does with it: stores and books it; stores it and doubts its counters; or answers and does not store it,
   * because its time is impossible.
   */
  fate: 'booked' | 'doubted' | 'outside';
  /** What it tells of its time: exactly when; nothing, but its power-on and so the time within seconds; nothing that can be believed. */
  dating: Dating;
}

export type Dating = 'exact' | 'about' | 'arrival';

export interface SampleCounts {
  /** Different samples that were sent at least once. */
  samplesSent: number;
  /** Samples sent once more, as stored frames, because no answer had come. */
  samplesResent: number;
  samplesAcknowledged: number;
  /** Of these, with a time outside what a server accepts: answered, and not stored. */
  samplesOutside: number;
  /** Of these, with counters that no server may believe. */
  samplesDoubted: number;
  /** Answered, but not taken. */
  samplesRefused: number;
  /** Given up without an answer: the logger's memory was full, or a push failed, which nobody repeats. */
  samplesLost: number;
  /** Taken, and not answered yet. */
  samplesWaiting: number;
  /** Answers that were not what the protocol demands, byte for byte. */
  wrongAnswers: number;
}

export interface EnergyCounts {
  /** From the first to the last acknowledged sample, by the counters as they were sent: what a correct server has booked, Wh. */
  expectedWh: number;
  /** The same span without the counters' coarse steps, Wh. */
  producedWh: number;
}

/** Loggers that speak TLS are no devices of a fleet. */
export type FaultCounts = Record<Exclude<FaultKind, 'tls'>, number>;

export interface DeviceReport extends SampleCounts, EnergyCounts {
  kind: FleetKind;
  serial: string;
  name: string;
  /** First and last acknowledged sample, ISO 8601; null when there was none. */
  firstAt: string | null;
  lastAt: string | null;
  /** What went wrong on purpose. */
  faults: FaultCounts;
}

export interface FleetReport {
  seed: number;
  devices: DeviceReport[];
  totals: SampleCounts & EnergyCounts;
  faults: FaultCounts;
  /** How often loggers came back all at once. */
  storms: number;
  /** Null where no logger spoke TLS, or nothing ever goes wrong. */
  tls: TlsCounts | null;
}

/** When the samples of one device were taken, epoch milliseconds, in no order. */
export interface SampleTimes {
  exact: number[];
  /** Known to some seconds. */
  about: number[];
  /** How many bear the time of their arrival. */
  arrival: number;
}

/** Counts for one device while the fleet runs. */
export class Tally {
  readonly device: FleetDevice;
  readonly counts: SampleCounts = noSamples();
  readonly faults: FaultCounts = noFaults();
  /** What a server must have. */
  readonly stored: SampleTimes = noTimes();
  /** What a server may have: sent, and never answered. */
  readonly uncertain: SampleTimes = noTimes();
  /** Lowest and highest lifetime counter among those, Wh. */
  leastWh = Number.POSITIVE_INFINITY;
  mostWh = Number.NEGATIVE_INFINITY;
  #first: Booked | null = null;
  #last: Booked | null = null;

  constructor(device: FleetDevice) {
    this.device = device;
  }

  /** @returns the first and the last lifetime counter that a server must have believed, Wh; null when there was none */
  get counters(): { firstWh: number; lastWh: number } | null {
    if (this.#first === null || this.#last === null) return null;
    return { firstWh: this.#first.counterWh, lastWh: this.#last.counterWh };
  }

  /** Given up without an answer: it may have arrived all the same. */
  unanswered(sample: Booked): void {
    if (sample.fate === 'outside') return;
    note(this.uncertain, sample);
    if (sample.fate !== 'booked') return;
    this.leastWh = Math.min(this.leastWh, sample.counterWh);
    this.mostWh = Math.max(this.mostWh, sample.counterWh);
  }

  acknowledged(sample: Booked): void {
    this.counts.samplesAcknowledged += 1;
    if (sample.fate === 'outside') {
      this.counts.samplesOutside += 1;
      return;
    }
    note(this.stored, sample);
    if (sample.fate === 'doubted') {
      this.counts.samplesDoubted += 1;
      return;
    }
    // Stored samples come late: neither is the first one the earliest nor the last one the latest
    if (this.#first === null || sample.atMs < this.#first.atMs) this.#first = pick(sample);
    if (this.#last === null || sample.atMs > this.#last.atMs) this.#last = pick(sample);
  }

  report(): DeviceReport {
    const { kind, serial, name } = this.device;
    const [first, last] = [this.#first, this.#last];
    return {
      kind,
      serial,
      name,
      ...this.counts,
      firstAt: first === null ? null : new Date(first.atMs).toISOString(),
      lastAt: last === null ? null : new Date(last.atMs).toISOString(),
      expectedWh: first === null || last === null ? 0 : last.counterWh - first.counterWh,
      producedWh: first === null || last === null ? 0 : Math.round(last.producedWh - first.producedWh),
      faults: { ...this.faults },
    };
  }
}

/** A sample's payload must not stay in memory for the sake of three numbers. */
function pick({ atMs, counterWh, producedWh, fate, dating }: Booked): Booked {
  return { atMs, counterWh, producedWh, fate, dating };
}

function note(times: SampleTimes, { atMs, dating }: Booked): void {
  if (dating === 'arrival') times.arrival += 1;
  else times[dating].push(atMs);
}

export function reportOf(seed: number, tallies: readonly Tally[]): Omit<FleetReport, 'storms' | 'tls'> {
  const devices = tallies.map((tally) => tally.report());
  const totals = { ...noSamples(), expectedWh: 0, producedWh: 0 };
  const faults = noFaults();
  for (const device of devices) {
    for (const key of Object.keys(totals) as (keyof typeof totals)[]) totals[key] += device[key];
    for (const key of Object.keys(faults) as (keyof FaultCounts)[]) faults[key] += device.faults[key];
  }
  return { seed, devices, totals, faults };
}

function noTimes(): SampleTimes {
  return { exact: [], about: [], arrival: 0 };
}

function noFaults(): FaultCounts {
  return { reboots: 0, glitches: 0, outages: 0, clocks: 0, duplicates: 0, storms: 0 };
}

function noSamples(): SampleCounts {
  return {
    samplesSent: 0,
    samplesResent: 0,
    samplesAcknowledged: 0,
    samplesOutside: 0,
    samplesDoubted: 0,
    samplesRefused: 0,
    samplesLost: 0,
    samplesWaiting: 0,
    wrongAnswers: 0,
  };
}
