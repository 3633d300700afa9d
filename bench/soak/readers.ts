import { type ClientRequest, request } from 'node:http';

/** Followers of the live stream: some read what comes, some never read a byte. All come back when they lose their connection. */
export class Readers {
  /** Bytes that the reading ones have got. */
  bytesRead = 0;
  /** Times a connection of one that does not read was ended by the server. */
  slowDropped = 0;
  readonly #url: string;
  readonly #apiKey: string;
  readonly #open = new Set<ClientRequest>();
  #isStopping = false;

  constructor(url: string, apiKey: string) {
    this.#url = url;
    this.#apiKey = apiKey;
  }

  start(reading: number, slow: number): void {
    for (let i = 0; i < reading; i++) this.#follow(true);
    for (let i = 0; i < slow; i++) this.#follow(false);
  }

  stop(): void {
    this.#isStopping = true;
    for (const sent of this.#open) sent.destroy();
  }

  #follow(isReading: boolean): void {
    if (this.#isStopping) return;
    const sent = request(`${this.#url}/api/v1/live`, { agent: false, headers: { 'X-API-Key': this.#apiKey } });
    this.#open.add(sent);
    let isStream = false;
    sent.on('response', (response) => {
      isStream = response.statusCode === 200;
      if (isReading || !isStream) {
        response.on('data', (bytes: Buffer) => {
          if (isStream) this.bytesRead += bytes.length;
        });
      } else response.pause();
      response.on('error', () => undefined);
    });
    sent.on('error', () => undefined);
    sent.on('close', () => {
      this.#open.delete(sent);
      if (!isReading && isStream && !this.#isStopping) this.slowDropped += 1;
      setTimeout(() => this.#follow(isReading), 5_000).unref();
    });
    sent.end();
  }
}
