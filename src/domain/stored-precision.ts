import type { ChannelReading, Reading } from './reading.ts';

/**
 * A reading as it will be read back from the store: power in tenths of a watt, and without the inputs' W, V and A where those are not
 * kept. Energy is folded from this form, so that a replay from stored samples books exactly the same.
 */
export function atStoredPrecision(reading: Reading, storeDcChannelData: boolean): Reading {
  return {
    ...reading,
    powerW: tenths(reading.powerW),
    powerDcW: tenths(reading.powerDcW),
    phases: reading.phases.map((phase) => ({ ...phase, powerW: tenths(phase.powerW) })),
    channels: reading.channels.map((input) =>
      storeDcChannelData ? { ...input, powerW: tenths(input.powerW) } : withoutMeasurements(input),
    ),
  };
}

function tenths(watts: number | null): number | null {
  return watts === null ? null : Math.round(watts * 10) / 10;
}

/** Only the counters of an input: those are what its energy comes from. */
function withoutMeasurements(input: ChannelReading): ChannelReading {
  return { ...input, powerW: null, voltageV: null, currentA: null, irradiationPct: null };
}
