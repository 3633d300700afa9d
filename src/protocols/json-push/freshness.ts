import type { ChannelReading, Reading } from '../../domain/reading.ts';

/** A measurement is stale after this time at the earliest, or after three intervals (rule of the case `night-frozen-values`). */
const STALE_AFTER_MS = 5 * 60_000;
const STALE_AFTER_INTERVALS = 3;

/** Whether a value measured `ageMs` before the push is repeated rather than measured. Unknown age is not stale. */
export function isStale(ageMs: number | null, intervalS = 0): boolean {
  return ageMs !== null && ageMs > Math.max(STALE_AFTER_MS, STALE_AFTER_INTERVALS * intervalS * 1000);
}

/**
 * The same reading without what was not measured at its moment. By factory default OpenDTU repeats the last power all night
 * (devices §1.5): stored as it comes, that is twelve hours of ghost production.
 * Counters stay, for they do not move while nobody looks, except those of 0: after its boot a gateway says 0 until it hears the
 * inverter, lifetime yield included.
 * @param powerIsStated the source says itself, by zeroing its values, that nothing is produced: powers of 0 stay
 */
export function withoutMomentary(reading: Reading, powerIsStated: boolean): Reading {
  const power = (value: number | null) => (powerIsStated && value === 0 ? 0 : null);
  return {
    ...reading,
    fresh: false,
    powerW: power(reading.powerW),
    powerDcW: power(reading.powerDcW),
    voltageV: null,
    currentA: null,
    frequencyHz: null,
    powerFactor: null,
    temperatureC: null,
    phases: [],
    ...countersHeard(reading),
    channels: reading.channels.map((channel) => ({
      ...channel,
      powerW: power(channel.powerW),
      voltageV: null,
      currentA: null,
      irradiationPct: null,
      ...countersHeard(channel),
    })),
  };
}

function countersHeard(
  source: Pick<ChannelReading, 'energyTodayWh' | 'energyTotalWh'>,
): Pick<ChannelReading, 'energyTodayWh' | 'energyTotalWh'> {
  // Negative totals are legal: the user may have set an offset (devices §1.2).
  if (source.energyTotalWh === 0 || source.energyTotalWh === null) return { energyTodayWh: null, energyTotalWh: null };
  return { energyTodayWh: source.energyTodayWh, energyTotalWh: source.energyTotalWh };
}
