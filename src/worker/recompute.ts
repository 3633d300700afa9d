import { inTransactionOn, type Tx } from '../db/as-tenant.ts';
import type { Database } from '../db/database.ts';
import { unpackEnergyState } from '../domain/energy/packing.ts';
import { emptyEnergyState } from '../domain/energy/state.ts';
import { InvalidInput, NotFound } from '../domain/errors.ts';
import type { InverterId } from '../domain/inverter.ts';
import { QUARTER_MS, quarterStart } from '../domain/period.ts';
import { energyBounds } from '../services/energy-bounds.ts';
import * as store from '../store/recompute.ts';
import * as refold from '../store/refold.ts';
import { book } from '../store/samples.ts';
import { foldStretch, type Origin, putInPlace } from './recompute-stretch.ts';
import { bookLateSamples } from './replay.ts';

const DAY_MS = 86_400_000;
const STRETCH_DAYS = 91;

export interface RecomputeOptions {
  /** Is told up to where it has come. */
  onProgress?: (upTo: Date) => void;
  /** Rebuilt in one go: what is held in memory, and written under one lock. */
  stretchDays?: number;
}

export interface Recomputed {
  /** What was asked for, as moments. */
  from: Date;
  to: Date;
  timeZone: string;
  /** Energy of the range. */
  beforeWh: number;
  afterWh: number;
  /** Energy of everything. */
  lifetimeBeforeWh: number;
  lifetimeAfterWh: number;
  quartersChanged: number;
}

/**
 * Rebuilds the energy of a range from its raw samples, through the fold that booked it in the first place: from the state kept at the
 * start of its first day, stretch by stretch, until the state it arrives at is the one that is kept. If that is not so at the end of
 * the range, the range was not the only thing wrong and the rebuilding goes on.
 *
 * What was booked is afterwards the sum of the quarter hours. A second run changes nothing.
 * @param range texts are dates in the site's zone
 * @throws NotFound, InvalidInput when the samples of the range are not kept any more
 */
export async function recompute(
  database: Pick<Database, 'owner'>,
  inverterId: InverterId,
  range: { from: Date | string; to: Date | string },
  now: Date,
  options: RecomputeOptions = {},
): Promise<Recomputed> {
  const { key, timeZone } = await database.owner(async (client) => {
    const userId = await store.findInverterOwner(client, inverterId);
    const found = userId === null ? null : { userId, inverterId };
    const device = found === null ? null : await refold.readReplayDevice(client, found);
    if (found === null || device === null) throw new NotFound(`There is no inverter ${inverterId}.`);
    return { key: found, timeZone: device.timeZone };
  });
  const asked = energyBounds(range, 'day', timeZone);
  if (!(asked.from < asked.to)) throw new InvalidInput('The range is empty.', { from: 'must be before `to`' });
  // Late samples that wait are part of the history to be rebuilt.
  while ((await bookLateSamples(database, key)) > 0);

  return database.owner(async (client) => {
    await refold.refoldAlone(client, key);
    const origin = await originOf(client, key, asked.from);
    const sum = async (of: typeof asked | null): Promise<number> =>
      (await store.sumQuarters(client, key, of)).get(0) ?? 0;
    const [beforeWh, lifetimeBeforeWh] = [await sum(asked), await sum(null)];
    const quartersChanged = await rebuild(client, key, origin, asked, options);
    const [afterWh, lifetimeAfterWh] = [await sum(asked), await sum(null)];
    const done = { ...asked, timeZone, beforeWh, afterWh, lifetimeBeforeWh, lifetimeAfterWh, quartersChanged };
    await inTransactionOn(client, (tx) => note(tx, key, done, now));
    return done;
  });
}

async function note(tx: Tx, key: refold.InverterKey, done: Recomputed, now: Date): Promise<void> {
  const { from, to, beforeWh, afterWh, quartersChanged } = done;
  await store.auditRecompute(tx, key, {
    from,
    to,
    before_wh: beforeWh,
    after_wh: afterWh,
    quarters_changed: quartersChanged,
  });
  if (quartersChanged === 0) return;
  const detail = { fromMs: from.getTime(), toMs: to.getTime(), beforeWh, afterWh };
  await book(tx, [], [], [{ ...key, channel: null, at: now, kind: 'recomputed', detail }]);
}

async function rebuild(
  client: Tx,
  key: refold.InverterKey,
  origin: Origin,
  asked: { from: Date; to: Date },
  { onProgress = () => undefined, stretchDays = STRETCH_DAYS }: RecomputeOptions,
): Promise<number> {
  const end = Math.ceil(asked.to.getTime() / QUARTER_MS) * QUARTER_MS;
  let from = Math.max(quarterStart(asked.from.getTime()), origin.day.getTime());
  let changed = 0;
  // The state that ingest went on with was wrong: so may be everything up to now.
  let isAllWrong = false;
  for (;;) {
    const isInRange = from < end;
    const to = Math.min(from + stretchDays * DAY_MS, isInRange ? end : Number.POSITIVE_INFINITY);
    const stretch = { from: new Date(from), to: new Date(to), origin };
    const folded = await inTransactionOn(client, async (tx) => {
      await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
      await refold.actFor(tx, key.userId);
      return foldStretch(tx, key, stretch, onProgress);
    });
    const done = await inTransactionOn(client, async (tx) => {
      await refold.actFor(tx, key.userId);
      return putInPlace(tx, key, stretch, folded);
    });
    // A counter that had stood still since this stretch moved before it was locked: what it gained belongs in here, too.
    if (done === 'again') continue;
    changed += done;
    const isOver = to >= end || to > folded.untilMs;
    isAllWrong ||= folded.isPresent && !folded.agrees;
    if (isOver && (isAllWrong ? to > folded.untilMs : folded.agrees)) return changed;
    from = to;
  }
}

/**
 * Where the fold can begin for a range.
 * @throws InvalidInput when the samples before it are gone, so that its energy can only be kept, not rebuilt
 */
async function originOf(client: Tx, key: refold.InverterKey, from: Date): Promise<Origin> {
  const kept = await refold.readDayState(client, key, from);
  const firstSampleDay = await refold.nextSampleDay(client, key, new Date(0));
  if (firstSampleDay === null) throw gone('no samples of this inverter are kept');
  if (kept !== null && kept.day >= firstSampleDay) return { day: kept.day, state: unpackEnergyState(kept.fold) };
  const first = await store.firstDayStateFrom(client, key, firstSampleDay);
  const state = first === null ? emptyEnergyState() : unpackEnergyState(first.fold);
  const day = first?.day ?? firstSampleDay;
  const booked = await store.firstBookedQuarter(client, key);
  // The very beginning: there was nothing before it that could be missing.
  if (state.at === 0 && kept === null && (booked === null || booked >= day)) return { day, state };
  throw gone(`samples before ${day.toISOString()} are no longer kept, and what they came to cannot be rebuilt`);
}

function gone(why: string): InvalidInput {
  return new InvalidInput('The energy of that time cannot be rebuilt.', { from: why });
}
