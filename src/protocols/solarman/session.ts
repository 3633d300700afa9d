import { ProtocolError } from '../../domain/errors.ts';
import type {
  BootClock,
  GatewayFacts,
  Message,
  RawPayload,
  SessionLimits,
  SessionOutcome,
  StreamSession,
} from '../protocol.ts';
import { acknowledgementFor } from './acknowledgement.ts';
import { type FrameKind, hex, kindOf } from './codes.ts';
import { dataFacts, dataReading, decodeData } from './data.ts';
import type { Frame } from './frame.ts';
import { HANDSHAKE_FRAME_TYPE, handshakeFacts, MIN_HANDSHAKE_BYTES } from './handshake.ts';
import { RecentFrames } from './recent.ts';
import { readReport } from './report.ts';
import { Splitter } from './splitter.ts';
import { firmwareHint } from './text.ts';
import { acquiredAt, BootClocks, readTimeBlock, reckonedClock, type TimeBlock, toldClock } from './time.ts';
import { atArrival, dateByTold } from './undated.ts';
import { wifiFacts } from './wifi.ts';

/**
 * One connection of one logger: frames in, messages with the acknowledgements they are owed out. No order of frames is required: after
 * a restart of the server a logger goes on with heartbeats, and the handshake comes hours later (solarman-v5 §2.3).
 */

/** Unparsed bytes since the last good frame, after which the peer is no logger (§7). */
export const DEFAULT_LIMITS: SessionLimits = { maxGarbageBytes: 8192, maxExpiries: 3 };
/** Frames that only a server sends, or without a serial: whoever sends this many is replaying a cloud (§2). */
const MAX_REFUSED = 3;
const SAMPLE_BYTES = 64;
/** Where the time block stands: after the frame type; after frame type and sensor type; after frame type and status (§3, §4.2). */
const TIME_AT: Partial<Record<FrameKind, number>> = { handshake: 1, wifi: 1, report: 1, data: 3, answer: 2 };

type Content = Pick<Message, 'readings' | 'sources' | 'facts' | 'raw'>;

export class SolarmanSession implements StreamSession {
  readonly #limits: SessionLimits;
  readonly #splitter: Splitter;
  readonly #recent = new RecentFrames();
  readonly #clocks = new BootClocks();
  /** The first bytes of the stream, until it is clear that they are no TLS hello. */
  #opening: number[] | null = [];
  #serial: number | null = null;
  #refused = 0;
  #expiries = 0;
  #closed = false;

  constructor(limits: Partial<SessionLimits> = {}) {
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    this.#splitter = new Splitter(this.#limits.maxGarbageBytes);
  }

  get partial(): boolean {
    return !this.#closed && this.#splitter.partial;
  }

  get bufferedBytes(): number {
    return this.#splitter.bufferedBytes;
  }

  get serial(): string | null {
    return this.#serial === null ? null : String(this.#serial);
  }

  receive(bytes: Buffer, now: Date): SessionOutcome {
    return this.#run(now, (onFrame) => {
      if (this.#isTlsHello(bytes)) return new ProtocolError('tls_hello', 'this logger speaks TLS and cannot be used');
      this.#splitter.feed(bytes, onFrame);
      return undefined;
    });
  }

  expirePartial(now: Date): SessionOutcome {
    return this.#run(now, (onFrame) => {
      if (!this.#splitter.partial) return undefined;
      this.#expiries += 1;
      this.#splitter.expire(onFrame);
      if (this.#expiries < this.#limits.maxExpiries) return undefined;
      return new ProtocolError('stalled', `${this.#expiries} frames in a row were begun and never finished`);
    });
  }

  #run(
    now: Date,
    step: (onFrame: (frame: Frame, noise: Buffer) => boolean) => ProtocolError | undefined,
  ): SessionOutcome {
    const outcome: SessionOutcome = { messages: [], skipped: null };
    if (this.#closed) return outcome;
    const before = { bytes: this.#splitter.skippedBytes, badFrames: this.#splitter.badFrames, refused: this.#refused };
    let noise = this.#splitter.noise;
    let problem: ProtocolError | undefined;
    const failed = step((frame, skipped) => {
      if (skipped.length > 0) noise = skipped;
      problem = this.#onFrame(frame, skipped, now, outcome.messages);
      return problem === undefined;
    });
    problem ??= failed;
    if (this.#splitter.overflowed) problem ??= new ProtocolError('garbage', 'too many bytes that belong to no frame');
    const skipped = {
      bytes: this.#splitter.skippedBytes - before.bytes,
      badFrames: this.#splitter.badFrames - before.badFrames,
      refusedFrames: this.#refused - before.refused,
    };
    if (skipped.bytes + skipped.badFrames + skipped.refusedFrames > 0) {
      const sample = this.#splitter.noise.length > 0 ? this.#splitter.noise : noise;
      outcome.skipped = { ...skipped, sample: sample.subarray(0, SAMPLE_BYTES) };
    }
    if (problem !== undefined) {
      this.#closed = true;
      outcome.close = problem;
    }
    return outcome;
  }

  /** `16 03` and a version as the very first bytes: a TLS record with the hello in it (§6.3). */
  #isTlsHello(bytes: Buffer): boolean {
    if (this.#opening === null) return false;
    for (const byte of bytes.subarray(0, 3 - this.#opening.length)) this.#opening.push(byte);
    const [type, major, minor] = this.#opening;
    if (type === undefined) return false;
    if (type !== 0x16 || (major !== undefined && major !== 0x03)) this.#opening = null;
    if (minor === undefined) return false;
    const isHello = this.#opening !== null && minor <= 4;
    this.#opening = null;
    return isHello;
  }

  #onFrame(frame: Frame, noise: Buffer, now: Date, messages: Message[]): ProtocolError | undefined {
    const kind = kindOf(frame.code);
    if (kind === 'server' || frame.serial === 0) {
      this.#refused += 1;
      if (this.#refused < MAX_REFUSED) return undefined;
      return new ProtocolError('server_code', 'the peer sends what only a server sends');
    }
    this.#serial ??= frame.serial;
    if (frame.serial !== this.#serial) {
      return new ProtocolError('serial_changed', `the serial changed from ${this.#serial} to ${frame.serial}`);
    }
    this.#expiries = 0;
    const { firstAt, repeated } = this.#recent.note(frame, now);
    const time = readTimeBlock(frame.payload, TIME_AT[kind] ?? Number.POSITIVE_INFINITY);
    const clock = time === null ? null : clockOf(frame, kind, time, firstAt);
    if (clock !== null) this.#clocks.learn(clock);
    const content = this.#read(kind, frame, time, firstAt);
    messages.push({
      serial: String(frame.serial),
      code: hex(frame.code, 2),
      type: kind,
      repeated,
      ...content,
      facts: withHint(content.facts, noise),
      clock,
      acknowledgement: acknowledgementFor(frame, kind === 'data' ? 'stored' : 'now'),
    });
    return undefined;
  }

  #read(kind: FrameKind, frame: Frame, time: TimeBlock | null, arrivedAt: Date): Content {
    const { payload } = frame;
    switch (kind) {
      case 'handshake':
        return readHandshake(payload, time);
      case 'data':
        return this.#readData(frame, arrivedAt);
      case 'wifi':
        return content({ facts: wifiFacts(payload) });
      case 'report':
        return content(readReport(payload));
      case 'heartbeat':
      case 'answer':
        return content({});
      default:
        return content({ raw: { layout: hex(frame.code, 2), reason: 'unknown_code', bytes: payload } });
    }
  }

  /**
   * Date the sample by §2.6: its own offset, or the one told before by another frame of the same power-on. Otherwise it is for whoever
   * keeps it to date it, on whatever connection its date comes; when a handshake came tells one, should nothing better be told.
   */
  #readData(frame: Frame, arrivedAt: Date): Content {
    const decoded = decodeData(frame.payload);
    if (!decoded.ok) return content({ raw: decoded.raw });
    const { time, stored } = decoded.data.head;
    const own = acquiredAt(time);
    const reading = dataReading(decoded.data, String(frame.serial), { sampledAt: own, timeQuality: 'device' });
    const facts = dataFacts(decoded.data);
    const source = { layout: decoded.data.name, bytes: frame.payload };
    const keep = (reason: RawPayload['reason']): RawPayload => ({ ...source, reason });
    const dated = own === null ? dateByTold(this.#clocks, reading, time) : reading;
    if (dated === null && stored) {
      return content({ facts, raw: { ...keep('undated'), reckonedAt: this.#clocks.reckoned(time) } });
    }
    const raw = reading.flags.includes('value_rejected') ? keep('implausible') : null;
    return content({ facts, raw, readings: [dated ?? atArrival(reading, arrivedAt)], sources: [source] });
  }
}

/** A handshake tells no offset, but it is sent live: its arrival does (`BootClocks`). */
function clockOf({ payload }: Frame, kind: FrameKind, time: TimeBlock, arrivedAt: Date): BootClock | null {
  const told = toldClock(time);
  if (told !== null || kind !== 'handshake') return told;
  return payload[0] === HANDSHAKE_FRAME_TYPE ? reckonedClock(time, arrivedAt) : null;
}

function readHandshake(payload: Buffer, time: TimeBlock | null): Content {
  const facts = handshakeFacts(payload, time?.powerOnS ?? null);
  if (payload.length >= MIN_HANDSHAKE_BYTES) return content({ facts });
  return content({ facts, raw: { layout: 'handshake', reason: 'too_short', bytes: payload } });
}

function content(parts: Partial<Content>): Content {
  return { readings: [], sources: [], facts: null, raw: null, ...parts };
}

/** A firmware named in text before the frame counts only where the frame itself does not say. */
function withHint(facts: GatewayFacts | null, noise: Buffer): GatewayFacts | null {
  const firmware = noise.length === 0 ? null : firmwareHint(noise);
  const all = firmware === null ? facts : { firmware, ...facts };
  return all === null || Object.keys(all).length === 0 ? null : all;
}
