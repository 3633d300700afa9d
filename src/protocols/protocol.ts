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
  open(): StreamSession;
  /** The bytes of an acknowledgement, sent at `now` to a device whose site lies `utcOffsetMin` minutes east of UTC. */
  acknowledge(owed: Acknowledgement, now: Date, utcOffsetMin: number): Buffer;
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
  /** Set when the connection must be closed; messages before it are still good. */
  close?: ProtocolError;
}

/** One frame, understood as far as possible. */
export interface Message {
  serial: string;
  type: 'handshake' | 'data' | 'wifi' | 'heartbeat' | 'report' | 'answer' | 'unknown';
  readings: Reading[];
  /** What the frame tells about the gateway itself; null when nothing. */
  facts: GatewayFacts | null;
  /** A payload no layout decodes, to be kept for later; null when decoded. */
  raw: RawPayload | null;
  /** Null when the frame wants no answer. */
  acknowledgement: Acknowledgement | null;
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
  /** Seconds since the gateway's own power-on. */
  powerOnTimeS?: number;
  sensorList?: string;
  inverterSerial?: string;
  inverterFirmware?: string;
}

export interface RawPayload {
  /** e.g. `0x5413`: what it is called in the interface. */
  layout: string;
  reason: 'unknown_layout' | 'too_short' | 'unknown_code' | 'implausible';
  bytes: Buffer;
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
  decode(body: unknown, now: Date): PushEnvelope;
}

/** A decoded push, device by device, in the request's order. */
export interface PushEnvelope {
  /** Serial of the DTU or Cerbo as it was sent; null when absent. */
  gatewaySerial: string | null;
  /** The `timestamp` field exactly as it was sent, for the answer; null when absent. */
  timestamp: string | number | null;
  items: PushItem[];
}

export type PushItem =
  | { ok: true; /** as sent */ sentSerial: string; reading: Reading }
  | { ok: false; /** as sent; null when absent */ sentSerial: string | null; error: string; field: string };
