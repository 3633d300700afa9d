import type { UserId } from '../domain/inverter.ts';
import type { LiveEvent, LiveHub } from './events.ts';

/** Fans announcements out to this process's subscribers, by account. Holds no data: ids only. */
export class Hub implements LiveHub {
  readonly #byUser = new Map<UserId, Set<(event: LiveEvent) => void>>();
  readonly #resync = new Set<() => void>();
  readonly #sessions = new Map<UserId, Set<() => void>>();

  subscribe(userId: UserId, listener: (event: LiveEvent) => void): () => void {
    const listeners = this.#byUser.get(userId) ?? new Set();
    this.#byUser.set(userId, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#byUser.get(userId) === listeners) this.#byUser.delete(userId);
    };
  }

  onSessionsChanged(userId: UserId, listener: () => void): () => void {
    const listeners = this.#sessions.get(userId) ?? new Set();
    this.#sessions.set(userId, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#sessions.get(userId) === listeners) this.#sessions.delete(userId);
    };
  }

  /** Whoever keeps something open for this account asks whether it still may. */
  sessionsChanged(userId: UserId): void {
    for (const listener of this.#sessions.get(userId) ?? []) listener();
  }

  onResync(listener: () => void): () => void {
    this.#resync.add(listener);
    return () => this.#resync.delete(listener);
  }

  publish(event: LiveEvent): void {
    for (const listener of this.#byUser.get(event.userId) ?? []) listener(event);
  }

  /** Announcements may have been missed: everybody re-reads. */
  resync(): void {
    for (const listener of this.#resync) listener();
    for (const userId of this.#sessions.keys()) this.sessionsChanged(userId);
  }

  get subscribers(): number {
    let count = 0;
    for (const listeners of this.#byUser.values()) count += listeners.size;
    return count;
  }
}

/** `user:inverter,…` as store/samples.ts announces it. Malformed pieces are skipped: anybody who may connect may NOTIFY. */
export function parseAnnouncement(payload: string): LiveEvent[] {
  const events: LiveEvent[] = [];
  for (const piece of payload.split(',')) {
    const match = /^(\d{1,10}):(\d{1,10})$/.exec(piece);
    if (match !== null) events.push({ type: 'reading', userId: Number(match[1]), inverterId: Number(match[2]) });
  }
  return events;
}

/** `user:what`, or `user:described:inverter`, as the database announces it. */
export function parseAccountNews(payload: string): LiveEvent[] {
  const described = /^(\d{1,10}):described:(\d{1,10})$/.exec(payload);
  if (described !== null)
    return [{ type: 'described', userId: Number(described[1]), inverterId: Number(described[2]) }];
  const match = /^(\d{1,10}):(pending|takeout)$/.exec(payload);
  return match === null
    ? []
    : [{ type: match[2] as 'pending' | 'takeout', userId: Number(match[1]), inverterId: null }];
}
