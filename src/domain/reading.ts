import type { DeviceKind } from './inverter.ts';

/**
 * Where a sample's time comes from, best first.
 * - `device`: the device said when it measured, and its clock is plausible
 * - `boot`: a stored sample, dated through another frame of the same power-on (solarman-v5 §2.6 step 2)
 * - `device_clock`: only the inverter's own local clock was known (§2.6 step 3)
 * - `receipt`: the device's clock was plainly wrong or absent; the time is that of arrival
 */
export type TimeQuality = 'device' | 'boot' | 'device_clock' | 'receipt';

/** One phase of a three-phase inverter. Volts, amperes, watts; unknown is null. */
export interface PhaseReading {
  voltageV: number | null;
  currentA: number | null;
  powerW: number | null;
}

/** One DC input (panel, string, tracker), numbered from 1. Unknown is null, never 0. */
export interface ChannelReading {
  channel: number;
  /** What the device calls it; null when it says nothing. */
  name: string | null;
  powerW: number | null;
  voltageV: number | null;
  currentA: number | null;
  energyTodayWh: number | null;
  /** Lifetime counter as the device tells it, whole watt-hours. May be negative where the user set an offset. */
  energyTotalWh: number | null;
  /** Percent of the configured peak power; may exceed 100. Not W/m². */
  irradiationPct: number | null;
}

/**
 * What one inverter said about one moment, decoded but judged by nobody yet.
 * Power in W, energy in whole Wh, unknown is null and never 0; a value the device repeats although it no longer measures is null too.
 */
export interface Reading {
  kind: DeviceKind;
  /** Normalised serial (`normaliseSerial`): the logger's for Solarman, the inverter's for the others. */
  serial: string;
  /**
   * When it was measured. Null when the device could not tell (a stored Solarman sample without offset): then `deviceClock` is to
   * be read in the site's zone, which only the resolving step knows.
   */
  sampledAt: Date | null;
  timeQuality: TimeQuality;
  /** The inverter's own wall clock, `YYYY-MM-DDTHH:MM:SS` without zone, where the payload carries one. */
  deviceClock: string | null;
  /** True for a sample the device kept during an outage: it fills history and never moves "now". */
  stored: boolean;
  /**
   * False when the source says it no longer measures (unreachable, stale, never polled since its boot). The momentary values are
   * then null already, except a power of 0 that the source states by zeroing its own values; counters of such a reading are not
   * booked.
   */
  fresh: boolean;
  /** Why a reading is not fresh or its time was replaced; becomes quality events. */
  flags: readonly ReadingFlag[];
  /** Whether the source can reach the inverter; null where the protocol does not say. */
  reachable: boolean | null;

  powerW: number | null;
  powerDcW: number | null;
  voltageV: number | null;
  currentA: number | null;
  frequencyHz: number | null;
  /** 0…1 */
  powerFactor: number | null;
  temperatureC: number | null;
  energyTodayWh: number | null;
  /** Lifetime counter as the device tells it, whole watt-hours. */
  energyTotalWh: number | null;
  /** Empty for single-phase devices; `voltageV`/`currentA` then hold the one phase. */
  phases: readonly PhaseReading[];
  channels: readonly ChannelReading[];

  /** Step of the device's lifetime counters in Wh: 100 for Solarman 0x5408, 1 for OpenDTU (devices §4.2). */
  counterStepWh: number;
  /** Watts the device says it is built for; null when it does not say. */
  ratedPowerW: number | null;
  /** Number of inputs the device says it has; null when it does not say. */
  mpptCount: number | null;
  /** The inverter's own serial where it differs from `serial` (Solarman), else null. */
  inverterSerial: string | null;
  /** What the device calls itself; null when it says nothing. */
  deviceName: string | null;
  /** Serial of the gateway that sent it (DTU, Cerbo); null for a Solarman logger, whose serial is `serial`. */
  gatewaySerial: string | null;
}

export const READING_FLAGS = [
  'unreachable',
  'stale',
  'never_polled',
  'clock_untrusted',
  'clock_naive',
  'value_rejected',
] as const;
export type ReadingFlag = (typeof READING_FLAGS)[number];

/** A reading with every measurement unknown, to be filled by a decoder. */
export function emptyReading(
  base: Pick<Reading, 'kind' | 'serial' | 'sampledAt' | 'timeQuality'> & Partial<Reading>,
): Reading {
  return {
    deviceClock: null,
    stored: false,
    fresh: true,
    flags: [],
    reachable: null,
    powerW: null,
    powerDcW: null,
    voltageV: null,
    currentA: null,
    frequencyHz: null,
    powerFactor: null,
    temperatureC: null,
    energyTodayWh: null,
    energyTotalWh: null,
    phases: [],
    channels: [],
    counterStepWh: 1,
    ratedPowerW: null,
    mpptCount: null,
    inverterSerial: null,
    deviceName: null,
    gatewaySerial: null,
    ...base,
  };
}
