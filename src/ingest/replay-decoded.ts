import { solarman } from '../protocols/solarman/index.ts';
import { decodedOfNextDay } from '../store/decoded-frames.ts';
import type { InverterKey } from '../store/held-frames.ts';
import type { OwnerClient } from '../store/owner-accounts.ts';
import { replaceSamples } from '../store/replace-samples.ts';
import type { Sample } from '../store/samples.ts';
import type { DeviceResolver } from './resolve.ts';
import type { SampleMaker } from './sample-maker.ts';

export interface ReplayDecodedDeps {
  owner<T>(work: (client: OwnerClient) => Promise<T>): Promise<T>;
  resolver: DeviceResolver;
  samples: SampleMaker;
}

/** What the frames of one logger say now that they did not say before. */
export interface DecodedAgain {
  /** Samples that are others than before. */
  changed: number;
  /** From the first of them to the last; null when there is none. */
  range: { from: Date; to: Date } | null;
}

/**
 * Decodes the frames of one logger again that were understood when they came, with the decoders of today, and puts what they say in the
 * place of what they said. They are kept on: they have their days. Day by day, so that what is held in memory is bounded; what the
 * changes come to in energy is for `recompute`.
 * @returns null when the logger is nobody's at the moment
 * @throws Unavailable
 */
export async function replayDecoded(
  { owner, resolver, samples }: ReplayDecodedDeps,
  key: InverterKey & { serial: string },
  now: Date,
): Promise<DecodedAgain | null> {
  const device = (await resolver.resolve('solarman', null, [key.serial], now.getTime())).get(key.serial);
  if (device === undefined || device.inverterId !== key.inverterId) return null;
  const again: DecodedAgain = { changed: 0, range: null };
  for (let from = new Date(0); ; ) {
    const frames = await owner((client) => decodedOfNextDay(client, key, from));
    const last = frames.at(-1);
    if (last === undefined) return again;
    const readings = solarman.replay(frames, key.serial, []);
    const made: Sample[] = [];
    const gone: Date[] = [];
    frames.forEach((frame, i) => {
      const reading = readings[i] ?? null;
      if (reading?.timeQuality !== 'device') return;
      const { sample } = samples.make(reading, device, now, frame.receivedAt);
      if (sample === null) return;
      made.push(sample);
      gone.push(frame.sampledAt);
    });
    const changed = await owner((client) => replaceSamples(client, key, made, gone));
    const [first, end] = [changed[0], changed.at(-1)];
    if (first !== undefined && end !== undefined) again.range = { from: again.range?.from ?? first, to: end };
    again.changed += changed.length;
    from = new Date(last.sampledAt.getTime() + 1);
  }
}
