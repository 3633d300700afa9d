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
}

export interface SampleCounts {
  /** Different samples that were sent at least once. */
  samplesSent: number;
  /** Samples sent once more, as stored frames, because no answer had come. */
  samplesResent: number;
  samplesAcknowledged: number;
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

export interface DeviceReport extends SampleCounts, EnergyCounts {
  kind: FleetKind;
  serial: string;
  name: string;
  /** First and last acknowledged sample, ISO 8601; null when there was none. */
  firstAt: string | null;
  lastAt: string | null;
}

export interface FleetReport {
  seed: number;
  devices: DeviceReport[];
  totals: SampleCounts & EnergyCounts;
}

/** Counts for one device while the fleet runs. */
export class Tally {
  readonly device: FleetDevice;
  readonly counts: SampleCounts = noSamples();
  #first: Booked | null = null;
  #last: Booked | null = null;

  constructor(device: FleetDevice) {
    this.device = device;
  }

  acknowledged(sample: Booked): void {
    this.counts.samplesAcknowledged += 1;
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
    };
  }
}

/** A sample's payload must not stay in memory for the sake of three numbers. */
function pick({ atMs, counterWh, producedWh }: Booked): Booked {
  return { atMs, counterWh, producedWh };
}

export function reportOf(seed: number, tallies: readonly Tally[]): FleetReport {
  const devices = tallies.map((tally) => tally.report());
  const totals = { ...noSamples(), expectedWh: 0, producedWh: 0 };
  for (const device of devices) {
    for (const key of Object.keys(totals) as (keyof typeof totals)[]) totals[key] += device[key];
  }
  return { seed, devices, totals };
}

function noSamples(): SampleCounts {
  return {
    samplesSent: 0,
    samplesResent: 0,
    samplesAcknowledged: 0,
    samplesRefused: 0,
    samplesLost: 0,
    samplesWaiting: 0,
    wrongAnswers: 0,
  };
}
