import {
  type ChannelReading,
  emptyReading,
  type PhaseReading,
  type Reading,
  type ReadingFlag,
} from '../../domain/reading.ts';
import { type DataValues, type Layout, numberOf, type ReadValues, textOf } from './layouts/layout.ts';

/** The keys are spelled once: putting them together for every frame would cost more than the decoding. */
const INPUTS = ([1, 2, 3, 4] as const).map((channel) => ({
  channel,
  voltageV: `pv${channel}.voltageV` as const,
  currentA: `pv${channel}.currentA` as const,
  powerW: `pv${channel}.powerW` as const,
  energyTodayWh: `pv${channel}.energyTodayWh` as const,
  energyTotalWh: `pv${channel}.energyTotalWh` as const,
}));
const PHASES = ([1, 2, 3] as const).map((n) => ({
  voltageV: `phase${n}.voltageV` as const,
  currentA: `phase${n}.currentA` as const,
}));

const NONE: readonly ReadingFlag[] = [];
const REJECTED: readonly ReadingFlag[] = ['value_rejected'];

/** A decoded payload as a reading. Its date is set by the caller. */
export function toReading(
  layout: Layout,
  { values, rejected }: ReadValues<keyof DataValues>,
  base: Pick<Reading, 'serial' | 'sampledAt' | 'timeQuality' | 'stored'>,
): Reading {
  // Assigned one by one: spreading objects into each other costs more than decoding the frame.
  const reading = emptyReading({ kind: 'solarman', ...base });
  reading.flags = rejected.length > 0 ? REJECTED : NONE;
  reading.deviceClock = textOf(values, 'inverterClock');
  reading.powerW = numberOf(values, 'powerW');
  reading.frequencyHz = numberOf(values, 'frequencyHz');
  reading.temperatureC = numberOf(values, 'temperatureC');
  reading.energyTodayWh = numberOf(values, 'energyTodayWh');
  reading.energyTotalWh = numberOf(values, 'energyTotalWh');
  reading.counterStepWh = layout.counterStepWh;
  reading.ratedPowerW = numberOf(values, 'ratedPowerW');
  reading.mpptCount = numberOf(values, 'mpptCount');
  reading.inverterSerial = textOf(values, 'inverterSerial');
  const channels = readChannels(layout, values);
  reading.channels = channels;
  reading.powerDcW = sumOfPowers(channels);
  setPhases(reading, values);
  return reading;
}

/**
 * Inputs the inverter has. A frame always carries the layout's maximum; where the device's count is missing (as in the first frames
 * after a boot) none is shown, rather than inputs that do not exist.
 */
function readChannels(layout: Layout, values: DataValues): ChannelReading[] {
  const shown = layout.shownInputs === 'all' ? layout.inputs : (numberOf(values, 'mpptCount') ?? 0);
  return INPUTS.slice(0, shown).map((key) => {
    const voltageV = numberOf(values, key.voltageV);
    const currentA = numberOf(values, key.currentA);
    const hasOwnPower = values[key.powerW] !== undefined;
    return {
      channel: key.channel,
      name: null,
      powerW: hasOwnPower ? numberOf(values, key.powerW) : product(voltageV, currentA),
      voltageV,
      currentA,
      energyTodayWh: numberOf(values, key.energyTodayWh),
      energyTotalWh: numberOf(values, key.energyTotalWh),
      irradiationPct: null,
    };
  });
}

/** Volts times amperes in steps of 0.1 W, reckoned in whole 0.1 V and 0.01 A so that no float noise decides the rounding. */
function product(voltageV: number | null, currentA: number | null): number | null {
  if (voltageV === null || currentA === null) return null;
  return Math.round((Math.round(voltageV * 10) * Math.round(currentA * 100)) / 100) / 10;
}

/** The DC side as a whole; null when any input is unknown, for a partial sum would be a wrong one. */
function sumOfPowers(channels: readonly ChannelReading[]): number | null {
  if (channels.length === 0) return null;
  let tenths = 0;
  for (const { powerW } of channels) {
    if (powerW === null) return null;
    tenths += Math.round(powerW * 10);
  }
  return tenths / 10;
}

/**
 * One phase or three. The device's own count decides; without it (Solis) the phases that have voltage do, for a single-phase inverter
 * may report its one phase in any slot.
 */
function setPhases(reading: Reading, values: DataValues): void {
  const all: PhaseReading[] = PHASES.map((key) => ({
    voltageV: numberOf(values, key.voltageV),
    currentA: numberOf(values, key.currentA),
    powerW: null,
  }));
  const count = numberOf(values, 'phaseCount');
  const live = all.filter((phase) => phase.voltageV !== null && phase.voltageV > 0);
  if (count === 3 || (count === null && live.length > 1)) {
    reading.phases = all;
    return;
  }
  const one = (count === 1 ? undefined : live[0]) ?? all[0];
  reading.voltageV = one?.voltageV ?? null;
  reading.currentA = one?.currentA ?? null;
}
