import type { DbPool } from '../db/pools.ts';
import type { DeviceKind, UserId } from '../domain/inverter.ts';
import { type ResolvedDevice, resolveDevices } from '../store/devices.ts';

const POSITIVE_TTL_MS = 60_000;
const NEGATIVE_TTL_MS = 10_000;
const MAX_ENTRIES = 50_000;
/** Invented serials cost a stranger nothing: they have a place of their own, and never push out one that is somebody's. */
const MAX_NEGATIVE = 10_000;
/** With one that is asked for, those that will have to be soon: a fleet would otherwise ask for each of its loggers alone. */
const ALONG_MS = 30_000;
const MAX_ALONG = 500;

interface Entry {
  kind: DeviceKind;
  userId: UserId | null;
  serial: string;
  device: ResolvedDevice | null;
  expiresAt: number;
  /** It is being asked for again, along with another. */
  isAsked: boolean;
}

/**
 * serial → account, inverter, site. Answers are cached, "nobody's" too, and forgotten when the database announces a change of devices;
 * the time limits are for an announcement that was missed. While the database is down an expired answer still serves: a heartbeat can
 * be answered with the right offset although nothing can be stored.
 */
export class DeviceResolver {
  readonly #pool: DbPool;
  readonly #known = new Map<string, Entry>();
  readonly #unknown = new Map<string, Entry>();
  #generation = 0;

  constructor(pool: DbPool) {
    this.#pool = pool;
  }

  /** Something about devices changed: ask again. */
  invalidate(): void {
    this.#generation++;
    for (const cache of [this.#known, this.#unknown]) for (const entry of cache.values()) entry.expiresAt = 0;
  }

  /** Changes whenever something about devices changed. */
  get generation(): number {
    return this.#generation;
  }

  /**
   * @param userId the account a key belongs to; null for loggers, which have none
   * @returns a map of the serials that belong to somebody
   * @throws Unavailable when the database is down and the answer is not known from before
   */
  async resolve(
    kind: DeviceKind,
    userId: UserId | null,
    serials: readonly string[],
    nowMs: number,
  ): Promise<Map<string, ResolvedDevice>> {
    const found = new Map<string, ResolvedDevice>();
    const missing: string[] = [];
    for (const serial of serials) {
      const entry = this.#find(key(kind, userId, serial));
      if (entry === undefined || entry.expiresAt <= nowMs) missing.push(serial);
      else if (entry.device !== null) found.set(serial, entry.device);
    }
    if (missing.length > 0) {
      const generation = this.#generation;
      const along = this.#dueSoon(kind, userId, nowMs);
      const asked = new Set([...missing, ...along.map(({ serial }) => serial)]);
      const answers = new Map<string, ResolvedDevice>();
      try {
        const devices = await resolveDevices(this.#pool, kind, userId, [...asked]);
        for (const device of devices) answers.set(device.serial, device);
      } finally {
        for (const entry of along) entry.isAsked = false;
      }
      // An answer that was overtaken by a change while it was under way serves this once, and is not kept as current.
      const at = generation === this.#generation ? nowMs : Number.NEGATIVE_INFINITY;
      for (const serial of asked) this.#remember(kind, userId, serial, answers.get(serial) ?? null, at);
      for (const serial of missing) {
        const device = answers.get(serial);
        if (device !== undefined) found.set(serial, device);
      }
    }
    return found;
  }

  /** Known devices whose answer is to be asked for again soon, the oldest first. A map remembers the order of insertion. */
  #dueSoon(kind: DeviceKind, userId: UserId | null, nowMs: number): Entry[] {
    const due: Entry[] = [];
    for (const entry of this.#known.values()) {
      if (entry.expiresAt > nowMs + ALONG_MS || due.length >= MAX_ALONG) break;
      if (entry.kind !== kind || entry.userId !== userId || entry.isAsked) continue;
      entry.isAsked = true;
      due.push(entry);
    }
    return due;
  }

  /** Whose a serial is by an answer that is still good; undefined where that must be asked. */
  current(kind: DeviceKind, userId: UserId | null, serial: string, nowMs: number): ResolvedDevice | undefined {
    const entry = this.#known.get(key(kind, userId, serial));
    return entry !== undefined && entry.expiresAt > nowMs ? (entry.device ?? undefined) : undefined;
  }

  /** What was last known of a serial, however old; undefined when nothing was. */
  lastKnown(kind: DeviceKind, userId: UserId | null, serial: string): ResolvedDevice | null | undefined {
    return this.#find(key(kind, userId, serial))?.device;
  }

  #find(cacheKey: string): Entry | undefined {
    return this.#known.get(cacheKey) ?? this.#unknown.get(cacheKey);
  }

  #remember(
    kind: DeviceKind,
    userId: UserId | null,
    serial: string,
    device: ResolvedDevice | null,
    nowMs: number,
  ): void {
    const cacheKey = key(kind, userId, serial);
    this.#known.delete(cacheKey);
    this.#unknown.delete(cacheKey);
    const isKnown = device !== null;
    const cache = isKnown ? this.#known : this.#unknown;
    if (cache.size >= (isKnown ? MAX_ENTRIES : MAX_NEGATIVE)) {
      // The oldest entry goes; a map remembers the order of insertion.
      const oldest = cache.keys().next().value;
      if (oldest !== undefined) cache.delete(oldest);
    }
    const expiresAt = nowMs + (isKnown ? POSITIVE_TTL_MS : NEGATIVE_TTL_MS);
    cache.set(cacheKey, { kind, userId, serial, device, expiresAt, isAsked: false });
  }
}

function key(kind: DeviceKind, userId: UserId | null, serial: string): string {
  return `${kind} ${userId ?? '*'} ${serial}`;
}
