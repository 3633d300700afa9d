import type { UserId } from '../../domain/inverter.ts';
import type { Visitor } from '../accounts/account-services.ts';
import type { SessionUser } from '../services.ts';

/** How it is with the archive an account asked for last. `gone`: removed, replaced, or past its time. */
export interface Takeout {
  state: 'waiting' | 'running' | 'ready' | 'failed' | 'gone';
  requestedAt: Date;
  /** 0…100. */
  progressPct: number;
  readyAt: Date | null;
  /** Until then it can be downloaded. */
  expiresAt: Date;
  /** Null until it is ready. */
  bytes: number | null;
}

/** An archive in pieces that are read while they are taken. */
export interface TakeoutFile {
  /** Without its extension. */
  name: string;
  bytes: number;
  pieces: AsyncGenerator<Buffer>;
}

/** Everything an account has as one file, for its owner alone (GDPR, articles 15 and 20). The worker makes it. */
export interface TakeoutService {
  /** Null while none was ever asked for. */
  newest(userId: UserId, now: Date): Promise<Takeout | null>;
  /** The one before is given up. @throws Conflict while one is being made, TooMany */
  request(user: SessionUser, visitor: Visitor, now: Date): Promise<Takeout>;
  /** Removes it, or stops its making. @throws NotFound */
  remove(userId: UserId, visitor: Visitor, now: Date): Promise<void>;
  /** @throws NotFound while none is ready, and when its time is over */
  open(userId: UserId, visitor: Visitor, now: Date): Promise<TakeoutFile>;
}
