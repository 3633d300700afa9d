import type { Tx } from '../db/as-tenant.ts';
import type { InverterId, UserId } from '../domain/inverter.ts';
import type { ChannelReading, Reading } from '../domain/reading.ts';
import { sampleStatus } from '../domain/sample-status.ts';
import { intArray, intColumn, scaled, scaledSmall, textArray, timeArray } from './array-literals.ts';

/** One reading whose tenant, inverter and time are settled. */
export interface Sample {
  userId: UserId;
  inverterId: InverterId;
  sampledAt: Date;
  receivedAt: Date;
  reading: Reading;
  /**
   * Set for a sample that just came from a device whose own clock, or our reckoning of it, may tell one second twice: when another one
   * has its time, it gets a free second after it. Without it, whatever has the time of one that is there repeats it.
   */
  mayMove?: true;
  /** The kept payload it was decoded from, which goes when it is stored; where that has gone before, so has the sample been. */
  keptAs?: number;
}

/** A locked row of store.counter. Arrays are indexed by channel; 0 is the inverter. */
export interface CounterRow {
  userId: UserId;
  inverterId: InverterId;
  fold: unknown;
  firstGoodWh: (number | null)[];
  bookedWh: (number | null)[];
  counterWh: (number | null)[];
  lastSampleAt: Date | null;
  lastLiveAt: Date | null;
  /** Newest sample in which the device really measured. */
  lastFreshAt: Date | null;
  lastReceivedAt: Date | null;
  intervalS: number | null;
}

/** What of a counter row the next fold begins with. */
export type LockedCounter = Omit<CounterRow, 'firstGoodWh' | 'bookedWh' | 'counterWh' | 'intervalS'>;

/** What is to be added to one quarter hour of one inverter. Arrays are indexed by channel; 0 is the inverter. */
export interface EnergyDelta {
  userId: UserId;
  inverterId: InverterId;
  quarterStart: Date;
  energyWh: (number | null)[];
  /** The part of `energyWh` that was inferred, not counted. */
  estimatedWh: (number | null)[];
  powerSumDw: (number | null)[];
  powerCount: (number | null)[];
  powerMaxDw: (number | null)[];
}

export interface NotedEvent {
  userId: UserId;
  inverterId: InverterId;
  channel: number | null;
  at: Date;
  kind: string;
  detail: Record<string, unknown>;
}

/**
 * Locks the counter rows of these inverters, creating missing ones, in an order that is the same for every writer. An inverter that
 * no longer exists has no row in the answer.
 */
export async function lockCounters(
  tx: Tx,
  keys: readonly { userId: UserId; inverterId: InverterId }[],
): Promise<LockedCounter[]> {
  const { rows } = await tx.query({
    name: 'lock_counters',
    // Not what the fold says anew: lists take longer to read than all the others together.
    text: `SELECT user_id, inverter_id, fold, last_ts, last_live_ts, last_fresh_ts, last_received_at
           FROM api.lock_counters($1, $2)`,
    values: [intArray(keys.map((k) => k.userId)), intArray(keys.map((k) => k.inverterId))],
  });
  return rows.map((row) => ({
    userId: row.user_id,
    inverterId: row.inverter_id,
    fold: row.fold,
    lastSampleAt: row.last_ts,
    lastLiveAt: row.last_live_ts,
    lastFreshAt: row.last_fresh_ts,
    lastReceivedAt: row.last_received_at,
  }));
}

/**
 * Inserts samples with their inputs and answers the indices of those that were new. A sample that is there already, or whose inverter
 * is gone, is left out silently: both are ordinary.
 */
export async function appendSamples(tx: Tx, samples: readonly Sample[]): Promise<number[]> {
  const r = samples.map((s) => s.reading);
  const dc: ChannelReading[] = [];
  const dcRows: number[] = [];
  r.forEach((reading, i) => {
    for (const channel of reading.channels) {
      dc.push(channel);
      dcRows.push(i + 1);
    }
  });
  const { rows } = await tx.query<{ row_no: number }>({
    name: 'append_samples',
    text: `SELECT row_no FROM api.append_samples($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,
                                                 $21,$22,$23,$24,$25,$26,$27,$28)`,
    values: [
      intColumn(samples, (s) => s.userId),
      intColumn(samples, (s) => s.inverterId),
      timeArray(samples.map((s) => s.sampledAt)),
      ...acColumns(r),
      intColumn(r, sampleStatus),
      intArray(dcRows),
      intColumn(dc, (c) => c.channel),
      intColumn(dc, (c) => scaled(c.powerW, 10)),
      intColumn(dc, (c) => scaled(c.voltageV, 10)),
      intColumn(dc, (c) => scaled(c.currentA, 100)),
      intColumn(dc, (c) => scaled(c.energyTodayWh, 1)),
      intColumn(dc, (c) => c.energyTotalWh),
      intColumn(dc, (c) => scaled(c.irradiationPct, 100)),
    ],
  });
  return rows.map((row) => row.row_no - 1);
}

/** What the AC side of these readings says, column by column in the table's order, for a statement that takes arrays. */
export function acColumns(r: readonly Reading[]): string[] {
  const phase = <K extends 'voltageV' | 'currentA' | 'powerW'>(index: number, key: K, factor: number): string =>
    intColumn(r, (reading) => scaled(reading.phases[index]?.[key] ?? null, factor));
  return [
    intColumn(r, (x) => scaled(x.powerW, 10)),
    intColumn(r, (x) => scaled(x.powerDcW, 10)),
    intColumn(r, (x) => scaled(x.phases[0]?.voltageV ?? x.voltageV, 10)),
    phase(1, 'voltageV', 10),
    phase(2, 'voltageV', 10),
    intColumn(r, (x) => scaled(x.phases[0]?.currentA ?? x.currentA, 100)),
    phase(1, 'currentA', 100),
    phase(2, 'currentA', 100),
    phase(0, 'powerW', 10),
    phase(1, 'powerW', 10),
    phase(2, 'powerW', 10),
    intColumn(r, (x) => scaled(x.frequencyHz, 100)),
    intColumn(r, (x) => scaledSmall(x.powerFactor, 1000)),
    intColumn(r, (x) => scaledSmall(x.temperatureC, 10)),
    intColumn(r, (x) => scaled(x.energyTodayWh, 1)),
    intColumn(r, (x) => x.energyTotalWh),
  ];
}

/** Writes counters as they now are, adds energy, notes events and announces the inverters, all in the samples' transaction. */
export async function book(
  tx: Tx,
  counters: readonly CounterRow[],
  energy: readonly EnergyDelta[],
  events: readonly NotedEvent[],
): Promise<void> {
  await tx.query({
    name: 'book',
    text: 'SELECT api.book($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21)',
    values: [
      intArray(counters.map((c) => c.userId)),
      intArray(counters.map((c) => c.inverterId)),
      textArray(counters.map((c) => (c.fold === null ? null : JSON.stringify(c.fold)))),
      textArray(counters.map((c) => intArray(c.firstGoodWh))),
      textArray(counters.map((c) => intArray(c.bookedWh))),
      textArray(counters.map((c) => intArray(c.counterWh))),
      timeArray(counters.map((c) => c.lastSampleAt)),
      timeArray(counters.map((c) => c.lastLiveAt)),
      timeArray(counters.map((c) => c.lastFreshAt)),
      timeArray(counters.map((c) => c.lastReceivedAt)),
      intArray(counters.map((c) => c.intervalS)),
      intArray(energy.map((e) => e.userId)),
      intArray(energy.map((e) => e.inverterId)),
      timeArray(energy.map((e) => e.quarterStart)),
      textArray(energy.map((e) => intArray(e.energyWh))),
      textArray(energy.map((e) => intArray(e.estimatedWh))),
      textArray(energy.map((e) => intArray(e.powerSumDw))),
      textArray(energy.map((e) => intArray(e.powerCount))),
      textArray(energy.map((e) => intArray(e.powerMaxDw))),
      eventsJson(events),
      textArray(announcements(counters)),
    ],
  });
}

/** Remembers samples that came after newer ones had been folded, for the replay that books them. */
export async function noteLate(
  tx: Tx,
  late: readonly { userId: UserId; inverterId: InverterId; at: Date }[],
): Promise<void> {
  await tx.query('SELECT api.note_late($1, $2, $3)', [
    intArray(late.map((l) => l.userId)),
    intArray(late.map((l) => l.inverterId)),
    timeArray(late.map((l) => l.at)),
  ]);
}

/** Keeps the fold's state at the start of a UTC day. */
export async function keepFolds(
  tx: Tx,
  states: readonly { userId: UserId; inverterId: InverterId; day: Date; fold: unknown }[],
): Promise<void> {
  await tx.query('SELECT api.keep_folds($1, $2, $3, $4)', [
    intArray(states.map((s) => s.userId)),
    intArray(states.map((s) => s.inverterId)),
    timeArray(states.map((s) => s.day)),
    textArray(states.map((s) => JSON.stringify(s.fold))),
  ]);
}

/** JSON for api.book and api.note_events. */
export function eventsJson(events: readonly NotedEvent[]): string {
  return JSON.stringify(
    events.map((e) => ({
      user_id: e.userId,
      inverter_id: e.inverterId,
      channel: e.channel,
      at: e.at.toISOString(),
      kind: e.kind,
      detail: e.detail,
    })),
  );
}

/** A NOTIFY payload may hold 8 000 bytes at most. */
const MAX_ANNOUNCEMENT = 7_900;

/** `user:inverter,…` in as many pieces as needed. */
export function announcements(counters: readonly { userId: UserId; inverterId: InverterId }[]): string[] {
  const pieces: string[] = [];
  let piece = '';
  for (const { userId, inverterId } of counters) {
    const id = `${userId}:${inverterId}`;
    if (piece.length + id.length + 1 > MAX_ANNOUNCEMENT) {
      pieces.push(piece);
      piece = '';
    }
    piece = piece === '' ? id : `${piece},${id}`;
  }
  if (piece !== '') pieces.push(piece);
  return pieces;
}
