import type { ProtocolError } from '../domain/errors.ts';
import type { DeviceKind } from '../domain/inverter.ts';
import type { Reading } from '../domain/reading.ts';

/**
 * The contract between bytes and the rest of the house. A protocol is pure: no sockets, no clock, no database. Bytes (or JSON) and
 * `now` go in; messages come out, each with its readings and the acknowledgement it is owed. The bytes of an acknowledgement are
 * made when it is sent, because it carries the time and the site's UTC offset of that moment.
 */

/** A protocol spoken over a long-lived TCP connection that the device opens. */
export interface StreamProtocol {
  readonly id: DeviceKind;
  readonly name: string;
  readonly listen: { readonly tcp: number };
  /** A fresh session for one connection. */
  open(limits?: Partial<SessionLimits>): StreamSession;
  /** The bytes of an acknowledgement, sent at `now` to a device whose site lies `utcOffsetMin` minutes east of UTC. */
  acknowledge(owed: Acknowledgement, now: Date, utcOffsetMin: number): Buffer;
  /**
   * Decode payloads again that one device sent and that were kept: because the decoders have learnt something since, or because it is
   * known by now when they were made. Payloads of one power-on date each other; `clocks` says what else is known.
   * @returns what each says, in their order; null where there is still nothing to make of it. Without a date (`sampledAt` null) it is
   *   one that the device stored before it knew the time
   */
  replay(kept: readonly KeptPayload[], serial: string, clocks: readonly BootClock[]): (Reading | null)[];
}

/** What a session puts up with before it asks for the connection to be closed. */
export interface SessionLimits {
  /** Bytes that belong to no frame, counted since the last good frame. */
  maxGarbageBytes: number;
  /** Expiries of the partial-frame timer without a good frame between them. */
  maxExpiries: number;
}

export interface StreamSession {
  /** Feed what the socket read; any cut of the stream gives the same messages. Never throws. */
  receive(bytes: Buffer, now: Date): SessionOutcome;
  /** The partial-frame timer fired: drop the false start and look again. */
  expirePartial(now: Date): SessionOutcome;
  /** True while a started frame is incomplete, so that the caller keeps the partial-frame timer running. */
  readonly partial: boolean;
  /** Bytes held; bounded by the protocol. */
  readonly bufferedBytes: number;
  /** Serial that this connection is pinned to, once a valid frame arrived. */
  readonly serial: string | null;
}

export interface SessionOutcome {
  messages: Message[];
  /** What was passed over on the way, for counters and one debug line; null when everything was understood. */
  skipped: SkippedBytes | null;
  /** Set when the connection must be closed; messages before it are still good. */
  close?: ProtocolError;
}

export interface SkippedBytes {
  /** Bytes that belong to no good frame. */
  bytes: number;
  /** Complete candidates whose checksum or end was wrong. */
  badFrames: number;
  /** Valid frames that only a server sends, or without a serial: counted, not answered. */
  refusedFrames: number;
  /** The first of the skipped bytes, at most 64. */
  sample: Buffer;
}

/** One frame, understood as far as possible. */
export interface Message {
  serial: string;
  /** What the protocol calls this kind of frame, e.g. `0x42`; a small closed set, fit for a counter's label. */
  code: string;
  /** The device sent this very frame before on this connection: its readings are here again, storing them twice is harmless. */
  repeated: boolean;
  type: 'handshake' | 'data' | 'wifi' | 'heartbeat' | 'report' | 'answer' | 'unknown';
  readings: Reading[];
  /** What the readings were decoded from, in their order, for whoever keeps that too. */
  sources: readonly SourcePayload[];
  /** What the frame tells about the gateway itself; null when nothing. */
  facts: GatewayFacts | null;
  /** A payload to be kept as it came, before the acknowledgement; null when its readings say everything. */
  raw: RawPayload | null;
  /** What the frame tells about the device's clock, so that payloads kept from before can be dated; null when nothing. */
  clock: BootClock | null;
  /** Null when the frame wants no answer. */
  acknowledgement: Acknowledgement | null;
}

/** What a device's count of seconds means, from one power-on to the next. */
export interface BootClock {
  /** The count at power-on: two frames with the same (to some seconds) are of one power-on. */
  startS: number;
  /** What to add to the count to get Unix time. */
  offsetS: number;
  /** True: the device said so itself. False: reckoned from when its handshake came. */
  isTold: boolean;
}

/** A payload without its envelope. */
export interface SourcePayload {
  /** e.g. `0x5413`: what it is called in the interface. */
  layout: string;
  bytes: Buffer;
}

export interface KeptPayload extends SourcePayload {
  receivedAt: Date;
  /** When its sample was taken, should no payload and no clock tell it better. */
  reckonedAt?: Date | null;
}

/**
 * An answer the device is waiting for. `now`: it may be answered at once. `stored`: only after its readings are committed, because
 * the device drops its own copy then (solarman-v5 §2.2).
 */
export interface Acknowledgement {
  when: 'now' | 'stored';
  /** Code of the answer, e.g. 0x12. */
  code: number;
  /** Sequence bytes of the request: [server's, logger's]. */
  sequence: readonly [number, number];
  /** Header serial of the request, as number. */
  serial: number;
  /** First payload byte of the request, echoed. */
  frameType: number;
}

/** What a gateway (logger, DTU) says about itself. Absent keys mean "not said", so that older knowledge is kept. */
export interface GatewayFacts {
  firmware?: string;
  hardware?: string;
  macAddress?: string;
  localAddress?: string;
  wifiName?: string;
  signalPct?: number;
  uploadPeriodS?: number;
  samplePeriodS?: number;
  heartbeatPeriodS?: number;
  /** When it last introduced itself; filled in by whoever knows when the frame came. */
  handshakeAt?: Date;
  /** Seconds since the gateway's own power-on. */
  powerOnTimeS?: number;
  sensorList?: string;
  inverterSerial?: string;
  inverterFirmware?: string;
  /** The last firmware that was loaded from afar, and when. */
  upgradedFirmware?: string;
  upgradedAt?: Date;
}

export interface RawPayload extends SourcePayload {
  /**
   * - `unknown_layout`, `unknown_code`, `too_short`: nothing decodes it yet
   * - `implausible`: decoded, but some value cannot be true (flag `value_rejected`)
   * - `undated`: decoded, but its time is known only later. Whoever keeps the payload replays it when a frame of the same power-on
   *   tells its clock, on whatever connection (solarman-v5 §2.6)
   */
  reason: 'unknown_layout' | 'too_short' | 'unknown_code' | 'implausible' | 'undated';
  /** Of an undated one: the date it gets should nothing better come; absent when there is nothing to reckon by. */
  reckonedAt?: Date | null;
}

/** A protocol whose devices push one JSON document per HTTP request. */
export interface PushProtocol {
  readonly id: DeviceKind;
  readonly name: string;
  readonly listen: { readonly http: string };
  /**
   * Understand one request body. One bad inverter never loses the others.
   * @throws InvalidInput when the envelope itself is unusable, naming the field
   */
  decode(body: unknown, now: Date, context?: PushContext): PushEnvelope;
}

/** What only the caller can know about the sender of a push. */
export interface PushContext {
  /** Seconds between two pushes; three of them widen the limit after which a value counts as stale. */
  intervalS?: number;
}

/** A decoded push, device by device, in the request's order. */
export interface PushEnvelope {
  /** Serial of the DTU or Cerbo as it was sent; null when absent. */
  gatewaySerial: string | null;
  /** The `timestamp` field exactly as it was sent, for the answer; null when absent. */
  timestamp: string | number | null;
  items: PushItem[];
}

/** One device of a push. `field` and `rejected` are paths within the device's own object, e.g. `measurements.power_ac`. */
export type PushItem =
  | {
      ok: true;
      /** as sent */
      sentSerial: string;
      reading: Reading;
      /** AC power as sent, W, although `reading` may hold it to be stale: the answer repeats it; null when it cannot be read. */
      sentPowerW: number | null;
      /** Values that were there but could not be believed; null in `reading`, which then carries `value_rejected`. */
      rejected: readonly string[];
    }
  | {
      ok: false;
      /** as sent; null when absent */
      sentSerial: string | null;
      error: string;
      field: string;
    };
