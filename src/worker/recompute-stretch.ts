import type { Tx } from '../db/as-tenant.ts';
import { packEnergyState, unpackEnergyState } from '../domain/energy/packing.ts';
import { sameCourse } from '../domain/energy/replay.ts';
import { type CounterState, counterColumns, counterOf, type EnergyState } from '../domain/energy/state.ts';
import type { EnergyFacts, QuarterBooking } from '../domain/energy/types.ts';
import { foldEnergy } from '../domain/energy.ts';
import { energyDeltas, readFold, writeFold } from '../ingest/fold-inverter.ts';
import * as store from '../store/recompute.ts';
import * as refold from '../store/refold.ts';
import { book, type CounterRow, type EnergyDelta } from '../store/samples.ts';
import { factsOf } from './replay.ts';

const DAY_MS = 86_400_000;

/** Where a recompute began: the fold's state before the first sample of a day. */
export interface Origin {
  day: Date;
  state: EnergyState;
}

/** Whole quarter hours that are rebuilt in one go. */
export interface Stretch {
  from: Date;
  to: Date;
  origin: Origin;
}

/** What the samples of a stretch come to. */
export interface FoldedStretch {
  facts: EnergyFacts;
  /** What its quarter hours hold, complete: the fold went on until nothing could be booked into them any more. */
  bookings: QuarterBooking[];
  state: EnergyState;
  /** Time of the last sample there was. */
  untilMs: number;
  /** The fold has come to the last sample there was. */
  isPresent: boolean;
  /** The fold has come to a state that is the one kept for that day, or the present one: what follows stands. */
  agrees: boolean;
  dayStates: { day: Date; fold: unknown }[];
}

/**
 * Folds from the state kept before the stretch to the first day after it on which all of its energy is booked: a delta is spread back
 * to the counter's last change. Holds no lock. Needs `actFor`, and a snapshot.
 */
export async function foldStretch(
  tx: Tx,
  key: refold.InverterKey,
  { from, to, origin }: Stretch,
  onProgress: (upTo: Date) => void,
): Promise<FoldedStretch> {
  const counter = await refold.readCounter(tx, key, false);
  const device = await refold.readReplayDevice(tx, key);
  const present = readFold(counter?.fold);
  // What is stored is folded, or late: both in one transaction. Later samples than this are not in the snapshot.
  const untilMs = counter?.lastSampleAt?.getTime() ?? 0;
  const kept = await refold.readDayState(tx, key, from);
  const start =
    kept === null || kept.day < origin.day ? origin : { day: kept.day, state: unpackEnergyState(kept.fold) };
  const folded: FoldedStretch = {
    facts: device === null ? NO_FACTS : factsOf(device, present.counterStepWh),
    bookings: [],
    state: start.state,
    untilMs,
    isPresent: false,
    agrees: false,
    dayStates: [],
  };
  let day = await refold.nextSampleDay(tx, key, start.day);
  while (day !== null && day.getTime() <= untilMs) {
    if (day >= to && isSettled(folded.state, present.energy, to)) {
      const there = await refold.readDayState(tx, key, day);
      folded.agrees = there?.day.getTime() === day.getTime() && sameCourse(unpackEnergyState(there.fold), folded.state);
      return folded;
    }
    onProgress(day);
    const end = new Date(day.getTime() + DAY_MS);
    await foldDay(tx, key, { from, to }, folded, day, new Date(Math.min(end.getTime(), untilMs + 1)));
    day = await refold.nextSampleDay(tx, key, end);
  }
  return { ...folded, isPresent: true, agrees: sameCourse(present.energy, folded.state) };
}

const NO_FACTS: EnergyFacts = { kind: 'other', ratedPowerW: null, counterStepWh: 1, daylight: () => true };

async function foldDay(
  tx: Tx,
  key: refold.InverterKey,
  { from, to }: Pick<Stretch, 'from' | 'to'>,
  folded: FoldedStretch,
  begin: Date,
  end: Date,
): Promise<void> {
  // Not of days behind the stretch: those states must go on telling how these days were booked.
  if (begin.getTime() % DAY_MS === 0 && begin <= to)
    folded.dayStates.push({ day: begin, fold: packEnergyState(folded.state) });
  const { state, bookings } = foldEnergy(
    folded.state,
    await refold.readEnergySamples(tx, key, begin, end, null),
    folded.facts,
  );
  folded.state = state;
  const isInside = (b: QuarterBooking): boolean => b.quarterStart >= from.getTime() && b.quarterStart < to.getTime();
  folded.bookings.push(...bookings.filter(isInside));
}

/** Whether nothing that comes after this state can be booked before `to`. */
function isSettled(state: EnergyState, present: EnergyState, to: Date): boolean {
  return state.counters.every(
    (counter) => bookedFrom(counter) >= to.getTime() || isUntouched(counter, counterOf(present, counter.channel)),
  );
}

/** The next booking of a counter reaches back to here. */
function bookedFrom({ goodWh, changedAt, powerW, powerAt }: CounterState): number {
  if (goodWh !== null) return changedAt;
  return powerW === null ? Number.POSITIVE_INFINITY : powerAt;
}

/** A counter that has not moved up to the present has booked nothing since. */
function isUntouched(then: CounterState, now: CounterState | undefined): boolean {
  if (now === undefined || then.goodWh !== now.goodWh) return false;
  return then.goodWh === null ? then.powerAt === now.powerAt : then.changedAt === now.changedAt;
}

/**
 * Puts a folded stretch in the place of what is stored, with the counter locked. What came since the fold ended is folded now.
 * @returns how many quarter hours are different now, or 'again' when the fold is out of date
 */
export async function putInPlace(
  tx: Tx,
  key: refold.InverterKey,
  stretch: Stretch,
  folded: FoldedStretch,
): Promise<number | 'again'> {
  const counter = await refold.readCounter(tx, key, true);
  // Deleted meanwhile.
  if (counter === null) return 0;
  const stored = readFold(counter.fold);
  if (folded.isPresent) await foldTail(tx, key, stretch, folded, counter.lastSampleAt?.getTime() ?? 0);
  else if (!isSettled(folded.state, stored.energy, stretch.to)) return 'again';

  const before = await store.readQuarters(tx, key, stretch.from, stretch.to);
  const { gone, changed } = differences(before, energyDeltas(key, folded.bookings));
  if (gone.length + changed.length > 0) {
    const replaced = changed.map((row) => row.quarterStart);
    await store.replaceQuarters(tx, key, [...gone, ...replaced], changed);
  }
  await refold.writeDayStates(tx, key, folded.dayStates);
  const booked = await store.sumQuarters(tx, key);
  await writeCounter(tx, counter, presentState(stored.energy, folded, stretch.origin, booked), folded.facts);
  return gone.length + changed.length;
}

async function foldTail(
  tx: Tx,
  key: refold.InverterKey,
  stretch: Stretch,
  folded: FoldedStretch,
  atMs: number,
): Promise<void> {
  for (let from = folded.untilMs + 1; from <= atMs; ) {
    const end = Math.min((Math.floor(from / DAY_MS) + 1) * DAY_MS, atMs + 1);
    await foldDay(tx, key, stretch, folded, new Date(from), new Date(end));
    from = end;
  }
}

/** The state with which ingest goes on. Where nothing else was wrong it is the stored one, with the sums that are true now. */
function presentState(
  stored: EnergyState,
  folded: FoldedStretch,
  origin: Origin,
  booked: ReadonlyMap<number, number>,
): EnergyState {
  const present = folded.isPresent && !sameCourse(stored, folded.state) ? folded.state : stored;
  return {
    ...present,
    counters: present.counters.map((counter) => {
      const { channel } = counter;
      return {
        ...counter,
        firstGoodWh: firstGoodWh(
          counterOf(stored, channel),
          counterOf(folded.state, channel),
          origin,
          folded.isPresent,
        ),
        bookedWh: booked.get(channel) ?? 0,
      };
    }),
  };
}

/** Rebuilt only where the fold saw it and it can't change any more; a kept state may tell an older one than the present does. */
function firstGoodWh(
  stored: CounterState | undefined,
  folded: CounterState | undefined,
  origin: Origin,
  isPresent: boolean,
): number | null {
  const isSeen =
    folded !== undefined &&
    (isPresent || folded.confirmed) &&
    (counterOf(origin.state, folded.channel)?.firstGoodWh ?? null) === null;
  return (isSeen ? folded.firstGoodWh : null) ?? stored?.firstGoodWh ?? folded?.firstGoodWh ?? null;
}

async function writeCounter(tx: Tx, counter: CounterRow, energy: EnergyState, facts: EnergyFacts): Promise<void> {
  const fold = writeFold({ ...readFold(counter.fold), energy });
  const row: CounterRow = { ...counter, ...counterColumns(energy, facts.kind), fold };
  if (JSON.stringify(row) !== JSON.stringify(counter)) await book(tx, [row], [], []);
}

function differences(
  before: readonly EnergyDelta[],
  after: readonly EnergyDelta[],
): { gone: Date[]; changed: EnergyDelta[] } {
  const old = new Map(before.map((row) => [row.quarterStart.getTime(), figuresOf(row)]));
  const changed = after.filter((row) => old.get(row.quarterStart.getTime()) !== figuresOf(row));
  const there = new Set(after.map((row) => row.quarterStart.getTime()));
  return { gone: before.map((row) => row.quarterStart).filter((at) => !there.has(at.getTime())), changed };
}

/** Rows that tell the same have the same text: a batch that knew of fewer channels has shorter lists. */
function figuresOf({ energyWh, estimatedWh, powerSumDw, powerCount, powerMaxDw }: EnergyDelta): string {
  return JSON.stringify([energyWh, estimatedWh, powerSumDw, powerCount, powerMaxDw].map(trimmed));
}

function trimmed(list: readonly (number | null)[]): (number | null)[] {
  let length = list.length;
  while (length > 0 && !list[length - 1]) length -= 1;
  return list.slice(0, length);
}
