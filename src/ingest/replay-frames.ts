import { solarman } from '../protocols/solarman/index.ts';
import type { InverterKey, KeptFrame } from '../store/held-frames.ts';
import type { Sample } from '../store/samples.ts';
import type { Batcher } from './batcher.ts';
import type { SampleOutcome } from './flush.ts';
import type { DeviceResolver } from './resolve.ts';
import type { SampleMaker } from './sample-maker.ts';

export interface ReplayDeps {
  resolver: DeviceResolver;
  batcher: Batcher;
  samples: SampleMaker;
}

/** What became of the kept payloads of one logger. */
export interface ReplayResult {
  /** Samples that were not there yet. */
  stored: number;
  /** Samples that were there already. */
  known: number;
  /** Payloads that say nothing, still, or whose time lies outside the accepted window: kept on. */
  left: number;
}

/**
 * Decodes the kept payloads of one logger again, with the decoders of today, and books what they say as if it had just come. What is
 * booked is kept no longer; a second run finds nothing new. One of them that waits for its date is left to the collector.
 * @returns null when the logger is nobody's at the moment
 * @throws Unavailable
 */
export async function replayFrames(
  { resolver, batcher, samples }: ReplayDeps,
  key: InverterKey & { serial: string },
  frames: readonly (KeptFrame & { reason: string })[],
  now: Date,
): Promise<ReplayResult | null> {
  const device = (await resolver.resolve('solarman', null, [key.serial], now.getTime())).get(key.serial);
  if (device === undefined || device.inverterId !== key.inverterId) return null;
  const readings = solarman.replay(frames, key.serial, []);
  const made: Sample[] = [];
  frames.forEach((frame, i) => {
    const reading = readings[i] ?? null;
    if (reading === null || (reading.sampledAt === null && frame.reason === 'undated')) return;
    const { sample } = samples.make(reading, device, now, frame.receivedAt);
    if (sample === null) return;
    // What could not be believed then cannot be now: it stays for whoever looks into it.
    const isDone = !reading.flags.includes('value_rejected');
    made.push({ ...sample, mayMove: true, ...(isDone ? { keptAs: frame.id } : {}) });
  });
  const outcomes = await batcher.submit(made);
  const count = (...of: SampleOutcome[]) => outcomes.filter((outcome) => of.includes(outcome)).length;
  const settled = made.filter(({ keptAs }, i) => keptAs !== undefined && outcomes[i] !== 'gone').length;
  return { stored: count('stored', 'moved'), known: count('duplicate'), left: frames.length - settled };
}
