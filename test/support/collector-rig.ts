import { connect, type Socket } from 'node:net';
import type { CollectorLimits } from '../../src/collector/limits.ts';
import { CollectorServer } from '../../src/collector/server.ts';
import type { MessageSink, Peer } from '../../src/collector/sink.ts';
import type { Message } from '../../src/protocols/protocol.ts';
import { encodeFrame, type Frame } from '../../src/protocols/solarman/frame.ts';
import { solarman } from '../../src/protocols/solarman/index.ts';
import { Splitter } from '../../src/protocols/solarman/splitter.ts';
import { TestLogger } from './solarman-logger.ts';

/** Waits for a condition instead of sleeping. */
export async function until(what: string, condition: () => boolean, timeoutMs = 20_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** A turn of the event loop or many, in which whatever was going to happen by mistake would happen. */
export const quiet = (ms = 50) => new Promise((resolve) => setTimeout(resolve, ms));

/** The moment these collectors live in. */
export const NOW = new Date('2025-07-15T12:00:00Z');

/** A logger that knows the time. */
export function knowing(serial?: number): TestLogger {
  const logger = new TestLogger(serial);
  logger.learnTime(NOW);
  return logger;
}

/** Three frames that only a server sends. */
export function serverFrames(): Buffer {
  const frame = encodeFrame({ code: 0x17, sequence: [1, 1], serial: 7, payload: Buffer.alloc(10) });
  return Buffer.concat([frame, frame, frame]);
}

interface Held {
  message: Message;
  peer: Peer;
  settle: (utcOffsetMin?: number) => void;
  fail: (error: Error) => void;
}

/** A sink that settles at once, unless it is told to hold what comes. */
export class TestSink implements MessageSink {
  readonly messages: Message[] = [];
  readonly peers: Peer[] = [];
  readonly held: Held[] = [];
  holds = false;
  /** Messages it is busy with, and the most there ever were. */
  busy = 0;
  mostBusy = 0;
  /** What accept does instead of settling. */
  failure: (() => Promise<{ utcOffsetMin: number }>) | null = null;
  utcOffsetMin = 120;

  accept(message: Message, peer: Peer): Promise<{ utcOffsetMin: number }> {
    this.messages.push(message);
    this.peers.push(peer);
    if (this.failure !== null) return this.failure();
    if (!this.holds) return Promise.resolve({ utcOffsetMin: this.utcOffsetMin });
    this.busy += 1;
    this.mostBusy = Math.max(this.mostBusy, this.busy);
    return new Promise((resolve, reject) => {
      this.held.push({
        message,
        peer,
        settle: (utcOffsetMin = this.utcOffsetMin) => {
          this.busy -= 1;
          resolve({ utcOffsetMin });
        },
        fail: (error) => {
          this.busy -= 1;
          reject(error);
        },
      });
    });
  }

  /** Settles the oldest held message. */
  settleOne(): void {
    this.held.shift()?.settle();
  }
}

/** What was logged, by level. */
export class TestLog {
  readonly lines: { level: string; fields: object; message: string }[] = [];
  debug = (fields: object, message: string) => this.#add('debug', fields, message);
  info = (fields: object, message: string) => this.#add('info', fields, message);
  warn = (fields: object, message: string) => this.#add('warn', fields, message);
  error = (fields: object, message: string) => this.#add('error', fields, message);

  #add(level: string, fields: object, message: string): void {
    this.lines.push({ level, fields, message });
  }

  of(level: string): string[] {
    return this.lines.filter((line) => line.level === level).map((line) => line.message);
  }
}

/** The device's end of a connection: it reads frames and notices the end. */
export class Device {
  readonly socket: Socket;
  readonly answers: Frame[] = [];
  readonly bytes: Buffer[] = [];
  closed = false;
  ended = false;
  readonly #splitter = new Splitter(1_000_000);

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket.setNoDelay(true);
    this.socket.on('data', (bytes: Buffer) => {
      this.bytes.push(bytes);
      this.#splitter.feed(bytes, (frame) => this.answers.push(frame) > 0);
    });
    this.socket.on('end', () => {
      this.ended = true;
      this.socket.end();
    });
    this.socket.on('error', () => {
      // A reset is one of the ways a connection ends; the test looks at `closed`.
    });
    this.socket.on('close', () => {
      this.closed = true;
    });
  }

  send(...bytes: Buffer[]): void {
    this.socket.write(Buffer.concat(bytes));
  }

  /** Sends each piece as a segment of its own. */
  async sendApart(pieces: Buffer[]): Promise<void> {
    for (const piece of pieces) {
      await new Promise<void>((resolve) => this.socket.write(piece, () => resolve()));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  get codes(): number[] {
    return this.answers.map((frame) => frame.code);
  }

  async answered(count: number): Promise<Frame[]> {
    await until(`${count} answers, have ${this.answers.length}`, () => this.answers.length >= count);
    return this.answers;
  }

  async isClosed(): Promise<void> {
    await until('the connection is closed', () => this.closed);
  }
}

export interface Rig {
  port: number;
  server: CollectorServer;
  sink: TestSink;
  log: TestLog;
  connect(): Device;
  /** Waits until the collector has noticed that all its connections are over. */
  empty(): Promise<void>;
  /** Why connections ended, once the collector has noticed that so many did: the device notices first. */
  endings(count: number): Promise<object>;
  stop(): Promise<void>;
}

export async function collectorRig(limits: Partial<CollectorLimits> = {}, proxyProtocol = false): Promise<Rig> {
  const sink = new TestSink();
  const log = new TestLog();
  const server = new CollectorServer({ protocol: solarman, sink, log, limits, proxyProtocol, now: () => NOW });
  const { port } = await server.listen(0, '127.0.0.1');
  const devices: Device[] = [];
  return {
    port,
    server,
    sink,
    log,
    connect() {
      const device = new Device(port);
      devices.push(device);
      return device;
    },
    empty: () => until('no connection is open', () => server.counters.open === 0),
    async endings(count) {
      const { ended } = server.counters;
      await until(`${count} connections ended`, () => Object.values(ended).reduce((sum, n) => sum + n, 0) === count);
      return ended;
    },
    async stop() {
      await server.stop();
      for (const device of devices) device.socket.destroy();
    },
  };
}
