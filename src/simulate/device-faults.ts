import { clockErrorS, type Fault, type FaultOptions, FaultSchedule } from './faults.ts';
import type { Tally } from './report.ts';

/** The faults of one device while it runs: what its plan says, less what cannot happen to it, counted. */
export class DeviceFaults {
  /** Seconds by which its clock is ahead all the time. */
  readonly clockErrorS: number;
  readonly #schedule: FaultSchedule | null;
  readonly #tally: Pick<Tally, 'faults'>;
  #outUntilMs = Number.NEGATIVE_INFINITY;
  #isCalm = false;

  /** @param options null: nothing ever goes wrong */
  constructor(seed: number, options: FaultOptions | null, tally: Pick<Tally, 'faults'>) {
    this.#schedule = options === null ? null : new FaultSchedule(seed, options);
    this.clockErrorS = options === null ? 0 : clockErrorS(seed, options);
    this.#tally = tally;
  }

  /** @param canHaveWrongTime whether a sample with a time of its own makes sense just now */
  due(ms: number, canHaveWrongTime = true): Fault | null {
    if (this.#isCalm) return null;
    const fault = this.#schedule?.due(ms) ?? null;
    if (fault === null) return null;
    // Of a clock that is wrong for good, a second error would be a riddle without an answer: which of its times is to be believed?
    const isAboutTime = fault.kind === 'clocks' || fault.kind === 'reboots';
    if (isAboutTime && this.clockErrorS !== 0) return null;
    if (fault.kind === 'clocks' && !canHaveWrongTime) return null;
    this.#tally.faults[fault.kind] += 1;
    if (fault.kind === 'outages') this.#outUntilMs = fault.untilMs;
    return fault;
  }

  /**
   * Whether it knows the time from power-on, so that no sample is left to be dated by the server. Books that have to agree cannot have
   * such samples where the server's date is not the device's: while simulated time is not yet the real one, and where the clock is
   * wrong for good, so that its own dates and the server's would be of two different days.
   */
  knowsTime(isFast: boolean): boolean {
    return this.clockErrorS !== 0 || (this.#schedule !== null && isFast);
  }

  isOut(ms: number): boolean {
    return ms < this.#outUntilMs;
  }

  /** Nothing more goes wrong, and what is out comes back. */
  calm(): void {
    this.#isCalm = true;
    this.#outUntilMs = Number.NEGATIVE_INFINITY;
  }
}
