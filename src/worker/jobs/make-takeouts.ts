import { asTenant } from '../../db/as-tenant.ts';
import { type TakeoutSources, takeoutEntries } from '../../services/takeout/contents.ts';
import { TAKEOUT_DAYS } from '../../services/takeout/takeouts.ts';
import { zipOf } from '../../services/takeout/zip.ts';
import {
  addPiece,
  beginTakeout,
  endTakeout,
  noteProgress,
  type TakeoutOutcome,
  type TakeoutToMake,
} from '../../store/takeouts.ts';
import type { Job, JobContext } from '../job.ts';

/** So much of an archive is one row. */
const PIECE_BYTES = 512 * 1024;
const MAX_ATTEMPTS = 3;
const PAUSE_MS = 60_000;
const DAY_MS = 24 * 3_600_000;

/** Makes the archives that accounts asked for, one after the other, and puts them into the database piece by piece. */
export function makeTakeouts(sources: TakeoutSources): Job {
  return {
    name: 'make-takeouts',
    everyS: 5,
    async run(context) {
      while (context.signal?.aborted !== true) {
        const takeout = await context.database.owner((owner) => beginTakeout(owner, context.now));
        if (takeout === null) return;
        const outcome = await outcomeOf(sources, takeout, context);
        const { userId } = takeout;
        if (outcome !== null) await asTenant(sources.pool, userId, (tx) => endTakeout(tx, takeout, outcome));
      }
    },
  };
}

/** Null: it was no longer wanted. */
async function outcomeOf(
  sources: TakeoutSources,
  takeout: TakeoutToMake,
  context: JobContext,
): Promise<TakeoutOutcome | null> {
  const { log, signal, now } = context;
  const about = { takeout: takeout.id, userId: takeout.userId, attempt: takeout.attempt };
  // Not even failing, it takes the process along.
  if (takeout.attempt > MAX_ATTEMPTS) return { state: 'failed' };
  try {
    const bytes = await make(sources, takeout, context);
    if (bytes === null) {
      log.info(about, 'a takeout is no longer wanted');
      return null;
    }
    log.info({ ...about, bytes }, 'takeout made');
    const readyAt = new Date();
    return { state: 'ready', bytes, readyAt, expiresAt: new Date(readyAt.getTime() + TAKEOUT_DAYS * DAY_MS) };
  } catch (error) {
    if (signal?.aborted === true) return { state: 'waiting', runAfter: now, counts: false };
    const isLast = takeout.attempt >= MAX_ATTEMPTS;
    log.warn({ ...about, err: error }, isLast ? 'a takeout could not be made' : 'a takeout is tried again');
    const runAfter = new Date(now.getTime() + PAUSE_MS * takeout.attempt);
    return isLast ? { state: 'failed' } : { state: 'waiting', runAfter, counts: true };
  }
}

/** @returns the size of the archive; null when it is no longer wanted */
async function make(
  sources: TakeoutSources,
  takeout: TakeoutToMake,
  { now, signal }: JobContext,
): Promise<number | null> {
  const { userId } = takeout;
  let share = 0;
  let notedPct = 0;
  const piece = new Gathered();
  let number = 0;
  let bytes = 0;
  const put = async (): Promise<boolean> => {
    const taken = piece.take();
    bytes += taken.length;
    return asTenant(sources.pool, userId, (tx) => addPiece(tx, takeout, number++, taken));
  };
  const entries = takeoutEntries(sources, takeout, now, (done) => {
    share = done;
  });
  for await (const chunk of zipOf(entries)) {
    signal?.throwIfAborted();
    piece.add(chunk);
    if (piece.bytes >= PIECE_BYTES && !(await put())) return null;
    // The last hundredth is that it is ready.
    const pct = Math.min(99, Math.floor(share * 100));
    if (pct > notedPct) {
      notedPct = pct;
      await asTenant(sources.pool, userId, (tx) => noteProgress(tx, takeout, pct));
    }
  }
  return (await put()) ? bytes : null;
}

/** Bytes that wait to be enough for a piece. */
class Gathered {
  #parts: Buffer[] = [];
  bytes = 0;

  add(part: Buffer): void {
    this.#parts.push(part);
    this.bytes += part.length;
  }

  take(): Buffer {
    const all = Buffer.concat(this.#parts);
    this.#parts = [];
    this.bytes = 0;
    return all;
  }
}
