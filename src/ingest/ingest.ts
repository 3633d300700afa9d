import type { DeviceKind, InverterId, UserId } from '../domain/inverter.ts';
import type { PushEnvelope } from '../protocols/protocol.ts';
import type { SentReading } from '../protocols/readings/readings.ts';

/** What became of one device of a push, in the request's order. */
export type PushResult =
  | {
      status: 'ok' | 'duplicate';
      /** As the request spelled it. */
      sentSerial: string;
      inverterId: InverterId;
      /** AC power as the request sent it; null when it could not be read. */
      powerW: number | null;
      /** The device repeats itself: the power is not of now, and stored as unknown. */
      stale: boolean;
    }
  | { status: 'unknown'; sentSerial: string }
  | { status: 'error'; sentSerial: string | null; error: string; field: string };

/** What became of one reading of a batch. `pending`: its device is not registered, it waits in the inbox. */
export type ReadingResult =
  | { status: 'ok' | 'duplicate' | 'pending'; serial: string }
  | { status: 'error'; serial: string | null; field: string; error: string };

export interface BatchIngest {
  /**
   * Stores readings of any devices of an account and answers after the COMMIT, in their order.
   * @throws Conflict when a serial without its kind could be more than one device: nothing is stored then
   * @throws Unavailable when the database is down or the queue is full: nothing is acknowledged then
   */
  readings(userId: UserId, readings: readonly SentReading[], now: Date): Promise<ReadingResult[]>;
}

export interface PushIngest {
  /**
   * Stores every reading of one request and answers after the COMMIT. Serials the account does not have go to its inbox.
   * @throws Unavailable when the database is down or the queue is full: nothing of the request is acknowledged then
   */
  push(userId: UserId, kind: DeviceKind, envelope: PushEnvelope, now: Date): Promise<PushResult[]>;
}
