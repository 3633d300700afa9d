import { connect, type Socket } from 'node:net';

/** A bare TCP peer for tests: writes bytes, and waits for as many as it is told to. */
export class TcpClient {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
    socket.on('close', () => {
      this.closed = true;
    });
    // A refused or cut connection is what some tests look for; `closed` tells.
    socket.on('error', () => undefined);
  }

  static open(port: number): Promise<TcpClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(new TcpClient(socket)));
      socket.once('error', reject);
    });
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Bytes that came and were not taken yet. */
  get waiting(): number {
    return this.#received.length;
  }

  async take(length: number, timeoutMs = 5_000): Promise<Buffer> {
    const deadline = Date.now() + timeoutMs;
    while (this.#received.length < length) {
      if (Date.now() > deadline) throw new Error(`only ${this.#received.length} of ${length} bytes came`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const taken = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return taken;
  }

  close(): void {
    this.#socket.destroy();
  }
}
