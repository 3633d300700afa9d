import type { DeviceKind } from '../inverter.ts';
import type { Reading } from '../reading.ts';

/** One counter of a sample. Channel 0 is the inverter's own, 1… are its inputs. Unknown is null, never 0. */
export interface CounterInput {
  channel: number;
  /** Lifetime total in whole Wh as the device tells it; may be negative (offset). */
  totalWh: number | null;
  /** Momentary power in W, already judged (`plausibility.ts`). */
  powerW: number | null;
}

/** What the fold needs of one stored sample. */
export interface EnergySample {
  /** When it was measured, epoch milliseconds. */
  t: number;
  /** False: the device repeats itself (devices §1.5). Such a sample has no effect at all. */
  fresh: boolean;
  counters: readonly CounterInput[];
}

/** What the fold needs to know of the device. */
export interface EnergyFacts {
  kind: DeviceKind;
  ratedPowerW: number | null;
  /** Resolution of its lifetime counters: 100 for Solarman 0x5408, 1 for OpenDTU. */
  counterStepWh: number;
  /** Whether the sun is up in the quarter hour that starts at this epoch millisecond; asked only to spread over a gap. */
  daylight: (quarterStartMs: number) => boolean;
}

/**
 * What one quarter hour gains. Everything is to be *added* to the row (`powerMaxDw` is a maximum); all lists are indexed by channel and equally long. Powers are whole tenths of a watt, as samples are stored: sums of them are exact.
 */
export interface QuarterBooking {
  /** Epoch milliseconds, a multiple of 15 minutes. */
  quarterStart: number;
  energyWh: number[];
  /**
   * The part of `energyWh` that was not measured but inferred; the quarter hour is `estimated` where it is positive. An amount and no
   * flag, because it can be taken back when late samples fill the gap.
   */
  estimatedWh: number[];
  powerSumDw: number[];
  powerCount: number[];
  powerMaxDw: (number | null)[];
}

/**
 * Something a member should be able to look up.
 * - `quarantined`: a total was not believed; detail `{reason:'jump'|'fall'|'zero', totalWh, goodWh}`
 * - `rebased`: a new series was accepted; detail `{fromWh, toWh, bookedWh}`
 * - `gap`: nothing came for a while although the sun was up; detail `{fromMs, toMs}`
 */
export interface EnergyEvent {
  kind: 'quarantined' | 'rebased' | 'gap';
  channel: number;
  /** Time of the sample that told, epoch milliseconds. */
  t: number;
  detail: Readonly<Record<string, number | string>>;
}

/** The part of a reading that the fold looks at. `sampledAtMs` because a reading's own time may have had to be resolved. */
export function energySample(reading: Reading, sampledAtMs: number): EnergySample {
  const counters: CounterInput[] = [{ channel: 0, totalWh: reading.energyTotalWh, powerW: reading.powerW }];
  for (const input of reading.channels) {
    counters.push({ channel: input.channel, totalWh: input.energyTotalWh, powerW: input.powerW });
  }
  return { t: sampledAtMs, fresh: reading.fresh, counters };
}
