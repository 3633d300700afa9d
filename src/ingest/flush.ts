import { inTransaction, type Tx } from '../db/as-tenant.ts';
import type { DbPool } from '../db/pools.ts';
import { packEnergyState, unpackEnergyState } from '../domain/energy/packing.ts';
import { type EnergyState, emptyEnergyState, energyTotalWh, isSumOfInputs } from '../domain/energy/state.ts';
import { energySample, type QuarterBooking } from '../domain/energy/types.ts';
import { foldEnergy, isLate } from '../domain/energy.ts';
import { daylightAt, type Place, placeOfZone } from '../domain/sun.ts';
import {
  appendSamples,
  book,
  type CounterRow,
  type EnergyDelta,
  lockCounters,
  type NotedEvent,
  type Sample,
} from '../store/samples.ts';

/** What became of a sample: `gone` when its inverter was deleted meanwhile. */
export type SampleOutcome = 'stored' | 'duplicate' | 'gone';

/** What the fold must know of a device beyond its readings. */
export interface DeviceFacts {
  ratedPowerW: number | null;
  timeZone: string;
  place: Place | null;
}

export interface FlushOptions {
  storeDcChannelData: boolean;
  /** Of a device that was resolved a moment ago; null when it is no longer known. */
  factsOf: (sample: Sample) => DeviceFacts | null;
}

/**
 * One flush (storage design, "The flush"): lock the counters, insert the samples, fold the new ones by time, book, announce, COMMIT.
 * Everything of a batch is in this one transaction, so a crash leaves either all of it or none.
 * @returns what became of each sample, in order, once it is durable
 * @throws Unavailable, or the database's error when a sample is refused by it
 */
export async function flushSamples(
  pool: DbPool,
  samples: readonly Sample[],
  options: FlushOptions,
): Promise<SampleOutcome[]> {
  return inTransaction(pool, async (tx) => {
    const counters = await lockCounters(tx, distinctInverters(samples));
    const fresh = new Set(await appendSamples(tx, samples, options.storeDcChannelData));
    const byInverter = groupNew(samples, fresh);
    const folds = counters.flatMap((row) => {
      const own = byInverter.get(inverterKey(row));
      return own === undefined ? [] : [foldInverter(row, own, options)];
    });
    if (folds.length > 0) await bookFolds(tx, folds);
    const existing = new Set(counters.map(inverterKey));
    return samples.map((sample, i) => {
      if (fresh.has(i)) return 'stored';
      return existing.has(inverterKey(sample)) ? 'duplicate' : 'gone';
    });
  });
}

interface InverterFold {
  counter: CounterRow;
  energy: EnergyDelta[];
  events: NotedEvent[];
}

function bookFolds(tx: Tx, folds: InverterFold[]): Promise<void> {
  return book(
    tx,
    folds.map((f) => f.counter),
    folds.flatMap((f) => f.energy),
    folds.flatMap((f) => f.events),
  );
}

/** The new samples of one inverter, folded into its locked row. */
function foldInverter(row: CounterRow, samples: Sample[], options: FlushOptions): InverterFold {
  const first = samples[0] as Sample;
  const known = options.factsOf(first);
  const { kind } = first.reading;
  const before = readFold(row.fold);
  const result = foldEnergy(
    before.energy,
    samples.map((s) => energySample(s.reading, s.sampledAt.getTime())),
    {
      kind,
      ratedPowerW: known?.ratedPowerW ?? first.reading.ratedPowerW,
      counterStepWh: first.reading.counterStepWh,
      daylight: daylightAt(known?.place ?? placeOfZone(known?.timeZone ?? 'UTC')),
    },
  );
  const base = { userId: row.userId, inverterId: row.inverterId };
  const events: NotedEvent[] = result.events.map((e) => ({
    ...base,
    channel: e.channel,
    at: new Date(e.t),
    kind: e.kind,
    detail: { ...e.detail },
  }));
  const late = samples.filter((s) => s.reading.fresh && isLate(before.energy, s.sampledAt.getTime()));
  if (late.length > 0)
    events.push({
      ...base,
      channel: null,
      at: late[0]?.sampledAt ?? first.sampledAt,
      kind: 'late',
      detail: { samples: late.length },
    });
  const intervals = nextIntervals(before.intervals, row.lastLiveAt, samples);
  return {
    counter: {
      ...row,
      ...counterArrays(result.state, kind),
      ...times(row, samples),
      intervalS: median(intervals),
      fold: { e: packEnergyState(result.state), i: intervals },
    },
    energy: result.bookings.map((b) => ({ ...base, ...delta(b) })),
    events,
  };
}

function delta(booking: QuarterBooking): Omit<EnergyDelta, 'userId' | 'inverterId'> {
  return {
    quarterStart: new Date(booking.quarterStart),
    energyWh: booking.energyWh,
    estimatedWh: booking.estimatedWh,
    powerSumDw: booking.powerSumDw,
    powerCount: booking.powerCount,
    powerMaxDw: booking.powerMaxDw,
  };
}

/** The readable side of the fold's state, indexed by channel. A channel nothing is known of stays null. */
function counterArrays(
  state: EnergyState,
  kind: Sample['reading']['kind'],
): Pick<CounterRow, 'firstGoodWh' | 'bookedWh' | 'counterWh'> {
  const highest = state.counters.reduce((max, c) => Math.max(max, c.channel), -1);
  const empty = (): (number | null)[] => new Array<number | null>(highest + 1).fill(null);
  const firstGoodWh = empty();
  const bookedWh = empty();
  const counterWh = empty();
  for (const counter of state.counters) {
    const total = energyTotalWh(state, kind, counter.channel);
    // Without a total nothing is known of this channel's energy: not 0 Wh, unknown.
    if (total === null || (counter.goodWh === null && counter.bookedWh === 0 && counter.channel !== 0)) continue;
    firstGoodWh[counter.channel] = total - counter.bookedWh;
    bookedWh[counter.channel] = counter.bookedWh;
    counterWh[counter.channel] = counter.goodWh;
  }
  // Where the inverter is the sum of its inputs, its own figure is the sum of theirs.
  if (highest > 0 && isSumOfInputs(state, kind)) {
    const inputs = state.counters.filter((c) => c.channel !== 0).map((c) => c.goodWh);
    counterWh[0] = inputs.reduce<number | null>((sum, wh) => (sum === null || wh === null ? null : sum + wh), 0);
  }
  return { firstGoodWh, bookedWh, counterWh };
}

function times(
  row: CounterRow,
  samples: Sample[],
): Pick<CounterRow, 'lastSampleAt' | 'lastLiveAt' | 'lastFreshAt' | 'lastReceivedAt'> {
  let { lastSampleAt, lastLiveAt, lastFreshAt, lastReceivedAt } = row;
  for (const { sampledAt, receivedAt, reading } of samples) {
    if (lastSampleAt === null || sampledAt > lastSampleAt) lastSampleAt = sampledAt;
    // A sample the device kept during an outage fills history and never moves "now".
    if (reading.stored) continue;
    if (lastLiveAt === null || sampledAt > lastLiveAt) {
      lastLiveAt = sampledAt;
      lastReceivedAt = receivedAt;
    }
    if (reading.fresh && (lastFreshAt === null || sampledAt > lastFreshAt)) lastFreshAt = sampledAt;
  }
  return { lastSampleAt, lastLiveAt, lastFreshAt, lastReceivedAt };
}

const REMEMBERED_INTERVALS = 20;
/** Longer silences are nights and outages, not a cadence. */
const LONGEST_INTERVAL_S = 3_600;

function nextIntervals(known: number[], lastLiveAt: Date | null, samples: Sample[]): number[] {
  const intervals = known.slice();
  let last = lastLiveAt;
  for (const { sampledAt, reading } of samples) {
    if (reading.stored || !reading.fresh) continue;
    const gapS = last === null ? 0 : Math.round((sampledAt.getTime() - last.getTime()) / 1000);
    if (gapS > 0 && gapS <= LONGEST_INTERVAL_S) intervals.push(gapS);
    if (last === null || sampledAt > last) last = sampledAt;
  }
  return intervals.slice(-REMEMBERED_INTERVALS);
}

function median(values: number[]): number | null {
  if (values.length === 0) return null;
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? null;
}

function readFold(stored: unknown): { energy: EnergyState; intervals: number[] } {
  if (stored === null || stored === undefined) return { energy: emptyEnergyState(), intervals: [] };
  const { e, i } = stored as { e: unknown; i: number[] };
  return { energy: unpackEnergyState(e), intervals: i };
}

function inverterKey(x: { userId: number; inverterId: number }): string {
  return `${x.userId}:${x.inverterId}`;
}

function distinctInverters(samples: readonly Sample[]): { userId: number; inverterId: number }[] {
  const seen = new Map<string, { userId: number; inverterId: number }>();
  for (const { userId, inverterId } of samples) seen.set(`${userId}:${inverterId}`, { userId, inverterId });
  return [...seen.values()];
}

/** The new samples by inverter, in order of time. */
function groupNew(samples: readonly Sample[], fresh: ReadonlySet<number>): Map<string, Sample[]> {
  const groups = new Map<string, Sample[]>();
  samples.forEach((sample, i) => {
    if (!fresh.has(i)) return;
    const key = inverterKey(sample);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [sample]);
    else group.push(sample);
  });
  for (const group of groups.values()) group.sort((a, b) => a.sampledAt.getTime() - b.sampledAt.getTime());
  return groups;
}
