import type { DeviceKind } from './inverter.ts';
import type { ChannelReading, PhaseReading, Reading } from './reading.ts';

/**
 * What no inverter can have measured is stored as unknown, not as a number (devices §4.1; glitch constants §0.7). The rest of the
 * reading stays: a corrupt field is no reason to lose the others. Counters are not judged here but in `energy.ts`, which knows what
 * came before them.
 */

export interface Rating {
  kind: DeviceKind;
  /** From the frame, the owner or the serial prefix; null when nobody said. */
  ratedPowerW: number | null;
}

/** A microinverter has a panel or two at each input; everything else has strings. Deye's largest micro is built for 2 250 W. */
const LARGEST_MICRO_W = 2_500;

function isMicro({ kind, ratedPowerW }: Rating): boolean {
  return kind === 'opendtu' || (kind === 'solarman' && ratedPowerW !== null && ratedPowerW <= LARGEST_MICRO_W);
}

/** Watts to reckon a counter's cap with (devices §4.2): channel 0 is the inverter's own, others are inputs. */
export function ratedForCap(rating: Rating, channel: number): number {
  if (channel === 0) return rating.ratedPowerW ?? 30_000;
  return isMicro(rating) ? 1_000 : 15_000;
}

/** Highest believable powers. An AC output may touch 1.5 × its rating for a moment; a hybrid charges its battery beyond it. */
export interface PowerLimits {
  acW: number;
  dcW: number;
  inputW: number;
}

/** No single inverter in the field is larger than 400 kW: with an unknown rating only nonsense is refused. */
const ABSURD_W = 500_000;
/** Six inputs of a microinverter, as below. */
const ABSURD_MICRO_W = 9_000;
const MICRO_INPUT_W = 1_500;
const TRACKER_W = 100_000;

export function powerLimits(rating: Rating): PowerLimits {
  const micro = isMicro(rating);
  const unknown = micro ? ABSURD_MICRO_W : ABSURD_W;
  return {
    acW: rating.ratedPowerW === null ? unknown : rating.ratedPowerW * 1.5,
    dcW: rating.ratedPowerW === null ? unknown : rating.ratedPowerW * 2,
    inputW: micro ? MICRO_INPUT_W : TRACKER_W,
  };
}

/** The power itself, or null where it is beyond the limit in either direction (a bridge may report stand-by draw as negative). */
export function judgePower(powerW: number | null, limitW: number): number | null {
  return powerW !== null && powerW >= -limitW && powerW <= limitW ? powerW : null;
}

/** `[lowest, highest]` of what can be measured at all. */
type Range = readonly [low: number, high: number];
const VOLTAGE: Range = [0, 1_600];
const CURRENT: Range = [-650, 650];
const DAY_ENERGY: Range = [0, 24 * ABSURD_W];

const READING_RANGES: readonly (readonly [keyof Reading, Range])[] = [
  ['voltageV', VOLTAGE],
  ['currentA', CURRENT],
  ['frequencyHz', [0, 70]],
  ['powerFactor', [-1, 1]],
  ['temperatureC', [-60, 150]],
  ['energyTodayWh', DAY_ENERGY],
];
const PHASE_RANGES: readonly (readonly [keyof PhaseReading, Range])[] = [
  ['voltageV', VOLTAGE],
  ['currentA', CURRENT],
];
const INPUT_RANGES: readonly (readonly [keyof ChannelReading, Range])[] = [
  ['voltageV', VOLTAGE],
  ['currentA', CURRENT],
  ['energyTodayWh', DAY_ENERGY],
  ['irradiationPct', [0, 1_000]],
];

/** The same object when everything is in range, else a copy with nulls. NaN is in no range. */
function inRange<T extends object>(item: T, ranges: readonly (readonly [keyof T, Range])[]): T {
  let result = item;
  for (const [field, [low, high]] of ranges) {
    const value = item[field];
    if (typeof value === 'number' && !(value >= low && value <= high)) result = { ...result, [field]: null };
  }
  return result;
}

/** Likewise for a list: the same one when nothing in it had to change. */
function mapSame<T>(items: readonly T[], judge: (item: T) => T): readonly T[] {
  const judged = items.map(judge);
  return judged.some((item, i) => item !== items[i]) ? judged : items;
}

/**
 * A reading in which every impossible value is null and, if there was one, the flag `value_rejected` is set.
 * The same object when there was nothing to mend, which is nearly always.
 * @param ratedPowerW the device's rating where more is known than the reading says (the owner's entry)
 */
export function judgeReading(reading: Reading, ratedPowerW: number | null = reading.ratedPowerW): Reading {
  const limits = powerLimits({ kind: reading.kind, ratedPowerW });
  const judged = inRange(reading, READING_RANGES);
  const powerW = judgePower(reading.powerW, limits.acW);
  const powerDcW = judgePower(reading.powerDcW, limits.dcW);
  const phases = mapSame(reading.phases, (phase) => {
    const power = judgePower(phase.powerW, limits.acW);
    return inRange(power === phase.powerW ? phase : { ...phase, powerW: power }, PHASE_RANGES);
  });
  const channels = mapSame(reading.channels, (input) => {
    const power = judgePower(input.powerW, limits.inputW);
    return inRange(power === input.powerW ? input : { ...input, powerW: power }, INPUT_RANGES);
  });
  const samePowers = powerW === reading.powerW && powerDcW === reading.powerDcW;
  if (judged === reading && samePowers && phases === reading.phases && channels === reading.channels) return reading;
  const flags = reading.flags.includes('value_rejected')
    ? reading.flags
    : [...reading.flags, 'value_rejected' as const];
  return { ...judged, powerW, powerDcW, phases, channels, flags };
}
