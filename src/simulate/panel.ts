import { smoothNoise } from './random.ts';
import type { Light, Sky } from './sky.ts';

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

/** DC power in W that the panel could give at a step. */
export function panelPowerW(panel: Panel, sky: Sky, step: number): number {
  const light = sky.light(step - panel.lagSteps);
  if (light.beam + light.diffuse <= 0) return 0;
  return (panel.peakW * panel.derate * planeLight(panel, light)) / 1000;
}

/** Light on the panel's own plane, W/m². */
function planeLight({ tiltDeg, azimuthDeg }: Panel, { altitude, azimuth, beam, diffuse }: Light): number {
  const [tilt, height] = [radians(tiltDeg), radians(altitude)];
  const cosine =
    Math.sin(height) * Math.cos(tilt) + Math.cos(height) * Math.sin(tilt) * Math.cos(radians(azimuth - azimuthDeg));
  return beam * Math.max(0, cosine) + (diffuse * (1 + Math.cos(tilt))) / 2;
}

/** Voltage at the power it gives: falls with heat, wavers as the tracker searches, and collapses at dusk. 0 V for 0 W. */
export function panelVoltageV(panel: Panel, powerW: number, ms: number): number {
  if (powerW <= 0) return 0;
  const load = Math.min(1, powerW / panel.peakW);
  const dusk = (WEAK_V - DUSK_V) * Math.exp(-load * 60);
  return WEAK_V - (WEAK_V - FULL_V) * load - dusk + 0.8 * (smoothNoise(panel.seed, ms / VOLTAGE_WAVER_MS) - 0.5);
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
