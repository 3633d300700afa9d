import type { Message } from '../protocols/protocol.ts';

/** Where the collector brings what devices say. */
export interface MessageSink {
  /**
   * Resolve who this is and keep what it brought. The promise settles when the message is durable (COMMIT) or need not be stored; then
   * the acknowledgement is sent with the returned offset. It rejects with Unavailable when storage is down: then the frame is NOT
   * acknowledged, and the device sends it again.
   */
  accept(message: Message, peer: Peer): Promise<{ utcOffsetMin: number }>;
  /** A peer began to speak TLS and was sent away: a logger whose firmware cannot be used (solarman-v5 §6.3). */
  tlsHello?(peer: Peer): void;
  /** Two connections speak for one device at the same time, the older first. */
  twoAtOnce?(serial: string, peers: readonly [Peer, Peer]): void;
}

/** The other end of a connection. */
export interface Peer {
  /** IP address as text, without a port; behind a proxy the one the proxy told. */
  address: string;
  /** Never used again while the process lives. */
  connectionId: number;
}

/** What the collector logs to; pino fits. */
export interface CollectorLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
