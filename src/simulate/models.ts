/** The models a fleet is made of: what can be bought and what its serial numbers look like. */
export interface Model {
  name: string;
  ratedPowerW: number;
  inputs: number;
  /** AC out of DC. */
  efficiency: number;
  /** What `voltage_ac` is about: phase to neutral, or phase to phase on three-phase Hoymiles (devices §0.8). */
  gridV: 230 | 400;
  /** First digits of the inverter's serial: Hoymiles' tell the family (devices §6.3), Deye's the year and month of its making. */
  serialPrefix: string;
}

const single = { efficiency: 0.955, gridV: 230 } as const;

export const SUN_M80G3: Model = {
  ...single,
  name: 'SUN-M80G3-EU-Q0',
  ratedPowerW: 800,
  inputs: 2,
  serialPrefix: '2305',
};
export const SUN2000G3: Model = {
  ...single,
  name: 'SUN2000G3-EU-230',
  ratedPowerW: 2000,
  inputs: 4,
  serialPrefix: '2211',
};

/** Deye microinverters, the commoner ones more than once. */
export const DEYE_MODELS: readonly Model[] = [
  { ...single, name: 'SUN300G3-EU-230', ratedPowerW: 300, inputs: 1, serialPrefix: '2206' },
  { ...single, name: 'SUN600G3-EU-230', ratedPowerW: 600, inputs: 2, serialPrefix: '2208' },
  SUN_M80G3,
  SUN_M80G3,
  { ...single, name: 'SUN1600G3-EU-230', ratedPowerW: 1600, inputs: 4, serialPrefix: '2210' },
  SUN2000G3,
];

export const HM_800: Model = { ...single, name: 'HM-800', ratedPowerW: 800, inputs: 2, serialPrefix: '1141' };
export const HM_1500: Model = { ...single, name: 'HM-1500', ratedPowerW: 1500, inputs: 4, serialPrefix: '1161' };

/** Hoymiles behind an OpenDTU. */
export const HOYMILES_MODELS: readonly Model[] = [
  { ...single, name: 'HM-400', ratedPowerW: 400, inputs: 1, serialPrefix: '1121' },
  HM_800,
  HM_800,
  HM_1500,
  { ...single, name: 'HMS-2000-4T', ratedPowerW: 2000, inputs: 4, serialPrefix: '1164' },
  { ...single, name: 'HMT-2250-6T', ratedPowerW: 2250, inputs: 6, gridV: 400, serialPrefix: '1382' },
];
