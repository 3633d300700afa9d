import { createServer, type Server, type Socket } from 'node:net';
import type { Reading } from '../../src/domain/reading.ts';
import type { BootClock, KeptPayload } from '../../src/protocols/protocol.ts';
import { encodeAcknowledgement } from '../../src/protocols/solarman/acknowledgement.ts';
import { CODE } from '../../src/protocols/solarman/codes.ts';
import type { Frame } from '../../src/protocols/solarman/frame.ts';
import { solarman } from '../../src/protocols/solarman/index.ts';
import { Splitter } from '../../src/protocols/solarman/splitter.ts';

/** A frame as it came, and what the product's own session makes of it. */
export interface Received {
  connection: number;
  /** Where it came from. */
  address: string;
  frame: Frame;
  /** 0x41…, and the frame type behind it: `42 81`. */
  kind: string;
  readings: Reading[];
}

/** What happens to a frame: the right answer, none, the end of the connection, or these bytes instead of the right ones. */
export type Treatment = 'answer' | 'silence' | 'hang up' | ((right: Buffer, frame: Frame) => Buffer);

export const UTC_OFFSET_MIN = 120;

/** A collector of a few lines, that can be told to behave badly: real sockets, real frames. */
export class FakeCollector {
  readonly received: Received[] = [];
  connections = 0;
  treat: (received: Received) => Treatment = () => 'answer';
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((socket) => this.#serve(socket));
  }

  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Open connections. */
  get open(): number {
    return this.#sockets.size;
  }

  get kinds(): string[] {
    return this.received.map(({ kind }) => kind);
  }

  get data(): Received[] {
    return this.received.filter(({ frame }) => frame.code === CODE.data);
  }

  #serve(socket: Socket): void {
    const connection = this.connections++;
    const address = socket.remoteAddress ?? '';
    const splitter = new Splitter(0);
    const session = solarman.open();
    let undated: KeptPayload[] = [];
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      const { messages } = session.receive(bytes, new Date());
      const readings = messages.map((message) => message.readings);
      splitter.feed(bytes, (frame) => {
        const kind = `${hex(frame.code)} ${hex(frame.payload[0] ?? 0)}`;
        const received = { connection, address, frame, kind, readings: readings.shift() ?? [] };
        this.received.push(received);
        this.#treat(socket, received);
        return true;
      });
      for (const { serial, raw, clock } of messages) {
        if (raw?.reason === 'undated') undated.push({ ...raw, receivedAt: new Date() });
        if (clock?.isTold) undated = this.#settle(undated, serial, clock);
      }
    });
  }

  /** What undated frames said, now that their date is known; answers those that still have none. */
  #settle(undated: readonly KeptPayload[], serial: string, clock: BootClock): KeptPayload[] {
    const readings = solarman.replay(undated, serial, [clock]);
    return undated.filter(({ bytes }, i) => {
      const reading = readings[i];
      if (reading?.timeQuality !== 'boot') return true;
      const frame = this.received.findLast((one) => one.frame.payload.equals(bytes));
      if (frame !== undefined) frame.readings = [reading];
      return false;
    });
  }

  #treat(socket: Socket, received: Received): void {
    const treatment = this.treat(received);
    if (treatment === 'hang up') socket.destroy();
    if (treatment === 'hang up' || treatment === 'silence') return;
    const right = rightAnswer(received.frame);
    socket.write(treatment === 'answer' ? right : treatment(right, received.frame));
  }
}

/** Written out by hand from solarman-v5 §2.1 rather than taken from the session under test. */
function rightAnswer({ code, sequence, serial, payload }: Frame): Buffer {
  const owed = { when: 'now', code: code - 0x30, sequence, serial, frameType: payload[0] ?? 0 } as const;
  return encodeAcknowledgement(owed, new Date(), UTC_OFFSET_MIN);
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/** An answer with one byte changed and its checksum put right. */
export function edited(right: Buffer, at: number, value: number): Buffer {
  const bytes = Buffer.from(right);
  bytes[at] = value & 0xff;
  let sum = 0;
  for (const byte of bytes.subarray(1, -2)) sum += byte;
  bytes[bytes.length - 2] = sum & 0xff;
  return bytes;
}
