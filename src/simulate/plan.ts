import type { LoggerIdentity } from './deye-micro.ts';
import { DEYE_MODELS, HOYMILES_MODELS, type Model } from './models.ts';
import type { DtuIdentity } from './opendtu.ts';
import type { Panel } from './panel.ts';
import { hash, Random } from './random.ts';
import { STEP_MS } from './sky.ts';

/** Who is in a fleet and what hangs on it, before anything runs: the same for the same seed. */

export interface InverterPlan {
  name: string;
  model: Model;
  seed: number;
  panels: Panel[];
  /** Lifetime counter of each panel at the start, Wh. */
  lifetimeWh: number[];
}

export interface LoggerPlan {
  identity: LoggerIdentity;
  inverter: InverterPlan;
}

export interface DtuPlan {
  identity: DtuIdentity;
  inverters: { serial: string; inverter: InverterPlan }[];
}

export interface FleetPlan {
  loggers: LoggerPlan[];
  dtus: DtuPlan[];
}

/** Room for the running number within a seed's serials. */
export const MAX_DEVICES = 100_000;
const FIRST_LOGGER_SERIAL = 2_700_000_000;
const LOGGER_SERIES = 10_000;
/** Five minutes: so long a cloud takes over a town. */
const MAX_LAG_STEPS = 300_000 / STEP_MS;
/** How far into the past the panels of a plan look. */
export const LONGEST_LAG_MS = (MAX_LAG_STEPS + 2) * STEP_MS;

const PLACES = ['Balkon', 'Garage', 'Carport', 'Gartenhaus', 'Terrasse', 'Süddach', 'Westdach', 'Schuppen', 'Zaun'];
const TILTS = [90, 90, 70, 35, 30, 20, 10];
const LOGGER_FIRMWARE = ['MW3_16U_5406_1.57', 'MW3_16U_5406_1.62', 'MW3_16U_5406_2.32-D1'];

/** @throws RangeError when there are more devices than serial numbers */
export function planFleet(seed: number, loggers: number, dtus: number, timeZone: string): FleetPlan {
  if (loggers > MAX_DEVICES || dtus > MAX_DEVICES / 10) throw new RangeError('too many devices for one fleet');
  let inverters = 0;
  return {
    loggers: Array.from({ length: loggers }, (_, i) => planLogger(seed, i)),
    dtus: Array.from({ length: dtus }, (_, i) => {
      const random = new Random(hash(seed, 2_000_000 + i));
      return {
        identity: dtuIdentity(seed, i, timeZone, random),
        inverters: Array.from({ length: random.integer(1, 4) }, () => {
          const model = random.pick(HOYMILES_MODELS);
          const serial = hoymilesSerial(seed, model, inverters++);
          return { serial, inverter: planInverter(`${random.pick(PLACES)} ${inverters}`, model, random) };
        }),
      };
    }),
  };
}

function planLogger(seed: number, i: number): LoggerPlan {
  const random = new Random(hash(seed, 1_000_000 + i));
  const model = random.pick(DEYE_MODELS);
  return {
    identity: loggerIdentity(seed, i, model, random),
    inverter: planInverter(`${random.pick(PLACES)} ${i + 1}`, model, random),
  };
}

export function loggerIdentity(seed: number, i: number, model: Model, random: Random): LoggerIdentity {
  const number = (hash(seed, 2) + i) % 1_000_000;
  return {
    serial: FIRST_LOGGER_SERIAL + (hash(seed, 1) % LOGGER_SERIES) * MAX_DEVICES + i,
    inverterSerial: `${model.serialPrefix}${String(number).padStart(6, '0')}`,
    firmware: random.pick(LOGGER_FIRMWARE),
    macAddress: `30:82:91:${number.toString(16).padStart(6, '0').match(/../g)?.join(':') ?? ''}`,
    localAddress: `192.168.178.${20 + (i % 200)}`,
    wifiName: `FRITZ!Box 7590 ${random.pick(['AX', 'KT', 'QR', 'XZ'])}`,
    signalPct: random.integer(35, 100),
  };
}

export function dtuIdentity(seed: number, i: number, timeZone: string, random: Random): DtuIdentity {
  return {
    serial: `1999801${String((hash(seed, 3) + i) % 100_000).padStart(5, '0')}`,
    timeZone,
    printer: random.pick(['short', 'noisy']),
    zeroesAtNight: random.next() < 0.5,
  };
}

export function hoymilesSerial(seed: number, { serialPrefix }: Model, i: number): string {
  return `${serialPrefix}${String((hash(seed, 4) % 1_000) * MAX_DEVICES + i).padStart(8, '0')}`;
}

function planInverter(name: string, model: Model, random: Random): InverterPlan {
  const tiltDeg = random.pick(TILTS);
  const azimuthDeg = random.integer(110, 250);
  const peakW = 5 * Math.round((model.ratedPowerW / model.inputs / 5) * random.between(0.95, 1.25));
  const lagSteps = random.integer(0, MAX_LAG_STEPS);
  return {
    name,
    model,
    seed: random.integer(0, 2 ** 31),
    panels: Array.from({ length: model.inputs }, (_, i) => ({
      name: `Modul ${i + 1}`,
      seed: random.integer(0, 2 ** 31),
      peakW,
      tiltDeg,
      azimuthDeg: azimuthDeg + random.integer(-5, 5),
      lagSteps: lagSteps + random.integer(0, 1),
      derate: random.between(0.82, 0.95),
    })),
    lifetimeWh: Array.from({ length: model.inputs }, () => random.between(50_000, 2_000_000)),
  };
}
