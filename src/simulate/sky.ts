import { getPosition } from 'suncalc';
import { type Place, SUN_UP_DEGREES } from '../domain/sun.ts';
import { hash, hashUnit, smoothNoise } from './random.ts';

/**
 * Sun and clouds over one place, as pure functions of time and seed. The sky is known at whole steps of time; what lies between two
 * steps is a straight line (see `inverter.ts`), and so energy can be computed exactly.
 */

export const STEP_MS = 5_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The light at one moment. */
export interface Light {
  /** Of the sun, degrees above the horizon. */
  altitude: number;
  /** Towards the sun, a vector of length 1. */
  east: number;
  north: number;
  up: number;
  /** Direct light on a surface that faces the sun, W/m². */
  beam: number;
  /** Scattered light on a horizontal surface, W/m². */
  diffuse: number;
}

export interface SkyOptions {
  seed: number;
  place: Place;
  /**
   * From this moment on the sun only swings about noon of a bright day, so that there is something to see at any hour.
   * Null: the real sun. Not for anything that is later compared with a real day.
   */
  alwaysDaySinceMs: number | null;
}

/** A bright day for the endless noon: neither haze nor the low sun of winter. */
const NOON_DATE = Date.UTC(2025, 5, 1, 12);
const SWING_MS = 1.5 * HOUR_MS;
const SWING_PERIOD_MS = 5 * HOUR_MS;
/** Half-way between a clear and a grey day: clouds pass. */
const CHANGEABLE = 0.5;

const SOLAR_CONSTANT = 1361;
/** Power of two: more than a day of steps is remembered, so that a fleet under one sky computes each step once. */
const REMEMBERED = 32_768;

/** A surface under the sky. */
export interface Plane {
  /** Where it looks, a vector of length 1. */
  east: number;
  north: number;
  up: number;
  /** How much of the sky it sees, 0…1. */
  skyShare: number;
}

export class Sky {
  readonly #options: SkyOptions;
  readonly #seeds: { weather: number; banks: number; clouds: number; shreds: number };
  /** What was computed last for each slot, in flat arrays: they are read once for each panel and step of a fleet. */
  readonly #steps = new Float64Array(REMEMBERED).fill(Number.NaN);
  readonly #lights: Readonly<Record<keyof Light, Float64Array>> = {
    altitude: new Float64Array(REMEMBERED),
    east: new Float64Array(REMEMBERED),
    north: new Float64Array(REMEMBERED),
    up: new Float64Array(REMEMBERED),
    beam: new Float64Array(REMEMBERED),
    diffuse: new Float64Array(REMEMBERED),
  };

  constructor(options: SkyOptions) {
    this.#options = options;
    const { seed } = options;
    this.#seeds = { weather: hash(seed, 1), banks: hash(seed, 2), clouds: hash(seed, 3), shreds: hash(seed, 4) };
  }

  /** Light at the moment `step * STEP_MS`. */
  light(step: number): Light {
    const slot = this.#slotOf(step);
    const at = (values: Float64Array) => values[slot] ?? 0;
    const { altitude, east, north, up, beam, diffuse } = this.#lights;
    return {
      altitude: at(altitude),
      east: at(east),
      north: at(north),
      up: at(up),
      beam: at(beam),
      diffuse: at(diffuse),
    };
  }

  /** Light that falls on a plane at a step, W/m². */
  lightOn(plane: Plane, step: number): number {
    const slot = this.#slotOf(step);
    const { east, north, up, beam, diffuse } = this.#lights;
    const cosine = (east[slot] ?? 0) * plane.east + (north[slot] ?? 0) * plane.north + (up[slot] ?? 0) * plane.up;
    return (cosine > 0 ? (beam[slot] ?? 0) * cosine : 0) + (diffuse[slot] ?? 0) * plane.skyShare;
  }

  /** Whether an inverter under this sky has enough light to run: the same altitude by which the product excuses silence. */
  isUp(ms: number): boolean {
    return (this.#lights.altitude[this.#slotOf(Math.floor(ms / STEP_MS))] ?? 0) >= SUN_UP_DEGREES;
  }

  #slotOf(step: number): number {
    const slot = step & (REMEMBERED - 1);
    if (this.#steps[slot] === step) return slot;
    const { altitude, east, north, up, beam, diffuse } = this.#compute(step * STEP_MS);
    this.#lights.altitude[slot] = altitude;
    this.#lights.east[slot] = east;
    this.#lights.north[slot] = north;
    this.#lights.up[slot] = up;
    this.#lights.beam[slot] = beam;
    this.#lights.diffuse[slot] = diffuse;
    this.#steps[slot] = step;
    return slot;
  }

  #compute(ms: number): Light {
    const { place, alwaysDaySinceMs } = this.#options;
    const isEndless = alwaysDaySinceMs !== null && ms >= alwaysDaySinceMs;
    const sunMs = isEndless ? swingingNoon(ms, place) : ms;
    const { altitude, azimuth } = getPosition(new Date(sunMs), place.latitude, place.longitude);
    const up = Math.sin(radians(altitude));
    const level = Math.cos(radians(altitude));
    const sun = { altitude, up, east: level * Math.sin(radians(azimuth)), north: level * Math.cos(radians(azimuth)) };
    if (altitude <= 0) return { ...sun, beam: 0, diffuse: 0 };
    const cover = this.#cover(ms, isEndless);
    // Shreds too thin to be called cloud: a few percent within a minute and from step to step, so that no two samples are alike
    const shreds = smoothNoise(this.#seeds.shreds, ms / (0.6 * MINUTE_MS));
    const shimmer = 0.92 + 0.04 * shreds + 0.04 * hashUnit(this.#seeds.shreds, ms / STEP_MS);
    const clear = clearBeam(altitude);
    return {
      ...sun,
      beam: clear * (1 - 0.93 * cover) * shimmer,
      // Thin clouds scatter more light than a blue sky, thick ones swallow it
      diffuse: (0.11 * clear + 40) * up * (1 + 0.9 * cover - 0.6 * cover * cover) * shimmer,
    };
  }

  /** 0 clear to 1 overcast. The weather of the day decides how much of the passing clouds counts. */
  #cover(ms: number, isEndless: boolean): number {
    const weather = isEndless ? CHANGEABLE : smoothNoise(this.#seeds.weather, ms / (20 * HOUR_MS));
    const banks = smoothNoise(this.#seeds.banks, ms / (25 * MINUTE_MS));
    const clouds = smoothNoise(this.#seeds.clouds, ms / (4 * MINUTE_MS));
    const passing = 0.65 * banks + 0.35 * clouds;
    return Math.min(1, Math.max(0, (passing + 1.6 * weather - 1.15) * 1.6));
  }
}

/** A time of day around solar noon at the place, moving so slowly that nothing jumps. */
function swingingNoon(ms: number, place: Place): number {
  const noon = NOON_DATE - (place.longitude / 15) * HOUR_MS;
  return noon + SWING_MS * Math.sin((2 * Math.PI * ms) / SWING_PERIOD_MS);
}

/** Direct light under a clear sky (Meinel), through the air mass of Kasten and Young. */
function clearBeam(altitude: number): number {
  const airMass = 1 / (Math.sin(radians(altitude)) + 0.50572 * (altitude + 6.07995) ** -1.6364);
  return SOLAR_CONSTANT * 0.7 ** (airMass ** 0.678);
}

export function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
