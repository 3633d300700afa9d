import type { StreamProtocol } from '../protocols/protocol.ts';
import type { TokenBucket } from '../util/token-bucket.ts';
import type { Connection } from './connection.ts';
import type { CollectorCounters } from './counters.ts';
import type { CollectorLimits } from './limits.ts';
import type { CollectorLog, MessageSink } from './sink.ts';

/** What a connection needs of the server around it. */
export interface ConnectionContext {
  readonly protocol: StreamProtocol;
  readonly sink: MessageSink;
  readonly limits: CollectorLimits;
  readonly counters: CollectorCounters;
  readonly log: CollectorLog;
  readonly proxyProtocol: boolean;
  now(): Date;
  /**
   * The first good frame has arrived. Answers what frames of this serial are rationed by.
   * @param uptimeS seconds since the device's power-on, where that frame tells
   */
  onIdentified(connection: Connection, serial: string, uptimeS: number | null): TokenBucket;
  /** The peer speaks TLS. */
  onTlsHello(connection: Connection): void;
  /** The proxy has told the peer's own address. False: that address has too many connections. */
  onAddressTold(connection: Connection, address: string): boolean;
  onClosed(connection: Connection): void;
  /** The sink rejected a message. */
  onUnstored(connection: Connection, error: unknown): void;
}
