import type { DbPool } from '../db/pools.ts';
import { Unavailable } from '../domain/errors.ts';
import type { DeviceKind, UserId } from '../domain/inverter.ts';
import type { Reading } from '../domain/reading.ts';
import { notePending } from '../store/devices.ts';
import {
  addedPending,
  autoAdd,
  forgetPending,
  keepPending,
  type PendingKey,
  pendingReadings,
} from '../store/pending.ts';
import type { Sample } from '../store/samples.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Batcher } from './batcher.ts';
import type { DeviceNotes } from './device-notes.ts';
import type { DeviceResolver } from './resolve.ts';
import type { SampleMaker } from './sample-maker.ts';

const MAX_UNDER_WAY = 32;
const MAX_NAME_LENGTH = 100;
/** Readings of one device booked in one transaction. */
const BOOKED_AT_ONCE = 500;
const DEVICES_A_TURN = 200;

/** A reading of a device that the account does not have. */
export interface UnknownReading {
  serial: string;
  name: string | null;
  /** Null when there is nothing to keep, only a sign of life. */
  reading: (Reading & { sampledAt: Date }) | null;
}

export interface InboxDeps {
  pool: DbPool;
  resolver: DeviceResolver;
  batcher: Batcher;
  notes: DeviceNotes;
  samples: SampleMaker;
  log: Logger;
}

/**
 * Devices that push under an account's key and are not registered there: they are shown to its owner, and what they send is kept for
 * two days and booked as soon as they are added, by whomever and in whichever process.
 */
export class Inbox {
  readonly #deps: InboxDeps;
  #underWay = 0;

  constructor(deps: InboxDeps) {
    this.#deps = deps;
  }

  /** Adds them where their account wants that. @returns whether to look them up again. @throws Unavailable */
  async addByItself(
    userId: UserId,
    kind: DeviceKind,
    unknown: readonly UnknownReading[],
    gatewaySerial: string | null,
  ): Promise<boolean> {
    const devices = distinct(unknown);
    const added = await this.#bounded(() => autoAdd(this.#deps.pool, userId, kind, devices, gatewaySerial));
    if (added > 0) this.#deps.resolver.invalidate();
    return added > 0;
  }

  /**
   * Keeps what they sent, durable when it settles.
   * @returns for each whether it is kept; false for what is beyond the bounds, and where there was nothing to keep
   * @throws Unavailable
   */
  async keep(
    userId: UserId,
    kind: DeviceKind,
    unknown: readonly UnknownReading[],
    gatewaySerial: string | null,
    now: Date,
  ): Promise<boolean[]> {
    const { pool } = this.#deps;
    const readings = unknown.flatMap(({ reading }) => (reading === null ? [] : [reading]));
    const kept = await this.#bounded(async () => {
      await notePending(pool, userId, kind, distinct(unknown), gatewaySerial, now);
      return readings.length === 0 ? new Set<number>() : keepPending(pool, userId, kind, readings, now);
    });
    let place = 0;
    return unknown.map(({ reading }) => reading !== null && kept.has(place++));
  }

  /** Books what waits for a device that was added in this very moment. Never rejects: what fails waits for the next turn. */
  async bookNow(key: PendingKey): Promise<void> {
    this.#deps.resolver.invalidate();
    try {
      await this.#book(key);
    } catch (error) {
      this.#deps.log.warn({ err: error }, 'readings of an added device are not booked yet');
    }
  }

  /** Books what waits for every device that was added meanwhile. Never rejects: what fails waits for the next turn. */
  async bookAdded(): Promise<void> {
    const { pool, log } = this.#deps;
    try {
      for (const key of await addedPending(pool, DEVICES_A_TURN)) await this.#book(key);
    } catch (error) {
      log.warn({ err: error }, 'readings of added devices are not booked yet');
    }
  }

  /**
   * Books what a device sent before it was added. Repeating it is harmless: a sample is stored once.
   * @returns how many readings waited
   * @throws Unavailable
   */
  async #book(key: PendingKey): Promise<number> {
    const { pool, resolver, batcher, notes, samples } = this.#deps;
    let booked = 0;
    for (;;) {
      const waiting = await pendingReadings(pool, key, BOOKED_AT_ONCE);
      const now = new Date();
      const found = await resolver.resolve(key.kind, key.userId, [key.serial], now.getTime());
      const device = found.get(key.serial);
      // Deleted again, or this process has not heard of it yet.
      if (device === undefined) return booked;
      const made: Sample[] = [];
      for (const { reading, receivedAt } of waiting) {
        notes.facts(device, reading);
        const { sample } = samples.make(reading, device, now, receivedAt);
        if (sample !== null) made.push(sample);
      }
      await batcher.submit(made);
      await forgetPending(
        pool,
        key,
        waiting.map(({ reading }) => reading.sampledAt),
      );
      booked += waiting.length;
      if (waiting.length < BOOKED_AT_ONCE) return booked;
    }
  }

  /** Unknown devices cost a transaction each: more than a few at once are told to come again. */
  async #bounded<T>(work: () => Promise<T>): Promise<T> {
    if (this.#underWay >= MAX_UNDER_WAY) {
      throw new Unavailable('Too many unknown devices at once.', { retryAfterS: 10 });
    }
    this.#underWay++;
    try {
      return await work();
    } finally {
      this.#underWay--;
    }
  }
}

function distinct(unknown: readonly UnknownReading[]): { serial: string; name: string | null }[] {
  const named = new Map<string, string | null>();
  for (const { serial, name } of unknown)
    named.set(serial, name?.slice(0, MAX_NAME_LENGTH) ?? named.get(serial) ?? null);
  return [...named].map(([serial, name]) => ({ serial, name }));
}
