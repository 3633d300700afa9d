import { connect, type Socket } from 'node:net';

/** Where a DTU pushes to. */
export const PUSH_PATH = '/api/opendtu/measurements';

/** One DTU: a kept connection, one push under way at most, no more work per push than a load generator can afford. */
export class HttpDevice {
  readonly serial: string;
  readonly #head: string;
  readonly #port: number;
  #socket: Socket | null = null;
  #answered: ((status: number) => void) | null = null;
  #received = '';

  constructor(serial: string, port: number, apiKey: string) {
    this.serial = serial;
    this.#port = port;
    this.#head = `POST ${PUSH_PATH} HTTP/1.1\r\nHost: bench\r\nX-API-Key: ${apiKey}\r\nContent-Type: application/json\r\n`;
  }

  /** @returns the status; 0 when there was no answer */
  async push(body: string): Promise<number> {
    const socket = this.#socket ?? (await this.#connect());
    if (socket === null) return 0;
    return new Promise((resolve) => {
      this.#answered = resolve;
      socket.write(`${this.#head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    });
  }

  close(): void {
    this.#socket?.destroy();
  }

  #connect(): Promise<Socket | null> {
    return new Promise((resolve) => {
      const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
      socket.setEncoding('latin1');
      socket.once('connect', () => {
        this.#socket = socket;
        resolve(socket);
      });
      socket.on('data', (text: string) => this.#read(text));
      // Told by the close that follows.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#socket = null;
        this.#received = '';
        this.#settle(0);
        resolve(null);
      });
    });
  }

  #read(text: string): void {
    this.#received += text;
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.#received)?.[1] ?? 0);
    if (this.#received.length < end + 4 + length) return;
    const status = Number(this.#received.slice(9, 12));
    this.#received = '';
    this.#settle(status);
  }

  #settle(status: number): void {
    const answered = this.#answered;
    this.#answered = null;
    answered?.(status);
  }
}

/** What a DTU says of one inverter with four inputs, its counters `n` steps on. */
export function fourInputs(serial: string, at: number, n: number): string {
  const channels = [1, 2, 3, 4].map((channel) => {
    const total = (400_000 + channel * 1000 + n) / 1000;
    return `{"channel":${channel},"name":"Input ${channel}","power":61.3,"voltage":31.2,"current":1.96,"yield_day":${300 + n},"yield_total":${total},"irradiation":15.3}`;
  });
  const ac =
    '"power_ac":233.1,"voltage_ac":229.8,"current_ac":1.01,"frequency":49.99,"power_factor":0.998,"power_dc":245.2';
  return `{"timestamp":${at + 2},"dtu_serial":"199980140256","inverters":[{"serial":"${serial}","name":"Bench","reachable":true,"producing":true,"last_update":${at},"measurements":{${ac}},"dc_channels":[${channels.join(',')}]}]}`;
}
