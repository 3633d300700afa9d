import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { plainAddress } from '../domain/address.ts';
import { ConfigError } from '../domain/errors.ts';
import type { StreamProtocol } from '../protocols/protocol.ts';
import { TokenBucket, TokenBuckets } from '../util/token-bucket.ts';
import { Connection } from './connection.ts';
import type { ConnectionContext } from './connection-context.ts';
import { type CollectorCounters, newCounters, type Refusal } from './counters.ts';
import { AddressCounts, type CollectorLimits, DEFAULT_COLLECTOR_LIMITS } from './limits.ts';
import { Serials } from './serials.ts';
import type { CollectorLog, MessageSink, Peer } from './sink.ts';

export interface CollectorOptions {
  protocol: StreamProtocol;
  sink: MessageSink;
  log: CollectorLog;
  limits?: Partial<CollectorLimits>;
  /** Connections come through a TCP proxy that announces the peer's address (PROXY protocol version 2). */
  proxyProtocol?: boolean;
  /** The clock that goes into acknowledgements. */
  now?: () => Date;
}

/** Waiting connections the kernel keeps for us; it may allow fewer. */
const BACKLOG = 2048;
/** What happens to a whole fleet at once is worth one line a minute, not one for each connection. */
const LOG_EVERY_MS = 60_000;
/** A connection that spoke so lately is not one that was lost without a word. */
const ALIVE_MS = 30_000;
/** Whole seconds are all a device tells. */
const UPTIME_SLACK_MS = 5_000;

/**
 * The TCP server devices connect to. It knows sockets and limits and no protocol: it feeds a session, hands messages to the sink, and
 * sends the acknowledgements the sink's promises release.
 */
export class CollectorServer {
  readonly counters: CollectorCounters = newCounters();
  readonly #options: CollectorOptions;
  readonly #limits: CollectorLimits;
  readonly #server: Server;
  readonly #context: ConnectionContext;
  readonly #connections = new Set<Connection>();
  readonly #addresses = new AddressCounts();
  readonly #serials = new Serials<Connection>();
  /** Connections that were replaced though they seemed to live, and by whom. */
  readonly #rivals = new Map<Connection, Peer>();
  readonly #accepts: TokenBucket;
  readonly #frames: TokenBuckets;
  /** What closed connections brought and the sink has not settled yet. */
  readonly #unsettled = new Set<Promise<void>>();
  readonly #loggedAt = new Map<string, number>();
  #nextId = 1;
  #isStopping = false;
  /** Called when the last connection is over. */
  #onEmpty = () => {};

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_COLLECTOR_LIMITS, ...options.limits };
    this.#accepts = new TokenBucket(this.#limits.acceptBurst, this.#limits.acceptsPerSecond / 1000, performance.now());
    const { frameBurst, framesPerMinute, maxConnections } = this.#limits;
    this.#frames = new TokenBuckets(frameBurst, framesPerMinute / 60_000, 2 * maxConnections);
    this.#context = {
      protocol: options.protocol,
      sink: options.sink,
      log: options.log,
      limits: this.#limits,
      counters: this.counters,
      proxyProtocol: options.proxyProtocol ?? false,
      now: options.now ?? (() => new Date()),
      onIdentified: (connection, serial, uptimeS) => this.#onIdentified(connection, serial, uptimeS),
      onTlsHello: (connection) => options.sink.tlsHello?.(peerOf(connection)),
      onAddressTold: (connection, address) => this.#onAddressTold(connection, address),
      onClosed: (connection) => this.#onClosed(connection),
      onUnstored: (connection, error) => this.#onUnstored(connection, error),
    };
    // Half-open: a peer that has said everything and sent FIN still gets its acknowledgements.
    this.#server = createServer(
      { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: this.#limits.keepAliveMs },
      (socket) => this.#onConnection(socket),
    );
  }

  /**
   * Start listening.
   * @throws ConfigError when the port is taken or not allowed
   */
  listen(port: number, host: string): Promise<AddressInfo> {
    const { log, protocol } = this.#options;
    return new Promise((resolve, reject) => {
      const refuse = (error: Error) => {
        const text = `Cannot listen on ${host}:${port} (COLLECTOR_HOST, COLLECTOR_PORT): ${error.message}`;
        reject(new ConfigError(text, { cause: error }));
      };
      this.#server.once('error', refuse);
      this.#server.listen({ port, host, backlog: BACKLOG }, () => {
        this.#server.off('error', refuse);
        // Running out of file descriptors, for example: the connections there are go on.
        this.#server.on('error', (error) => log.error({ err: error }, 'accepting connections failed'));
        const address = this.#server.address() as AddressInfo;
        log.info({ protocol: protocol.id, address: address.address, port: address.port }, 'collector listens');
        resolve(address);
      });
    });
  }

  /** End the connections of a device, e.g. because it was deleted. */
  disconnect(serial: string): void {
    for (const connection of this.#serials.of(serial)) connection.end('stopped');
  }

  /**
   * Stop: no new connections, nothing more is read, what was understood is settled and answered, then all are closed. Takes a little
   * over `drainMs` at most, even when the sink never settles.
   */
  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const connection of this.#connections) connection.end('stopped');
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      if (this.#connections.size === 0) resolve();
    });
    const settled = Promise.all([closed, empty]).then(() => Promise.all(this.#unsettled));
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<'too long'>((resolve) => {
      timer = setTimeout(() => resolve('too long'), this.#limits.drainMs + 1000);
    });
    const outcome = await Promise.race([settled, tooLong]);
    clearTimeout(timer);
    if (outcome === 'too long')
      this.#options.log.warn({ open: this.#connections.size }, 'stopped with messages unsettled');
    for (const connection of this.#connections) connection.destroy();
  }

  #onConnection(socket: Socket): void {
    const address = plainAddress(socket.remoteAddress);
    const refusal = this.#refusalOf(address);
    if (refusal !== null) {
      this.#refuse(refusal, address);
      socket.destroy();
      return;
    }
    const connection = new Connection(this.#nextId++, address, socket, this.#context);
    this.#connections.add(connection);
    this.#addresses.add(address);
    this.counters.accepted += 1;
    this.counters.open = this.#connections.size;
    connection.start();
  }

  #refusalOf(address: string): Refusal | null {
    if (!this.#accepts.take(performance.now())) return 'rate';
    if (this.#connections.size >= this.#limits.maxConnections) return 'total';
    if (this.#context.proxyProtocol) return null;
    return this.#addresses.of(address) >= this.#limits.maxPerAddress ? 'address' : null;
  }

  #refuse(refusal: Refusal, address: string): void {
    this.counters.refused[refusal] += 1;
    if (!this.#isWorthALine(refusal)) return;
    this.#options.log.warn({ address, reason: refusal, refused: this.counters.refused }, 'connections are refused');
  }

  #onUnstored(connection: Connection, error: unknown): void {
    if (!this.#isWorthALine('unstored')) return;
    const { id: connectionId, address, serial } = connection;
    const fields = { connectionId, address, serial, unstored: this.counters.unstored, err: error };
    this.#options.log.error(fields, 'messages are not stored, so not acknowledged');
  }

  #isWorthALine(what: string): boolean {
    const nowMs = performance.now();
    const last = this.#loggedAt.get(what);
    if (last !== undefined && nowMs - last < LOG_EVERY_MS) return false;
    this.#loggedAt.set(what, nowMs);
    return true;
  }

  #onIdentified(connection: Connection, serial: string, uptimeS: number | null): TokenBucket {
    const nowMs = performance.now();
    for (const older of this.#serials.claim(serial, connection, nowMs)) {
      if (seemsAlive(older, nowMs, uptimeS)) this.#rivals.set(older, peerOf(connection));
      this.#options.log.info(
        { serial, address: connection.address, before: older.address },
        'a newer connection takes over',
      );
      older.end('replaced');
    }
    return this.#frames.of(serial, nowMs);
  }

  #onAddressTold(connection: Connection, address: string): boolean {
    const isFull = this.#addresses.of(address) >= this.#limits.maxPerAddress;
    this.#addresses.remove(connection.address);
    this.#addresses.add(address);
    connection.address = address;
    if (isFull) {
      this.#refuse('address', address);
      connection.destroy();
    }
    return !isFull;
  }

  #onClosed(connection: Connection): void {
    this.#connections.delete(connection);
    this.#addresses.remove(connection.address);
    if (connection.serial !== null) {
      this.#serials.release(connection.serial, connection);
      this.#noteRival(connection, connection.serial);
    }
    this.counters.open = this.#connections.size;
    const why = connection.ending ?? 'ended';
    this.counters.ended[why] = (this.counters.ended[why] ?? 0) + 1;
    this.#options.log.debug({ connectionId: connection.id, address: connection.address, why }, 'connection closed');
    const drained = connection.drained.finally(() => this.#unsettled.delete(drained));
    this.#unsettled.add(drained);
    if (this.#connections.size === 0) this.#onEmpty();
  }

  /** That it spoke a moment ago may only mean that the device lost it and dialled again; that it answers our farewell tells of two. */
  #noteRival(older: Connection, serial: string): void {
    const newcomer = this.#rivals.get(older);
    this.#rivals.delete(older);
    if (newcomer === undefined || !older.answeredGoodbye) return;
    this.counters.twoAtOnce += 1;
    this.#options.sink.twoAtOnce?.(serial, [peerOf(older), newcomer]);
  }
}

function peerOf({ address, id: connectionId }: Connection): Peer {
  return { address, connectionId };
}

/**
 * Whether an older connection of a serial may be one that lives, so that two speak for it. A device that was powered off says nothing
 * and leaves its connection open; then the newcomer was switched on after the older one's last word.
 */
function seemsAlive({ lastFrameAt }: Connection, nowMs: number, uptimeS: number | null): boolean {
  if (lastFrameAt === null || nowMs - lastFrameAt > ALIVE_MS) return false;
  return uptimeS === null || uptimeS * 1000 > nowMs - lastFrameAt + UPTIME_SLACK_MS;
}
