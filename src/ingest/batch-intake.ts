import { Conflict, InvalidInput } from '../domain/errors.ts';
import { DEVICE_KINDS, type DeviceKind, normaliseSerial, type UserId } from '../domain/inverter.ts';
import type { Reading } from '../domain/reading.ts';
import type { SentReading } from '../protocols/readings/readings.ts';
import type { ResolvedDevice } from '../store/devices.ts';
import type { Sample } from '../store/samples.ts';
import type { Batcher } from './batcher.ts';
import type { DeviceNotes } from './device-notes.ts';
import type { Inbox, UnknownReading } from './inbox.ts';
import type { BatchIngest, ReadingResult } from './ingest.ts';
import type { DeviceResolver } from './resolve.ts';
import type { SampleMaker } from './sample-maker.ts';
import { MAX_FUTURE_MS } from './sample-time.ts';

export interface BatchIntakeDeps {
  resolver: DeviceResolver;
  batcher: Batcher;
  notes: DeviceNotes;
  samples: SampleMaker;
  inbox: Inbox;
}

type Usable = Extract<SentReading, { ok: true }>;

/** A reading of the batch with its place in it and what is known of its device by now. */
interface Placed {
  place: number;
  reading: Reading & { sampledAt: Date };
  device: ResolvedDevice | null;
}

/** Readings that come in bulk, for any devices of an account: back-fill, scripts, the import of a file. */
export class BatchIntake implements BatchIngest {
  readonly #deps: BatchIntakeDeps;

  constructor(deps: BatchIntakeDeps) {
    this.#deps = deps;
  }

  async readings(userId: UserId, sent: readonly SentReading[], now: Date): Promise<ReadingResult[]> {
    const results = sent.map((one): ReadingResult => {
      if (!one.ok) return { status: 'error', serial: one.serial, field: one.field, error: one.error };
      return { status: 'ok', serial: one.serial };
    });
    const placed: Placed[] = [];
    const devices = await this.#devicesOf(userId, sent, now);
    for (const [place, one] of sent.entries()) {
      if (!one.ok) continue;
      const found = devices(one, place);
      if (found === null) results[place] = badSerial(one.serial);
      else
        placed.push({
          place,
          reading: { ...one.reading, kind: found.kind, serial: found.serial },
          device: found.device,
        });
    }
    await this.#addByThemselves(userId, placed, now);
    await this.#store(placed, results, now);
    await this.#keep(userId, placed, results, now);
    return results;
  }

  /** Which device a reading is of: of the kind it names, or of whichever kind the account has that serial. @throws Conflict */
  async #devicesOf(
    userId: UserId,
    sent: readonly SentReading[],
    now: Date,
  ): Promise<
    (one: Usable, place: number) => { kind: DeviceKind; serial: string; device: ResolvedDevice | null } | null
  > {
    const usable = sent.filter((one) => one.ok);
    const byKind = new Map<DeviceKind, Map<string, ResolvedDevice>>();
    for (const kind of DEVICE_KINDS) {
      const asked = usable.filter((one) => one.kind === null || one.kind === kind);
      const serials = [...new Set(asked.flatMap(({ serial }) => spelled(serial, kind) ?? []))];
      const { resolver } = this.#deps;
      byKind.set(kind, await resolver.resolve(kind, userId, serials, now.getTime()));
    }
    return ({ serial, kind: named }, place) => {
      const kinds = named === null ? DEVICE_KINDS : [named];
      const found = kinds.flatMap((kind) => {
        const own = spelled(serial, kind);
        const device = own === null ? undefined : byKind.get(kind)?.get(own);
        return own === null || device === undefined ? [] : [{ kind, serial: own, device }];
      });
      if (found.length > 1) {
        const why = `say which: ${found.map(({ kind }) => kind).join(', ')}`;
        throw new Conflict(`More than one device has the serial ${serial}.`, {
          details: { fields: { [`readings[${place}].kind`]: why } },
        });
      }
      const kind = named ?? 'other';
      const own = spelled(serial, kind);
      return found[0] ?? (own === null ? null : { kind, serial: own, device: null });
    };
  }

  async #addByThemselves(userId: UserId, placed: Placed[], now: Date): Promise<void> {
    const { inbox, resolver } = this.#deps;
    for (const [kind, unknown] of unknownByKind(placed)) {
      if (!(await inbox.addByItself(userId, kind, unknown.map(toUnknown), null))) continue;
      const serials = [...new Set(unknown.map(({ reading }) => reading.serial))];
      const devices = await resolver.resolve(kind, userId, serials, now.getTime());
      for (const one of unknown) one.device = devices.get(one.reading.serial) ?? null;
    }
  }

  async #store(placed: readonly Placed[], results: ReadingResult[], now: Date): Promise<void> {
    const { samples, batcher, notes } = this.#deps;
    const made: Sample[] = [];
    const places: number[] = [];
    for (const { place, reading, device } of placed) {
      if (device === null) continue;
      const { sample } = samples.make(reading, device, now);
      if (sample === null) {
        results[place] = outside(results[place]);
        continue;
      }
      notes.facts(device, sample.reading);
      made.push(sample);
      places.push(place);
    }
    const outcomes = await batcher.submit(made);
    for (const [i, outcome] of outcomes.entries()) {
      const place = places[i] ?? 0;
      const serial = results[place]?.serial ?? '';
      if (outcome === 'duplicate') results[place] = { status: 'duplicate', serial };
      else if (outcome === 'gone')
        results[place] = { status: 'error', serial, field: 'serial', error: 'was just deleted' };
    }
  }

  async #keep(userId: UserId, placed: readonly Placed[], results: ReadingResult[], now: Date): Promise<void> {
    for (const [kind, unknown] of unknownByKind(placed)) {
      const timely = unknown.filter(({ place, reading }) => {
        const isTimely = reading.sampledAt.getTime() <= now.getTime() + MAX_FUTURE_MS;
        if (!isTimely) results[place] = outside(results[place]);
        return isTimely;
      });
      const kept = await this.#deps.inbox.keep(userId, kind, timely.map(toUnknown), null, now);
      for (const [i, { place }] of timely.entries()) {
        const serial = results[place]?.serial ?? '';
        const full = 'is not registered, and no more of it can wait: add the device first';
        results[place] =
          kept[i] === true ? { status: 'pending', serial } : { status: 'error', serial, field: 'serial', error: full };
      }
    }
  }
}

function unknownByKind(placed: readonly Placed[]): Map<DeviceKind, Placed[]> {
  const byKind = new Map<DeviceKind, Placed[]>();
  for (const one of placed) {
    if (one.device !== null) continue;
    const { kind } = one.reading;
    byKind.set(kind, [...(byKind.get(kind) ?? []), one]);
  }
  return byKind;
}

function toUnknown({ reading }: Placed): UnknownReading {
  return { serial: reading.serial, name: null, reading };
}

function outside(result: ReadingResult | undefined): ReadingResult {
  return {
    status: 'error',
    serial: result?.serial ?? null,
    field: 'sampled_at',
    error: 'is outside the accepted time',
  };
}

function badSerial(serial: string): ReadingResult {
  return { status: 'error', serial: serial.slice(0, 64), field: 'serial', error: 'cannot be a serial number' };
}

/** The serial in the spelling of a kind; null when none of that kind can be spelled so. */
function spelled(serial: string, kind: DeviceKind): string | null {
  try {
    return normaliseSerial(serial, kind);
  } catch (error) {
    if (error instanceof InvalidInput) return null;
    throw error;
  }
}
