import type { DbPool } from '../db/pools.ts';
import { Unavailable } from '../domain/errors.ts';
import type { DeviceKind, UserId } from '../domain/inverter.ts';
import { utcOffsetMinutes } from '../domain/period.ts';
import { judgeReading } from '../domain/plausibility.ts';
import type { Reading } from '../domain/reading.ts';
import { atStoredPrecision } from '../domain/stored-precision.ts';
import type { Message, PushEnvelope, PushItem } from '../protocols/protocol.ts';
import { keepRaw, type ResolvedDevice } from '../store/devices.ts';
import type { NotedEvent, Sample } from '../store/samples.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Batcher } from './batcher.ts';
import type { DeviceNotes } from './device-notes.ts';
import type { PushIngest, PushResult } from './ingest.ts';
import type { DeviceResolver } from './resolve.ts';
import { settleSampleTime } from './sample-time.ts';

export interface IntakeDeps {
  pool: DbPool;
  resolver: DeviceResolver;
  batcher: Batcher;
  notes: DeviceNotes;
  log: Logger;
  /** Zone whose offset an unknown logger is told. */
  defaultTimeZone: string;
  retentionDays: number;
  /** False keeps each input's counters, not its W, V and A. */
  storeDcChannelData: boolean;
  now?: () => Date;
}

/**
 * Where decoded devices meet the store: who is this, when was it, keep it. Both doors lead here, the collector's messages and the
 * pushed requests.
 */
export class Intake implements PushIngest {
  readonly #deps: IntakeDeps;
  readonly #now: () => Date;

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
    this.#now = deps.now ?? (() => new Date());
  }

  /**
   * One frame of a logger. Settles when it is durable, or need not be stored, with the offset its acknowledgement is to carry.
   * @throws Unavailable when it could not be kept: then it must not be acknowledged
   */
  async accept(message: Message, peer: { address: string }): Promise<{ utcOffsetMin: number }> {
    const now = this.#now();
    const device = await this.#resolveLogger(message, now);
    if (device === null) {
      this.#deps.notes.unclaimed(message.serial, peer.address, now);
      return { utcOffsetMin: utcOffsetMinutes(this.#deps.defaultTimeZone, now) };
    }
    this.#deps.notes.gateway(device, 'solarman', message.serial, message.facts, peer.address, now);
    if (message.raw !== null) await keepRaw(this.#deps.pool, device, message.raw, now);
    const samples = message.readings.flatMap((reading) => this.#sample(reading, device, now) ?? []);
    // Beside the flush, so that a new device's names are there when its first values are announced.
    for (const sample of samples) this.#deps.notes.facts(device, sample.reading);
    const outcomes = await this.#deps.batcher.submit(samples);
    if (outcomes.includes('gone')) {
      // Deleted a moment ago, and perhaps added anew: nothing is acknowledged on the word of a stale answer.
      this.#deps.resolver.invalidate();
      throw new Unavailable('The inverter was deleted while its data was stored.');
    }
    // The offset of the moment it is answered, not of the moment it came.
    return { utcOffsetMin: utcOffsetMinutes(device.timeZone, this.#now()) };
  }

  async push(userId: UserId, kind: DeviceKind, envelope: PushEnvelope, now: Date): Promise<PushResult[]> {
    const serials = [...new Set(envelope.items.flatMap((item) => (item.ok ? [item.reading.serial] : [])))];
    const devices = await this.#deps.resolver.resolve(kind, userId, serials, now.getTime());
    const samples: Sample[] = [];
    const positions = new Map<PushItem, number>();
    for (const item of envelope.items) {
      const device = item.ok ? devices.get(item.reading.serial) : undefined;
      if (!item.ok || device === undefined) continue;
      const sample = this.#sample(item.reading, device, now);
      if (sample === null) continue;
      positions.set(item, samples.length);
      samples.push(sample);
    }
    this.#noteDevices(userId, kind, envelope, devices, now);
    const outcomes = await this.#deps.batcher.submit(samples);
    return envelope.items.map((item) => {
      if (!item.ok) return { status: 'error', sentSerial: item.sentSerial, error: item.error, field: item.field };
      const device = devices.get(item.reading.serial);
      if (device === undefined) return { status: 'unknown', sentSerial: item.sentSerial };
      const position = positions.get(item);
      const outcome = position === undefined ? 'stored' : (outcomes[position] ?? 'stored');
      // Deleted between the look-up and the commit.
      if (outcome === 'gone') return { status: 'unknown', sentSerial: item.sentSerial };
      return {
        status: outcome === 'duplicate' ? 'duplicate' : 'ok',
        sentSerial: item.sentSerial,
        inverterId: device.inverterId,
        powerW: item.sentPowerW,
        stale: item.reading.flags.includes('stale'),
      };
    });
  }

  /** Who this logger is; during an outage the last known answer serves for what need not be stored. */
  async #resolveLogger(message: Message, now: Date): Promise<ResolvedDevice | null> {
    const { resolver } = this.#deps;
    try {
      const found = await resolver.resolve('solarman', null, [message.serial], now.getTime());
      return found.get(message.serial) ?? null;
    } catch (error) {
      const known = resolver.lastKnown('solarman', null, message.serial);
      const mustBeStored = message.readings.length > 0 || message.raw !== null;
      if (!(error instanceof Unavailable) || mustBeStored || known === undefined) throw error;
      return known;
    }
  }

  /** Null when its time lies outside the window: answered, not stored, noted (interfaces, "HTTP"). */
  #sample(reading: Reading, device: ResolvedDevice, now: Date): Sample | null {
    // Nothing was ever measured: there is no sample, only a sign of life.
    if (reading.flags.includes('never_polled')) return null;
    const time = settleSampleTime(reading, device.timeZone, now, this.#deps.retentionDays);
    if (!time.accepted) {
      this.#note({
        userId: device.userId,
        inverterId: device.inverterId,
        channel: null,
        at: now,
        kind: time.at === null ? 'clock_unset' : 'outside_window',
        detail: { sampled_at: time.at === null ? null : time.at.toISOString() },
      });
      return null;
    }
    const { at } = time;
    if (reading.flags.includes('clock_untrusted')) {
      const detail = { sampled_at: at.toISOString() };
      const about = { userId: device.userId, inverterId: device.inverterId, channel: null };
      this.#note({ ...about, at: now, kind: 'clock_unset', detail });
    }
    const judged = judgeReading(time.reading, larger(device.ratedPowerW, time.reading.ratedPowerW));
    const settled = atStoredPrecision(judged, this.#deps.storeDcChannelData);
    return { userId: device.userId, inverterId: device.inverterId, sampledAt: at, receivedAt: now, reading: settled };
  }

  #note(event: NotedEvent): void {
    this.#deps.notes.event(event);
  }

  /** Beside the flush, so that a new device's names are there when its first values are announced. */
  #noteDevices(
    userId: UserId,
    kind: DeviceKind,
    envelope: PushEnvelope,
    devices: Map<string, ResolvedDevice>,
    now: Date,
  ): void {
    const { notes } = this.#deps;
    if (envelope.gatewaySerial !== null) notes.gateway({ userId }, kind, envelope.gatewaySerial, null, null, now);
    const pending: { serial: string; name: string | null }[] = [];
    for (const item of envelope.items) {
      if (!item.ok) continue;
      const device = devices.get(item.reading.serial);
      if (device !== undefined) notes.facts(device, item.reading);
      else pending.push({ serial: item.reading.serial, name: item.reading.deviceName });
    }
    if (pending.length > 0) notes.pending(userId, kind, pending, envelope.gatewaySerial, now);
  }
}

/** A rating the owner typed too low must not make real power look impossible. */
function larger(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}
