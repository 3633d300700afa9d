import type { DbPool } from '../db/pools.ts';
import { Unavailable } from '../domain/errors.ts';
import type { DeviceKind, UserId } from '../domain/inverter.ts';
import { utcOffsetMinutes } from '../domain/period.ts';
import type { Message, PushEnvelope, PushItem } from '../protocols/protocol.ts';
import { keepRaw, type ResolvedDevice } from '../store/devices.ts';
import type { Sample } from '../store/samples.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Batcher } from './batcher.ts';
import type { ClaimDesk } from './claims.ts';
import type { DecodedFrames } from './decoded-frames.ts';
import type { DeviceNotes } from './device-notes.ts';
import { GatewayWatch } from './gateway-watch.ts';
import type { HeldFrames } from './held-frames.ts';
import type { Inbox, UnknownReading } from './inbox.ts';
import type { PushIngest, PushResult } from './ingest.ts';
import type { DeviceResolver } from './resolve.ts';
import type { SampleMaker } from './sample-maker.ts';

export interface IntakeDeps {
  pool: DbPool;
  resolver: DeviceResolver;
  batcher: Batcher;
  notes: DeviceNotes;
  claims: ClaimDesk;
  log: Logger;
  /** Zone whose offset an unknown logger is told. */
  defaultTimeZone: string;
  samples: SampleMaker;
  held: HeldFrames;
  /** Null where frames that were understood are not kept. */
  decoded: DecodedFrames | null;
  inbox: Inbox;
  now?: () => Date;
}

/**
 * Where decoded devices meet the store: who is this, when was it, keep it. Both doors lead here, the collector's messages and the
 * pushed requests.
 */
export class Intake implements PushIngest {
  readonly #deps: IntakeDeps;
  readonly #now: () => Date;
  /** The last frame under way of each logger that was not known when it came. */
  readonly #inOrder = new Map<string, Promise<unknown>>();
  readonly #gateways = new GatewayWatch();

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
    const { resolver } = this.#deps;
    // Nearly always it is known: then nothing is waited for.
    const known = resolver.current('solarman', null, message.serial, now.getTime());
    const device = known ?? (await this.#whose(message, peer.address, now));
    if (device === null) {
      return { utcOffsetMin: utcOffsetMinutes(this.#deps.defaultTimeZone, now) };
    }
    const facts = message.type === 'handshake' ? { ...message.facts, handshakeAt: now } : message.facts;
    this.#deps.notes.gateway(device, 'solarman', message.serial, facts, peer.address, now);
    if (message.raw !== null) {
      if (message.raw.reason === 'undated') await this.#deps.held.keep(device, message.raw, now);
      else await keepRaw(this.#deps.pool, device, message.raw, now);
    }
    // What waited for this clock is older than what the frame brings, and goes first.
    const waiting = message.clock === null ? null : this.#deps.held.learn(device, message.clock, now);
    if (waiting !== null) await waiting;
    const samples = message.readings.map((reading) => this.#deps.samples.make(reading, device, now).sample);
    const made = samples.filter((sample) => sample !== null);
    // Beside the flush, so that a new device's names are there when its first values are announced.
    for (const sample of made) {
      sample.mayMove = true;
      this.#deps.notes.facts(device, sample.reading);
    }
    const outcomes = await this.#deps.batcher.submit(made);
    if (outcomes.includes('gone')) {
      // Deleted a moment ago, and perhaps added anew: nothing is acknowledged on the word of a stale answer.
      resolver.invalidate();
      throw new Unavailable('The inverter was deleted while its data was stored.');
    }
    // Of one that was moved, the frame tells another time than the sample has.
    const moved = new Set(made.filter((_, i) => outcomes[i] === 'moved'));
    this.#deps.decoded?.keep(
      samples.map((sample) => (sample !== null && moved.has(sample) ? null : sample)),
      message.sources,
    );
    // The offset of the moment it is answered, not of the moment it came.
    return { utcOffsetMin: utcOffsetMinutes(device.timeZone, this.#now()) };
  }

  /** A peer began to speak TLS. */
  tlsHello({ address }: { address: string }): void {
    this.#deps.notes.tlsHello(address, this.#now());
  }

  /** Two connections speak for one logger at the same time. */
  twoAtOnce(serial: string, peers: readonly { address: string }[]): void {
    const { resolver, notes } = this.#deps;
    const addresses = peers.map(({ address }) => address);
    // What is known of it suffices: the older connection has had its frames resolved.
    const device = resolver.lastKnown('solarman', null, serial);
    if (device !== null && device !== undefined) notes.twoGateways(device, addresses, this.#now());
  }

  async push(userId: UserId, kind: DeviceKind, envelope: PushEnvelope, now: Date): Promise<PushResult[]> {
    const serials = [...new Set(envelope.items.flatMap((item) => (item.ok ? [item.reading.serial] : [])))];
    const { batcher, resolver, samples } = this.#deps;
    let devices = await resolver.resolve(kind, userId, serials, now.getTime());
    const unknown = unknownOf(envelope, devices);
    if (unknown.length > 0) {
      try {
        const added = await this.#takeUnknown(userId, kind, unknown, envelope.gatewaySerial, now);
        devices = new Map([...devices, ...added]);
      } catch (error) {
        // What is not registered never holds up what is: no device sends twice.
        if (!(error instanceof Unavailable) || devices.size === 0) throw error;
        this.#deps.log.warn({ err: error, userId }, 'readings of unknown devices were not kept');
      }
    }
    const made: Sample[] = [];
    const positions = new Map<PushItem, number>();
    for (const item of envelope.items) {
      const device = item.ok ? devices.get(item.reading.serial) : undefined;
      if (!item.ok || device === undefined) continue;
      const { sample } = samples.make(item.reading, device, now);
      if (sample === null) continue;
      positions.set(item, made.length);
      made.push(sample);
    }
    this.#noteDevices(userId, kind, envelope, devices, now);
    const outcomes = await batcher.submit(made);
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

  /**
   * Of devices the account does not have: adds them where that is wanted, else keeps what they sent. Before the answer, so that what a
   * device is told "not found" for is booked when somebody adds it.
   * @returns those that were added
   */
  async #takeUnknown(
    userId: UserId,
    kind: DeviceKind,
    unknown: readonly UnknownReading[],
    gatewaySerial: string | null,
    now: Date,
  ): Promise<Map<string, ResolvedDevice>> {
    const { inbox, resolver } = this.#deps;
    const serials = unknown.map(({ serial }) => serial);
    const added = (await inbox.addByItself(userId, kind, unknown, gatewaySerial))
      ? await resolver.resolve(kind, userId, serials, now.getTime())
      : new Map<string, ResolvedDevice>();
    const left = unknown.filter(({ serial }) => !added.has(serial));
    if (left.length > 0) await inbox.keep(userId, kind, left, gatewaySerial, now);
    return added;
  }

  /**
   * Whose a frame is. The frames of a logger that was nobody's are looked at in their order: the handshake that proves whose it is comes
   * before the data behind it.
   */
  async #whose(message: Message, address: string, now: Date): Promise<ResolvedDevice | null> {
    const { serial } = message;
    const look = async (): Promise<ResolvedDevice | null> =>
      (await this.#resolveLogger(message, now)) ?? (await this.#proven(message, address, now));
    if (this.#deps.resolver.lastKnown('solarman', null, serial) != null) return look();
    // A failure before is that frame's own.
    const work = (this.#inOrder.get(serial) ?? Promise.resolve()).then(look, look);
    this.#inOrder.set(serial, work);
    try {
      return await work;
    } finally {
      if (this.#inOrder.get(serial) === work) this.#inOrder.delete(serial);
    }
  }

  /** Of a logger that is nobody's: that it was here, and whose it has just been shown to be. */
  async #proven(message: Message, address: string, now: Date): Promise<ResolvedDevice | null> {
    const { claims, notes } = this.#deps;
    if (!claims.admit(address, now)) return null;
    if (await claims.consider(message, address, now)) return this.#resolveLogger(message, now);
    notes.unclaimed(message.serial, address, now);
    return null;
  }

  /** Who this logger is; during an outage the last known answer serves for what need not be stored. */
  async #resolveLogger(message: Message, now: Date): Promise<ResolvedDevice | null> {
    const { resolver } = this.#deps;
    try {
      const { generation } = resolver;
      const found = await resolver.resolve('solarman', null, [message.serial], now.getTime());
      const device = found.get(message.serial) ?? null;
      // A frame before it may just have proven whose it is: what is acknowledged without being kept must be nobody's by now.
      if (device === null && resolver.generation !== generation) return this.#resolveLogger(message, now);
      return device;
    } catch (error) {
      const known = resolver.lastKnown('solarman', null, message.serial);
      const mustBeStored = message.readings.length > 0 || message.raw !== null;
      if (!(error instanceof Unavailable) || mustBeStored || known === undefined) throw error;
      return known;
    }
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
    for (const item of envelope.items) {
      if (!item.ok) continue;
      const device = devices.get(item.reading.serial);
      if (device === undefined) continue;
      notes.facts(device, item.reading);
      const rival = this.#gateways.rivalOf(device.inverterId, item.reading.gatewaySerial, now.getTime());
      if (rival !== null) {
        const about = { userId: device.userId, inverterId: device.inverterId, channel: null, at: now };
        notes.event({ ...about, kind: 'two_gateways', detail: { gateways: [rival, item.reading.gatewaySerial] } });
      }
    }
  }
}

function unknownOf(envelope: PushEnvelope, devices: ReadonlyMap<string, ResolvedDevice>): UnknownReading[] {
  return envelope.items.flatMap((item) => {
    if (!item.ok || devices.has(item.reading.serial)) return [];
    const { serial, deviceName: name, sampledAt, flags } = item.reading;
    const isNothing = sampledAt === null || flags.includes('never_polled');
    return [{ serial, name, reading: isNothing ? null : { ...item.reading, sampledAt } }];
  });
}
