import type { DbPool } from '../../db/pools.ts';
import { Unavailable } from '../../domain/errors.ts';
import { judgeReading } from '../../domain/plausibility.ts';
import { atStoredPrecision } from '../../domain/stored-precision.ts';
import { flushSamples } from '../../ingest/flush.ts';
import { MAX_FUTURE_MS } from '../../ingest/sample-time.ts';
import type { Predecessor } from '../../store/predecessor.ts';
import type { InverterToTakeOver } from '../../store/predecessor-import.ts';
import type { Sample } from '../../store/samples.ts';
import { isChannel, moments, type OldMoment, readingOf } from './readings.ts';

export interface MeasurementsReport {
  /** Samples that are new here; each with its inputs. */
  copied: number;
  alreadyThere: number;
  /** Rows that stood there several times for the same moment. */
  duplicatesCollapsed: number;
  /** Of inverters that were not taken, of the future, or of inputs there cannot be. */
  refused: number;
  /** Older than what is kept, at an inverter that has newer samples already: what they earned cannot be told from what is booked. */
  tooOld: number;
  /** Of those copied: their inverter has newer ones already, and the worker books their energy. */
  late: number;
}

export interface MeasurementsOptions {
  predecessor: Predecessor;
  /** The serving login of ingest: imported samples go the way of all others. */
  ingest: DbPool;
  inverters: ReadonlyMap<number, InverterToTakeOver>;
  lastSamples: ReadonlyMap<number, Date>;
  timeZone: string;
  retentionDays: number;
  storeDcChannelData: boolean;
  now: Date;
  onProgress?: (until: string, copied: number) => void;
  signal?: AbortSignal;
}

export interface ChannelName {
  userId: number;
  inverterId: number;
  channel: number;
  name: string;
}

const WEEK_MS = 7 * 86_400_000;
const BATCH = 500;

/**
 * Stores everything that was measured, week by week and in order of time, so that energy is folded as if it came in today. Whatever is
 * there already is left alone: an import can be broken off and run again.
 */
export async function takeMeasurements(
  options: MeasurementsOptions,
): Promise<{ report: MeasurementsReport; channelNames: ChannelName[] }> {
  const report: MeasurementsReport = {
    copied: 0,
    alreadyThere: 0,
    duplicatesCollapsed: 0,
    refused: 0,
    tooOld: 0,
    late: 0,
  };
  const names = new Map<string, ChannelName>();
  const range = await options.predecessor.range();
  if (range === null) return { report, channelNames: [] };
  const wholeKwh = await options.predecessor.wholeKwh();
  const last = new Map(options.lastSamples);
  for (let from = Date.parse(range.from); from <= Date.parse(range.to); from += WEEK_MS) {
    const week = { from: new Date(from).toISOString(), to: new Date(from + WEEK_MS).toISOString() };
    await options.predecessor.measurements(week, async (ac, dc) => {
      let batch: Sample[] = [];
      for await (const moment of moments(ac, dc)) {
        report.duplicatesCollapsed += moment.duplicates;
        const sample = sampleOf(moment, options, wholeKwh, last, report, names);
        if (sample === null) continue;
        batch.push(sample);
        if (batch.length < BATCH) continue;
        await store(batch, options, last, report);
        batch = [];
      }
      await store(batch, options, last, report);
    });
    if (options.signal?.aborted === true)
      throw new Unavailable('Interrupted. What is here already stays; run it again to go on.');
    options.onProgress?.(week.to, report.copied);
  }
  return { report, channelNames: [...names.values()] };
}

function sampleOf(
  moment: OldMoment,
  { inverters, retentionDays, storeDcChannelData, now }: MeasurementsOptions,
  wholeKwh: boolean,
  last: ReadonlyMap<number, Date>,
  report: MeasurementsReport,
  names: Map<string, ChannelName>,
): Sample | null {
  const inverter = inverters.get(moment.inverterId);
  if (inverter === undefined || moment.ms > now.getTime() + MAX_FUTURE_MS) {
    report.refused++;
    return null;
  }
  const { userId, id: inverterId, ratedPowerW } = inverter;
  const isKept = moment.ms >= now.getTime() - retentionDays * 86_400_000;
  if (!isKept && moment.ms <= (last.get(inverterId)?.getTime() ?? Number.NEGATIVE_INFINITY)) {
    // Its like may have been removed here, with its energy booked: stored anew it would be booked again.
    report.tooOld++;
    return null;
  }
  for (const { channel, name } of moment.inputs) {
    if (!isChannel(channel)) report.refused++;
    else if (name !== null && name.trim() !== '') {
      names.set(`${inverterId} ${channel}`, { userId, inverterId, channel, name: name.trim().slice(0, 100) });
    }
  }
  const judged = judgeReading(readingOf(moment, inverter, wholeKwh), ratedPowerW);
  const reading = atStoredPrecision(judged, storeDcChannelData);
  const sampledAt = new Date(moment.ms);
  return { userId, inverterId, sampledAt, receivedAt: sampledAt, reading };
}

async function store(
  batch: readonly Sample[],
  { ingest, timeZone, inverters }: MeasurementsOptions,
  last: Map<number, Date>,
  report: MeasurementsReport,
): Promise<void> {
  if (batch.length === 0) return;
  const factsOf = ({ inverterId }: Sample) => ({
    ratedPowerW: inverters.get(inverterId)?.ratedPowerW ?? null,
    timeZone,
    place: null,
  });
  const outcomes = await flushSamples(ingest, batch, factsOf);
  batch.forEach(({ inverterId, sampledAt }, i) => {
    const newest = last.get(inverterId);
    if (outcomes[i] === 'gone') report.refused++;
    else if (outcomes[i] === 'duplicate') report.alreadyThere++;
    else {
      report.copied++;
      if (newest !== undefined && sampledAt < newest) report.late++;
    }
    if (newest === undefined || sampledAt > newest) last.set(inverterId, sampledAt);
  });
}
