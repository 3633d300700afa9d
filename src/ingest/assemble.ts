import type { DbPool } from '../db/pools.ts';
import type { Sample } from '../store/samples.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Tracer } from '../telemetry/tracing.ts';
import { BatchIntake } from './batch-intake.ts';
import { Batcher } from './batcher.ts';
import { ClaimDesk } from './claims.ts';
import { DecodedFrames } from './decoded-frames.ts';
import { DeviceNotes } from './device-notes.ts';
import { type FactsOf, flushSamples, type SampleOutcome } from './flush.ts';
import { HeldFrames } from './held-frames.ts';
import { Inbox } from './inbox.ts';
import { Intake } from './intake.ts';
import { DeviceResolver } from './resolve.ts';
import { SampleMaker } from './sample-maker.ts';

export interface IngestSettings {
  storeDcChannelData: boolean;
  defaultTimeZone: string;
  retentionDays: number;
  /** Days that frames which were understood are kept as they came; none when absent or 0. */
  rawFrameDays?: number;
  /** Addresses that stand for a proxy, not for a household; none when absent. */
  isProxy?: (address: string) => boolean;
  /** Where flushes are traced; nowhere without it. */
  tracer?: Tracer | null;
}

/** The way of a reading from a decoder to the COMMIT, put together: one per process. */
export interface IngestParts {
  intake: Intake;
  batches: BatchIntake;
  inbox: Inbox;
  resolver: DeviceResolver;
  batcher: Batcher;
  notes: DeviceNotes;
  samples: SampleMaker;
  claims: ClaimDesk;
  held: HeldFrames;
  /** Null where frames that were understood are not kept. */
  decoded: DecodedFrames | null;
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
    // A logger is looked up without an account; readings that somebody sends for it, with one.
    const logger = reading.kind === 'solarman' ? resolver.lastKnown('solarman', null, reading.serial) : null;
    const device = logger ?? resolver.lastKnown(reading.kind, userId, reading.serial);
    if (device === null || device === undefined) return null;
    return { ratedPowerW: device.ratedPowerW, timeZone: device.timeZone, place: device.place };
  };
  const flush = (batch: Sample[]): Promise<SampleOutcome[]> => flushSamples(pool, batch, factsOf);
  const { tracer = null } = settings;
  // Many requests and frames share a flush, so it is no part of any of them.
  const traced = (batch: Sample[]): Promise<SampleOutcome[]> =>
    tracer === null
      ? flush(batch)
      : tracer.trace({ name: 'flush', parent: null, attributes: { 'deye_hard.samples': batch.length } }, () =>
          flush(batch),
        );
  const batcher = new Batcher(traced);
  const notes = new DeviceNotes(pools.notes ?? pool, log);
  const claims = new ClaimDesk({ pool, resolver, log, isProxy: settings.isProxy ?? (() => false) });
  const samples = new SampleMaker(settings, (event) => notes.event(event));
  const inbox = new Inbox({ pool, resolver, batcher, notes, samples, log });
  const decoded = settings.rawFrameDays ? new DecodedFrames(pools.notes ?? pool, settings.rawFrameDays, log) : null;
  const held = new HeldFrames({ pool, resolver, batcher, samples, log });
  const intake = new Intake({
    pool,
    resolver,
    batcher,
    notes,
    claims,
    samples,
    held,
    decoded,
    inbox,
    log,
    defaultTimeZone: settings.defaultTimeZone,
    ...(now === undefined ? {} : { now }),
  });
  return {
    intake,
    batches: new BatchIntake({ resolver, batcher, notes, samples, inbox }),
    inbox,
    resolver,
    batcher,
    notes,
    samples,
    claims,
    held,
    decoded,
    async drain() {
      await held.settled();
      await batcher.stop();
      await decoded?.settled();
      await notes.settled();
    },
  };
}
