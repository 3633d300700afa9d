import type { TimeBlock } from '../protocols/solarman/time.ts';
import type { History } from './cadence.ts';
import type { SimClock } from './clock.ts';
import type { DeyeMicro, Sample } from './deye-micro.ts';
import type { Fault } from './faults.ts';
import type { LoggerClock } from './logger-clock.ts';

/** A logger as far as it measures: on by day, off at night, with a clock that a server sets. */
export class LoggerSampler {
  readonly #micro: DeyeMicro;
  readonly #clock: SimClock;
  readonly #time: LoggerClock;
  readonly #knowsTime: () => boolean;
  #isOn = false;
  #lastWorkingS = -1;

  /**
   * @param time the logger's own, as opposed to the simulated one
   * @param knowsTime whether it knows the time, or believes to, from power-on
   */
  constructor(micro: DeyeMicro, clock: SimClock, time: LoggerClock, knowsTime: () => boolean) {
    this.#knowsTime = knowsTime;
    this.#micro = micro;
    this.#clock = clock;
    this.#time = time;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  boot(ms: number): void {
    this.#isOn = true;
    this.#time.boot(ms);
    if (this.#knowsTime()) this.#time.learn(ms, ms, this.#time.utcOffsetMin);
  }

  /** Power for the logger alone, to tell of the past: nothing is measured. */
  bootForPast(ms: number): void {
    this.#time.boot(ms);
  }

  halt(ms: number): void {
    this.#isOn = false;
    this.#time.halt(ms);
  }

  timeBlock(): TimeBlock {
    return this.#time.time(this.#clock.now());
  }

  learn(serverTime: Date, utcOffsetMin: number): void {
    this.#time.learn(this.#clock.now(), serverTime.getTime() - this.#clock.lagMs(), utcOffsetMin);
  }

  /** Null within the second of the sample before: the server would take it for the same one. */
  sampleAt(ms: number, fault: Fault | null = null): Sample | null {
    const time = this.#time.time(ms);
    if (time.workingS === this.#lastWorkingS) return null;
    this.#lastWorkingS = time.workingS;
    return this.#micro.sample(ms, time, this.#time.utcOffsetMin, fault);
  }

  /** Yesterday and before, one day after the other, as a logger without a server would have kept it. */
  *past({ fromMs, stepS }: History): Generator<Sample, undefined> {
    for (let ms = fromMs; ms < this.#clock.now(); ms += stepS * 1000) {
      const isAwake = this.#micro.inverter.isAwake(ms);
      if (!isAwake && this.#isOn) this.#time.halt(ms);
      if (isAwake && !this.#isOn) {
        this.#time.boot(ms);
        this.#time.learn(ms, ms, this.#time.utcOffsetMin);
      }
      this.#isOn = isAwake;
      const sample = isAwake ? this.sampleAt(ms) : null;
      if (sample !== null) yield sample;
    }
    return undefined;
  }
}
