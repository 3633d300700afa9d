import { inTransaction, type Tx } from '../db/as-tenant.ts';
import type { DbPool } from '../db/pools.ts';
import type { EnergyFacts } from '../domain/energy/types.ts';
import { daylightAt, type Place, placeOfZone } from '../domain/sun.ts';
import { claimFrames } from '../store/held-frames.ts';
import { appendSamples, book, keepFolds, lockCounters, noteLate, type Sample } from '../store/samples.ts';
import { foldInverter, type InverterFold } from './fold-inverter.ts';
import { moveFromTaken } from './move-from-taken.ts';

/** What became of a sample: `moved` when it is stored beside its own second, which another has; `gone` when its inverter was deleted meanwhile. */
export type SampleOutcome = 'stored' | 'moved' | 'duplicate' | 'gone';

/** What the fold must know of a device beyond its readings. */
export interface DeviceFacts {
  ratedPowerW: number | null;
  timeZone: string;
  place: Place | null;
}

/** Of a device that was resolved a moment ago; null when it is no longer known. */
export type FactsOf = (sample: Sample) => DeviceFacts | null;

/**
 * One flush (storage design, "The flush"): lock the counters, insert the samples, fold the new ones by time, book, announce, COMMIT.
 * Everything of a batch is in this one transaction, so a crash leaves either all of it or none.
 * @returns what became of each sample, in order, once it is durable
 * @throws Unavailable, or the database's error when a sample is refused by it
 */
export async function flushSamples(pool: DbPool, given: readonly Sample[], factsOf: FactsOf): Promise<SampleOutcome[]> {
  return inTransaction(pool, async (tx) => {
    const counters = await lockCounters(tx, distinctInverters(given));
    const existing = new Set(counters.map(inverterKey));
    const isBooked = await bookedBefore(tx, given, existing);
    const samples = given.filter((_, i) => !isBooked[i]);
    const fresh = new Set(await appendSamples(tx, samples));
    const isTaken = (sample: Sample, i: number) => !fresh.has(i) && existing.has(inverterKey(sample));
    const went = await moveFromTaken(
      tx,
      samples.filter((sample, i) => sample.mayMove === true && isTaken(sample, i)),
    );
    const byInverter = groupByInverter([...samples.filter((_, i) => fresh.has(i)), ...notNull(went.values())]);
    const folds = counters.flatMap((row) => {
      const own = byInverter.get(inverterKey(row));
      const first = own?.[0];
      return own === undefined || first === undefined
        ? []
        : [foldInverter(row, own, energyFacts(first, factsOf(first)))];
    });
    if (folds.length > 0) await bookFolds(tx, folds);
    const outcomes = samples.map((sample, i): SampleOutcome => {
      if (fresh.has(i)) return 'stored';
      if (!isTaken(sample, i)) return 'gone';
      const to = sample.mayMove === true ? went.get(sample) : null;
      return to === undefined ? 'gone' : to === null ? 'duplicate' : 'moved';
    });
    const next = outcomes.values();
    return given.map((_, i) => (isBooked[i] ? 'duplicate' : (next.next().value ?? 'gone')));
  });
}

/** Which of these samples are of a kept payload that somebody else has booked, perhaps under another date. */
async function bookedBefore(tx: Tx, samples: readonly Sample[], existing: ReadonlySet<string>): Promise<boolean[]> {
  const isKept = (sample: Sample) => sample.keptAs !== undefined && existing.has(inverterKey(sample));
  const kept = samples.filter(isKept);
  if (kept.length === 0) return [];
  const claimed = await claimFrames(tx, kept);
  // Once for each payload.
  return samples.map((sample) => isKept(sample) && !claimed.delete(sample.keptAs ?? 0));
}

function energyFacts({ reading }: Sample, known: DeviceFacts | null): EnergyFacts {
  return {
    kind: reading.kind,
    ratedPowerW: known?.ratedPowerW ?? reading.ratedPowerW,
    counterStepWh: reading.counterStepWh,
    daylight: daylightAt(known?.place ?? placeOfZone(known?.timeZone ?? 'UTC')),
  };
}

async function bookFolds(tx: Tx, folds: readonly InverterFold[]): Promise<void> {
  await book(
    tx,
    folds.map((f) => f.counter),
    folds.flatMap((f) => f.energy),
    folds.flatMap((f) => f.events),
  );
  const keyed = <T>(of: (fold: InverterFold) => readonly T[]) =>
    folds.flatMap((f) => of(f).map((item) => ({ userId: f.counter.userId, inverterId: f.counter.inverterId, item })));
  const late = keyed((f) => f.late);
  if (late.length > 0)
    await noteLate(
      tx,
      late.map(({ item, ...key }) => ({ ...key, at: item })),
    );
  const days = keyed((f) => f.dayStates);
  if (days.length > 0)
    await keepFolds(
      tx,
      days.map(({ item, ...key }) => ({ ...key, ...item })),
    );
}

function inverterKey(x: { userId: number; inverterId: number }): string {
  return `${x.userId}:${x.inverterId}`;
}

function distinctInverters(samples: readonly Sample[]): { userId: number; inverterId: number }[] {
  const seen = new Map<string, { userId: number; inverterId: number }>();
  for (const { userId, inverterId } of samples) seen.set(`${userId}:${inverterId}`, { userId, inverterId });
  return [...seen.values()];
}

function notNull<T>(values: Iterable<T | null>): T[] {
  return [...values].filter((value) => value !== null);
}

/** The new samples by inverter, in order of time. */
function groupByInverter(samples: readonly Sample[]): Map<string, Sample[]> {
  const groups = new Map<string, Sample[]>();
  samples.forEach((sample) => {
    const key = inverterKey(sample);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [sample]);
    else group.push(sample);
  });
  for (const group of groups.values()) group.sort((a, b) => a.sampledAt.getTime() - b.sampledAt.getTime());
  return groups;
}
