import type { InverterId, UserId } from '../domain/inverter.ts';

/** Something happened that open pages and streams want to know. Ids only: whoever shows it reads it again in its own tenant scope. */
export interface LiveEvent {
  /**
   * `described`: an inverter told something new of itself, say an input; `pending`: a device arrived in the inbox; `takeout`: the making of
   * the account's archive went on.
   */
  type: 'reading' | 'described' | 'pending' | 'takeout';
  userId: UserId;
  /** Null where it is about none. */
  inverterId: InverterId | null;
}

export interface LiveHub {
  /** Calls back for each event of this account until the returned function is called. Callbacks must not throw. */
  subscribe(userId: UserId, listener: (event: LiveEvent) => void): () => void;
  /** Called when sessions of this account ended or its rights changed, and when that may have been missed, until the returned function is called. */
  onSessionsChanged(userId: UserId, listener: () => void): () => void;
  /** Called when events may have been missed (the listening connection was re-made): re-read everything. */
  onResync(listener: () => void): () => void;
}
