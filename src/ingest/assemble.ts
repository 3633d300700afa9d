import type { DbPool } from '../db/pools.ts';
import type { Logger } from '../telemetry/logger.ts';
import { Batcher } from './batcher.ts';
import { DeviceNotes } from './device-notes.ts';
import { type FactsOf, flushSamples } from './flush.ts';
import { Intake } from './intake.ts';
import { DeviceResolver } from './resolve.ts';

export interface IngestSettings {
  storeDcChannelData: boolean;
  defaultTimeZone: string;
  retentionDays: number;
}

/** The way of a reading from a decoder to the COMMIT, put together: one per process. */
export interface IngestParts {
  intake: Intake;
  resolver: DeviceResolver;
  batcher: Batcher;
  notes: DeviceNotes;
  /** Stores what is queued; call after the doors are closed. */
  drain(): Promise<void>;
}

export function assembleIngest(
  pools: { ingest: DbPool; notes?: DbPool },
  settings: IngestSettings,
  log: Logger,
  now?: () => Date,
): IngestParts {
  const pool = pools.ingest;
  const resolver = new DeviceResolver(pool);
  const factsOf: FactsOf = ({ userId, reading }) => {
    const device = resolver.lastKnown(reading.kind, reading.kind === 'solarman' ? null : userId, reading.serial);
    if (device === null || device === undefined) return null;
    return { ratedPowerW: device.ratedPowerW, timeZone: device.timeZone, place: device.place };
  };
  const batcher = new Batcher((samples) => flushSamples(pool, samples, factsOf));
  const notes = new DeviceNotes(pools.notes ?? pool, log);
  const intake = new Intake({
    pool,
    resolver,
    batcher,
    notes,
    log,
    defaultTimeZone: settings.defaultTimeZone,
    retentionDays: settings.retentionDays,
    storeDcChannelData: settings.storeDcChannelData,
    ...(now === undefined ? {} : { now }),
  });
  return {
    intake,
    resolver,
    batcher,
    notes,
    async drain() {
      await batcher.stop();
      await notes.settled();
    },
  };
}
