import { type Fleet, type RunOptions, runFleet, timeZoneOf } from './fleet.ts';
import { HM_800, HM_1500, type Model, SUN_M80G3, SUN2000G3 } from './models.ts';
import { dtuIdentity, type FleetPlan, hoymilesSerial, type InverterPlan, loggerIdentity } from './plan.ts';
import { hash, Random } from './random.ts';

/** What the demonstration needs to know; the rest is chosen so that there is something to see. */
export type DemoOptions = Pick<RunOptions, 'collector' | 'http' | 'log'> & Partial<RunOptions>;

const DEMO_SEED = 20_250_601;
/** Kassel, the middle of Germany. */
export const DEFAULT_PLACE = { latitude: 51.3, longitude: 9.5 };

/** Two Deye microinverters and an OpenDTU with two Hoymiles, under passing clouds at noon, a sample every five seconds. */
export function demoFleet(options: DemoOptions): Fleet {
  const run = { seed: DEMO_SEED, intervalS: 5, speed: 1, place: DEFAULT_PLACE, alwaysDay: true, ...options };
  return runFleet(demoPlan(run.seed, timeZoneOf(run)), run);
}

function demoPlan(seed: number, timeZone: string): FleetPlan {
  const random = new Random(seed);
  return {
    loggers: [
      {
        identity: loggerIdentity(seed, 0, SUN_M80G3, random),
        inverter: hung(0, 'Balkon Süd', SUN_M80G3, 430, [
          ['Geländer links', 180, 70],
          ['Geländer rechts', 180, 70],
        ]),
      },
      {
        identity: loggerIdentity(seed, 1, SUN2000G3, random),
        inverter: hung(1, 'Garagendach', SUN2000G3, 540, [
          ['Ost vorn', 100, 15],
          ['Ost hinten', 100, 15],
          ['West vorn', 280, 15],
          ['West hinten', 280, 15],
        ]),
      },
    ],
    dtus: [
      {
        identity: { ...dtuIdentity(seed, 0, timeZone, random), printer: 'short' },
        inverters: [
          {
            serial: hoymilesSerial(seed, HM_1500, 0),
            inverter: hung(2, 'Gartenhaus', HM_1500, 400, [
              ['Hochbeet', 170, 35],
              ['Regentonne', 170, 35],
              ['Apfelbaum', 190, 35],
              ['Kompost', 190, 35],
            ]),
          },
          {
            serial: hoymilesSerial(seed, HM_800, 1),
            inverter: hung(3, 'Balkon West', HM_800, 415, [
              ['Geranien', 250, 80],
              ['Tomaten', 250, 80],
            ]),
          },
        ],
      },
    ],
  };
}

type Hung = readonly [name: string, azimuthDeg: number, tiltDeg: number];

function hung(index: number, name: string, model: Model, peakW: number, panels: readonly Hung[]): InverterPlan {
  const seed = hash(DEMO_SEED, index);
  const random = new Random(seed);
  return {
    name,
    model,
    seed,
    panels: panels.map(([panelName, azimuthDeg, tiltDeg], i) => ({
      name: panelName,
      seed: hash(seed, i),
      peakW,
      tiltDeg,
      azimuthDeg,
      // Clouds come from the west, and the place is small
      lagSteps: random.integer(0, 6),
      derate: random.between(0.86, 0.94),
    })),
    lifetimeWh: panels.map(() => random.between(150_000, 450_000)),
  };
}
