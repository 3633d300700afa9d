import { type ClientRequest, type IncomingMessage, request } from 'node:http';

export interface ReceivedEvent {
  event: string;
  data: string;
  id: string | null;
}

/** A browser's side of a stream of server-sent events, on a real socket. */
export class EventReader {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly events: ReceivedEvent[] = [];
  /** Everything as it came. */
  text = '';
  isClosed = false;
  readonly #request: ClientRequest;
  readonly #response: IncomingMessage;
  readonly #waiting = new Set<() => void>();

  private constructor(sent: ClientRequest, response: IncomingMessage) {
    this.#request = sent;
    this.#response = response;
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    response.setEncoding('utf8');
    let rest = '';
    response.on('data', (chunk: string) => {
      this.text += chunk;
      const blocks = (rest + chunk).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) this.#take(block);
      this.#wake();
    });
    response.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
    response.on('error', () => undefined);
  }

  static open(url: string, headers: Record<string, string> = {}): Promise<EventReader> {
    return new Promise((resolve, reject) => {
      const sent = request(url, { headers: { accept: 'text/event-stream', ...headers }, agent: false });
      sent.on('response', (response) => resolve(new EventReader(sent, response)));
      sent.on('error', reject);
      sent.end();
    });
  }

  named(name: string): ReceivedEvent[] {
    return this.events.filter(({ event }) => event === name);
  }

  /** Waits for a condition; no sleeping. */
  async until(what: string, isTrue: () => boolean, timeoutMs = 5_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!isTrue()) {
      const left = deadline - Date.now();
      if (left <= 0)
        throw new Error(`not within ${timeoutMs} ms: ${what}; received ${JSON.stringify(this.text.slice(-500))}`);
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          this.#waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, left);
        this.#waiting.add(done);
      });
    }
  }

  /** Takes nothing more from the socket, as a phone that has gone out of reach. */
  stopReading(): void {
    this.#response.pause();
    this.#response.socket.pause();
  }

  close(): void {
    this.#request.destroy();
  }

  #take(block: string): void {
    const field = (name: string): string[] =>
      block
        .split('\n')
        .filter((line) => line.startsWith(`${name}: `))
        .map((line) => line.slice(name.length + 2));
    const [event] = field('event');
    if (event !== undefined) this.events.push({ event, data: field('data').join('\n'), id: field('id')[0] ?? null });
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
