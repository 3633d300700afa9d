import { asTenant } from '../../db/as-tenant.ts';
import type { DbPool } from '../../db/pools.ts';
import { Conflict, NotFound, TooMany, Unavailable } from '../../domain/errors.ts';
import { noteOwnAct } from '../../store/account-flows.ts';
import {
  insertTakeout,
  newestTakeout,
  readPiece,
  removeTakeouts,
  type TakeoutRow,
  takeoutsSince,
} from '../../store/takeouts.ts';
import type { Takeout, TakeoutService } from './takeout-service.ts';

const DAY_MS = 24 * 3_600_000;
const MOST_A_DAY = 3;
/** So long an archive can be downloaded. */
export const TAKEOUT_DAYS = 7;

export function createTakeouts(pool: DbPool): TakeoutService {
  return {
    async newest(userId, now) {
      const row = await asTenant(pool, userId, (tx) => newestTakeout(tx, userId));
      return row === null ? null : takeoutOf(row, now);
    },

    request: ({ id: userId, locale }, visitor, now) =>
      asTenant(pool, userId, async (tx) => {
        const expiresAt = new Date(now.getTime() + TAKEOUT_DAYS * DAY_MS);
        // First, for it waits for who asks at the same moment: what is looked at afterwards stays so.
        const made = await insertTakeout(tx, userId, { locale: locale ?? visitor.locale, now, expiresAt });
        if (made === null) throw underWay();
        const before = (await takeoutsSince(tx, userId, new Date(now.getTime() - DAY_MS))).slice(0, -1);
        const [oldest] = before.slice(-MOST_A_DAY);
        if (oldest !== undefined && before.length >= MOST_A_DAY) {
          const waitS = Math.max(1, Math.ceil((oldest.getTime() + DAY_MS - now.getTime()) / 1000));
          throw new TooMany(`An account can be taken out ${MOST_A_DAY} times a day.`, waitS);
        }
        await removeTakeouts(tx, userId, made.id);
        await noteOwnAct(tx, userId, 'takeout.request', visitor.client.address);
        return takeoutOf(made, now);
      }),

    remove: (userId, visitor) =>
      asTenant(pool, userId, async (tx) => {
        if ((await removeTakeouts(tx, userId)) === 0) throw nothing();
        await noteOwnAct(tx, userId, 'takeout.remove', visitor.client.address);
      }),

    async open(userId, visitor, now) {
      const row = await asTenant(pool, userId, async (tx) => {
        const newest = await newestTakeout(tx, userId);
        if (newest?.state !== 'ready' || newest.expiresAt <= now) return null;
        // Before anything is answered.
        if ((await readPiece(tx, userId, newest.id, 0)) === null) return null;
        await noteOwnAct(tx, userId, 'takeout.download', visitor.client.address);
        return newest;
      });
      if (row === null || row.bytes === null || row.readyAt === null) throw nothing();
      return {
        name: archiveName(row.readyAt),
        bytes: row.bytes,
        pieces: piecesOf(pool, userId, row.id, row.bytes),
      };
    },
  };
}

/** What the archive and the one folder in it are called. */
export function archiveName(at: Date): string {
  return `deye-hard-${at.toISOString().slice(0, 10)}`;
}

/** Each piece in a transaction of its own: whoever downloads slowly holds no connection. */
async function* piecesOf(pool: DbPool, userId: number, takeoutId: number, bytes: number): AsyncGenerator<Buffer> {
  let sent = 0;
  for (let number = 0; sent < bytes; number++) {
    const piece = await asTenant(pool, userId, (tx) => readPiece(tx, userId, takeoutId, number));
    // Removed meanwhile: the download breaks off, and is seen to be too short.
    if (piece === null) throw new Unavailable('The archive was removed.');
    sent += piece.length;
    yield piece;
  }
}

function takeoutOf({ id: _, ...row }: TakeoutRow, now: Date): Takeout {
  return row.state === 'ready' && row.expiresAt <= now ? { ...row, state: 'gone' } : row;
}

function underWay(): Conflict {
  return new Conflict('It is being made already.');
}

function nothing(): NotFound {
  return new NotFound('There is no archive of this account.');
}
