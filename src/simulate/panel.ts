import { smoothNoise } from './random.ts';
import { type Plane, radians, type Sky } from './sky.ts';

/** What hangs on one DC input. */
export interface Panel {
  name: string;
  seed: number;
  /** Watts under 1000 W/m². */
  peakW: number;
  /** 0 lies flat, 90 hangs on a railing. */
  tiltDeg: number;
  /** Clockwise from north: 180 is south. */
  azimuthDeg: number;
  /** A cloud reaches this panel so many steps later than the first of the fleet. */
  lagSteps: number;
  /** Dirt, cables, age: what is left of the power, 0…1. */
  derate: number;
}

/** Voltage of a common 108-half-cell module at full and at hardly any power. */
const FULL_V = 31.6;
const WEAK_V = 34.4;
const DUSK_V = 21;
const VOLTAGE_WAVER_MS = 20_000;

/** What of a panel decides its power, worked out once: the power is asked for millions of times. */
export interface Face extends Plane {
  /** W out of W/m². */
  gain: number;
  lagSteps: number;
}

export function faceOf({ tiltDeg, azimuthDeg, peakW, derate, lagSteps }: Panel): Face {
  const level = Math.sin(radians(tiltDeg));
  return {
    east: level * Math.sin(radians(azimuthDeg)),
    north: level * Math.cos(radians(azimuthDeg)),
    up: Math.cos(radians(tiltDeg)),
    skyShare: (1 + Math.cos(radians(tiltDeg))) / 2,
    gain: (peakW * derate) / 1000,
    lagSteps,
  };
}

/** DC power in W that the panel could give at a step. */
export function panelPowerW(face: Face, sky: Sky, step: number): number {
  return face.gain * sky.lightOn(face, step - face.lagSteps);
}

/** Voltage at the power it gives: falls with heat, wavers as the tracker searches, and collapses at dusk. 0 V for 0 W. */
export function panelVoltageV(panel: Panel, powerW: number, ms: number): number {
  if (powerW <= 0) return 0;
  const load = Math.min(1, powerW / panel.peakW);
  const dusk = (WEAK_V - DUSK_V) * Math.exp(-load * 60);
  return WEAK_V - (WEAK_V - FULL_V) * load - dusk + 0.8 * (smoothNoise(panel.seed, ms / VOLTAGE_WAVER_MS) - 0.5);
}
