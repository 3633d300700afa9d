import { type ClientRequest, type IncomingMessage, request } from 'node:http';

/** How long one that sleeps looks when it wakes. */
const AWAKE_MS = 2_000;

/**
 * Followers of the live stream: some read what comes, some sleep nearly all the time, as phones do, and notice only when they wake that
 * their connection was ended. All come back when they lose it.
 */
export class Readers {
  /** Bytes that the reading ones have got. */
  bytesRead = 0;
  /** Times one that slept found its connection ended. */
  slowDropped = 0;
  readonly #url: string;
  readonly #apiKey: string;
  readonly #open = new Set<ClientRequest>();
  #sleepMs = 0;
  #isStopping = false;

  constructor(url: string, apiKey: string) {
    this.#url = url;
    this.#apiKey = apiKey;
  }

  /** @param sleepMs how long those sleep that do */
  start(reading: number, slow: number, sleepMs: number): void {
    this.#sleepMs = sleepMs;
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
      } else {
        response.on('data', () => undefined);
        this.#sleep(response);
      }
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

  /** Until its connection is ended. What came meanwhile is read when it wakes, and thrown away. */
  #sleep(response: IncomingMessage): void {
    response.pause();
    setTimeout(() => {
      response.resume();
      setTimeout(() => {
        if (!response.closed) this.#sleep(response);
      }, AWAKE_MS).unref();
    }, this.#sleepMs).unref();
  }
}
