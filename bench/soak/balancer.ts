import { connect, createServer, type Server, type Socket } from 'node:net';

/** One port before several servers, as a load balancer has it: who cannot be reached gets nothing, and the next one is asked. */
export class Balancer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #ports: readonly number[];
  #turn = 0;
  port = 0;

  private constructor(ports: readonly number[]) {
    this.#ports = ports;
    this.#server = createServer((client) => {
      this.#keep(client);
      this.#turn = (this.#turn + 1) % ports.length;
      this.#forward(client, this.#turn, ports.length);
    });
  }

  static async before(ports: readonly number[]): Promise<Balancer> {
    const balancer = new Balancer(ports);
    await new Promise<void>((resolve) => balancer.#server.listen(0, '127.0.0.1', 2048, resolve));
    const address = balancer.#server.address();
    if (typeof address === 'object' && address !== null) balancer.port = address.port;
    return balancer;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #forward(client: Socket, turn: number, triesLeft: number): void {
    if (client.destroyed) return;
    if (triesLeft === 0) {
      client.destroy();
      return;
    }
    const upstream = connect({ port: this.#ports[turn] ?? 0, host: '127.0.0.1', noDelay: true });
    this.#keep(upstream);
    const next = () => this.#forward(client, (turn + 1) % this.#ports.length, triesLeft - 1);
    upstream.once('error', next);
    upstream.once('connect', () => {
      upstream.off('error', next);
      client.on('close', () => upstream.destroy());
      upstream.on('close', () => client.destroy());
      client.pipe(upstream).pipe(client);
    });
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    // Either end may vanish; the other is told by `close`.
    socket.on('error', () => undefined);
  }
}
