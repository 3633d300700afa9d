import type { Model } from './models.ts';
import { type Face, faceOf, type Panel, panelPowerW, panelVoltageV } from './panel.ts';
import { smoothNoise } from './random.ts';
import { type Sky, STEP_MS } from './sky.ts';

/**
 * An inverter with its panels. Its power is a straight line between two steps of the sky, so the energy over any span is an exact sum
 * of trapezoids, and the counters say what was produced however often anybody looks.
 */

const WS_PER_WH = 3600;
const DAY_MS = 86_400_000;
/** Below this the inverter feeds its own electronics only. */
const START_W = 2;

/** Wh with all their decimals; what a protocol can carry of them is the protocol's business. */
export interface Counters {
  /** Since the inverter was made. */
  totalWh: number;
  /** Since local midnight, or since the simulation began. */
  todayWh: number;
}

export interface InputState extends Counters {
  powerW: number;
  voltageV: number;
}

export interface InverterState extends Counters {
  atMs: number;
  /** AC. */
  powerW: number;
  powerDcW: number;
  gridVoltageV: number;
  frequencyHz: number;
  temperatureC: number;
  /** DC. */
  inputs: InputState[];
}

export interface InverterOptions {
  seed: number;
  model: Model;
  panels: readonly Panel[];
  sky: Sky;
  startMs: number;
  /** Where the lifetime counters stand at the start, Wh DC, one for each panel: it has been on the wall for a while. */
  lifetimeWh: readonly number[];
}

export class VirtualInverter {
  readonly model: Model;
  readonly panels: readonly Panel[];
  readonly #seed: number;
  readonly #sky: Sky;
  readonly #faces: readonly Face[];
  /** Energy in Wh: AC first, then the inputs. */
  readonly #total: Float64Array;
  readonly #today: Float64Array;
  #atMs: number;
  #step = Number.NaN;
  /** Powers in W at this step and the next one, likewise. */
  #from: Float64Array;
  #to: Float64Array;

  constructor(options: InverterOptions) {
    this.model = options.model;
    this.panels = options.panels;
    this.#seed = options.seed;
    this.#sky = options.sky;
    this.#atMs = options.startMs;
    const dc = options.panels.map((_, i) => options.lifetimeWh[i] ?? 0);
    const ac = dc.reduce((sum, wh) => sum + wh, 0) * this.model.efficiency;
    this.#faces = options.panels.map(faceOf);
    this.#total = Float64Array.of(ac, ...dc);
    this.#today = new Float64Array(this.#total.length);
    this.#from = new Float64Array(this.#total.length);
    this.#to = new Float64Array(this.#total.length);
  }

  /** Whether there is light enough to run. Microinverters live on their panels: without light there is no logger either. */
  isAwake(ms: number): boolean {
    return this.#sky.isUp(ms);
  }

  /** The state at a moment; time only goes forward. @param utcOffsetMin where its day begins, minutes east of UTC */
  advanceTo(ms: number, utcOffsetMin: number): InverterState {
    if (ms > this.#atMs) {
      const offsetMs = utcOffsetMin * 60_000;
      const midnight = Math.floor((ms + offsetMs) / DAY_MS) * DAY_MS - offsetMs;
      if (midnight > this.#atMs) {
        this.#integrateTo(midnight);
        this.#today.fill(0);
      }
      this.#integrateTo(ms);
    }
    return this.#state();
  }

  #integrateTo(ms: number): void {
    while (this.#atMs < ms) {
      this.#load(Math.floor(this.#atMs / STEP_MS));
      const end = Math.min(ms, (this.#step + 1) * STEP_MS);
      const hours = (end - this.#atMs) / 1000 / WS_PER_WH;
      // The middle of a straight line is the mean of its ends
      const middle = ((end + this.#atMs) / 2 - this.#step * STEP_MS) / STEP_MS;
      for (let i = 0; i < this.#total.length; i++) {
        const energyWh = this.#between(i, middle) * hours;
        this.#total[i] = (this.#total[i] ?? 0) + energyWh;
        this.#today[i] = (this.#today[i] ?? 0) + energyWh;
      }
      this.#atMs = end;
    }
  }

  #between(i: number, part: number): number {
    const from = this.#from[i] ?? 0;
    return from + ((this.#to[i] ?? 0) - from) * part;
  }

  #load(step: number): void {
    if (step === this.#step) return;
    if (step === this.#step + 1) [this.#from, this.#to] = [this.#to, this.#from];
    else this.#powersAt(step, this.#from);
    this.#powersAt(step + 1, this.#to);
    this.#step = step;
  }

  /** Clipping at the rated power takes from all inputs alike: the trackers move off their best point. */
  #powersAt(step: number, powers: Float64Array): void {
    powers.fill(0);
    if (!this.isAwake(step * STEP_MS)) return;
    let sum = 0;
    let input = 0;
    for (const face of this.#faces) {
      const powerW = panelPowerW(face, this.#sky, step);
      powers[++input] = powerW;
      sum += powerW;
    }
    const { ratedPowerW, efficiency } = this.model;
    const part = sum < START_W ? 0 : Math.min(1, ratedPowerW / (sum * efficiency));
    for (let i = 1; i < powers.length; i++) powers[i] = (powers[i] ?? 0) * part;
    powers[0] = sum * part * efficiency;
  }

  #state(): InverterState {
    const atMs = this.#atMs;
    this.#load(Math.floor(atMs / STEP_MS));
    const part = atMs / STEP_MS - this.#step;
    const powerW = this.#between(0, part);
    const inputs = this.panels.map((panel, i) => {
      const inputW = this.#between(i + 1, part);
      return {
        powerW: inputW,
        voltageV: panelVoltageV(panel, inputW, atMs),
        totalWh: this.#total[i + 1] ?? 0,
        todayWh: this.#today[i + 1] ?? 0,
      };
    });
    const load = powerW / this.model.ratedPowerW;
    return {
      atMs,
      powerW,
      powerDcW: inputs.reduce((sum, input) => sum + input.powerW, 0),
      // Feeding in lifts the voltage at the end of a long cable
      gridVoltageV: this.model.gridV * (0.99 + 0.012 * load + 0.02 * smoothNoise(this.#seed + 1, atMs / 90_000)),
      frequencyHz: 49.96 + 0.08 * smoothNoise(0, atMs / 40_000),
      temperatureC: 12 + 30 * load + 8 * smoothNoise(this.#seed + 2, atMs / 1_800_000),
      totalWh: this.#total[0] ?? 0,
      todayWh: this.#today[0] ?? 0,
      inputs,
    };
  }
}
