import { packEnergyState, unpackEnergyState } from '../domain/energy/packing.ts';
import { counterColumns, type EnergyState, emptyEnergyState } from '../domain/energy/state.ts';
import { type EnergyFacts, energySample, type QuarterBooking } from '../domain/energy/types.ts';
import { foldEnergy, isLate } from '../domain/energy.ts';
import type { CounterRow, EnergyDelta, LockedCounter, NotedEvent, Sample } from '../store/samples.ts';
import { MAX_FUTURE_MS } from './sample-time.ts';

/** The memory of one inverter between batches, as it lies in the database. */
export interface StoredFold {
  energy: EnergyState;
  /** Seconds between its last live samples, newest last. */
  intervals: number[];
  /** Step of the device's lifetime counters in Wh, for a replay. */
  counterStepWh: number;
}

export interface InverterFold {
  counter: CounterRow;
  energy: EnergyDelta[];
  events: NotedEvent[];
  /** Samples older than the fold had already come: their energy waits for a replay. */
  late: Date[];
  /** The state before the first sample of each UTC day that began in this batch. */
  dayStates: { day: Date; fold: unknown }[];
}

const DAY_MS = 86_400_000;

/** The new samples of one inverter, in order of time, folded into its locked row. Pure. */
export function foldInverter(row: LockedCounter, samples: readonly Sample[], facts: EnergyFacts): InverterFold {
  const before = readFold(row.fold);
  const late = samples.filter((s) => s.reading.fresh && isLate(before.energy, s.sampledAt.getTime()));
  const onTime = samples.filter((s) => !isLate(before.energy, s.sampledAt.getTime()));
  let state = before.energy;
  const bookings: QuarterBooking[] = [];
  const events: NotedEvent[] = [];
  const dayStates: InverterFold['dayStates'] = [];
  const base = { userId: row.userId, inverterId: row.inverterId };
  for (const day of byDay(onTime)) {
    // Kept as it was before the day's first sample: a replay of that day begins there.
    if (dayOf(state.at) < day.start) dayStates.push({ day: new Date(day.start), fold: packEnergyState(state) });
    const result = foldEnergy(
      state,
      day.samples.map((s) => energySample(s.reading, s.sampledAt.getTime())),
      facts,
    );
    state = result.state;
    bookings.push(...result.bookings);
    for (const e of result.events) {
      events.push({ ...base, channel: e.channel, at: new Date(e.t), kind: e.kind, detail: { ...e.detail } });
    }
  }
  if (late[0] !== undefined) {
    events.push({ ...base, channel: null, at: late[0].sampledAt, kind: 'late', detail: { samples: late.length } });
  }
  const intervals = nextIntervals(before.intervals, row.lastLiveAt, samples);
  const { firstGoodWh, bookedWh, counterWh } = counterColumns(state, facts.kind);
  const { lastSampleAt, lastLiveAt, lastFreshAt, lastReceivedAt } = times(row, samples);
  // Field by field, here and below: objects put together of others cost a push more than all that is reckoned for it.
  const counter: CounterRow = {
    userId: row.userId,
    inverterId: row.inverterId,
    fold: writeFold({ energy: state, intervals, counterStepWh: facts.counterStepWh }),
    firstGoodWh,
    bookedWh,
    counterWh,
    lastSampleAt,
    lastLiveAt,
    lastFreshAt,
    lastReceivedAt,
    intervalS: median(intervals),
  };
  return { counter, energy: energyDeltas(base, bookings), events, late: late.map((s) => s.sampledAt), dayStates };
}

/** Bookings of one inverter as rows to be added; those of the same quarter hour are put together, for a row can be written once. */
export function energyDeltas(
  base: { userId: number; inverterId: number },
  bookings: readonly QuarterBooking[],
): EnergyDelta[] {
  const rows = new Map<number, EnergyDelta>();
  for (const b of bookings) {
    const row = rows.get(b.quarterStart);
    if (row === undefined) {
      const { quarterStart, energyWh, estimatedWh, powerSumDw, powerCount, powerMaxDw } = b;
      rows.set(quarterStart, {
        userId: base.userId,
        inverterId: base.inverterId,
        quarterStart: new Date(quarterStart),
        energyWh,
        estimatedWh,
        powerSumDw,
        powerCount,
        powerMaxDw,
      });
      continue;
    }
    for (const field of ['energyWh', 'estimatedWh', 'powerSumDw', 'powerCount'] as const) {
      row[field] = merged(row[field], b[field], (x, y) => x + y);
    }
    row.powerMaxDw = merged(row.powerMaxDw, b.powerMaxDw, Math.max);
  }
  return [...rows.values()];
}

function merged(
  a: readonly (number | null)[],
  b: readonly (number | null)[],
  join: (x: number, y: number) => number,
): (number | null)[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => {
    const x = a[i] ?? null;
    const y = b[i] ?? null;
    return x === null ? y : y === null ? x : join(x, y);
  });
}

export function readFold(stored: unknown): StoredFold {
  if (stored === null || stored === undefined) return { energy: emptyEnergyState(), intervals: [], counterStepWh: 1 };
  const { e, i, s } = stored as { e: unknown; i: number[]; s: number };
  return { energy: unpackEnergyState(e), intervals: i, counterStepWh: s };
}

export function writeFold({ energy, intervals, counterStepWh }: StoredFold): unknown {
  return { e: packEnergyState(energy), i: intervals, s: counterStepWh };
}

function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS) * DAY_MS;
}

function byDay(samples: readonly Sample[]): { start: number; samples: Sample[] }[] {
  const days: { start: number; samples: Sample[] }[] = [];
  for (const sample of samples) {
    const start = dayOf(sample.sampledAt.getTime());
    const last = days[days.length - 1];
    if (last?.start === start) last.samples.push(sample);
    else days.push({ start, samples: [sample] });
  }
  return days;
}

function times(
  row: LockedCounter,
  samples: readonly Sample[],
): Pick<CounterRow, 'lastSampleAt' | 'lastLiveAt' | 'lastFreshAt' | 'lastReceivedAt'> {
  let { lastSampleAt, lastLiveAt, lastFreshAt, lastReceivedAt } = row;
  for (const { sampledAt, receivedAt, reading } of samples) {
    if (lastSampleAt === null || sampledAt > lastSampleAt) lastSampleAt = sampledAt;
    // A sample the device kept during an outage fills history and never moves "now".
    if (reading.stored) continue;
    if (isNewer(sampledAt, lastLiveAt, receivedAt)) {
      lastLiveAt = sampledAt;
      lastReceivedAt = receivedAt;
    }
    if (reading.fresh && isNewer(sampledAt, lastFreshAt, receivedAt)) lastFreshAt = sampledAt;
  }
  return { lastSampleAt, lastLiveAt, lastFreshAt, lastReceivedAt };
}

/** Whether it takes the place of `last`. One that has not come yet was taken while this machine's clock ran ahead: it is not "now". */
function isNewer(sampledAt: Date, last: Date | null, now: Date): boolean {
  return last === null || sampledAt > last || last.getTime() > now.getTime() + MAX_FUTURE_MS;
}

const REMEMBERED_INTERVALS = 20;
/** Longer silences are nights and outages, not a cadence. */
const LONGEST_INTERVAL_S = 3_600;

function nextIntervals(known: readonly number[], lastLiveAt: Date | null, samples: readonly Sample[]): number[] {
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

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? null;
}
