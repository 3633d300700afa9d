import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { opendtu } from '../protocols/opendtu/index.ts';

/** What became of a push. `results` maps each serial of the answer to whether its sample was taken; null when it says nothing of them. */
export type PushAnswer =
  | { kind: 'answered'; status: number; results: ReadonlyMap<string, boolean> | null }
  /** No answer in time, or no connection. */
  | { kind: 'failed'; why: string };

/** What the firmware's HTTP client puts up with (devices §1.6). */
const TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 64 * 1024;
/** Connections of a whole fleet; each DTU has one push under way at most. */
const MAX_SOCKETS = 256;

/** Sends JSON as the DTU's HTTP client does: HTTP/1.1, keep-alive, no compression, no redirects. */
export class HttpPusher {
  readonly #url: URL;
  readonly #apiKey: string;
  readonly #agent: HttpAgent;

  /** @param url the server's, or that of the push route itself */
  constructor(url: string, apiKey: string) {
    this.#url = new URL(url);
    if (this.#url.pathname === '/') this.#url.pathname = opendtu.listen.http;
    this.#apiKey = apiKey;
    const options = { keepAlive: true, maxSockets: MAX_SOCKETS };
    this.#agent = this.#url.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options);
  }

  async post(body: object): Promise<PushAnswer> {
    const bytes = Buffer.from(JSON.stringify(body));
    const first = await this.#send(bytes);
    // A server may close a kept connection just as we write to it: that is no failure of either side
    return first === 'stale connection' ? settled(await this.#send(bytes)) : first;
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(bytes: Buffer): Promise<PushAnswer | 'stale connection'> {
    const options: RequestOptions = {
      method: 'POST',
      agent: this.#agent,
      timeout: TIMEOUT_MS,
      headers: {
        'Content-Type': 'application/json',
        'Content-Length': bytes.length,
        'X-API-Key': this.#apiKey,
        'User-Agent': 'ESP32HTTPClient',
        'Accept-Encoding': 'identity;q=1,chunked;q=0.1,*;q=0',
      },
    };
    return new Promise((resolve) => {
      const send = this.#url.protocol === 'https:' ? httpsRequest : httpRequest;
      const sent = send(this.#url, options, (response) => resolve(read(response)));
      sent.on('timeout', () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
      sent.on('error', (error: NodeJS.ErrnoException) => {
        const isStale = sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        resolve(isStale ? 'stale connection' : { kind: 'failed', why: error.message });
      });
      sent.end(bytes);
    });
  }
}

function settled(answer: PushAnswer | 'stale connection'): PushAnswer {
  return answer === 'stale connection' ? { kind: 'failed', why: answer } : answer;
}

async function read(response: IncomingMessage): Promise<PushAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) return { kind: 'failed', why: `an answer of more than ${MAX_ANSWER_BYTES} bytes` };
      chunks.push(chunk);
    }
  } catch (error) {
    return { kind: 'failed', why: error instanceof Error ? error.message : String(error) };
  }
  const status = response.statusCode ?? 0;
  return { kind: 'answered', status, results: resultsIn(Buffer.concat(chunks).toString()) };
}

/** `results[]` of the answer (devices §1.8), with or without anything else in it. */
function resultsIn(text: string): ReadonlyMap<string, boolean> | null {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch (error) {
    // A proxy's page instead of the server's JSON: it says nothing of any serial
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  const list: unknown = typeof answer === 'object' && answer !== null && 'results' in answer ? answer.results : null;
  if (!Array.isArray(list)) return null;
  const results = new Map<string, boolean>();
  for (const item of list as ({ serial?: unknown; status?: unknown } | null)[]) {
    if (typeof item?.serial === 'string') results.set(item.serial, item.status === 'ok');
  }
  return results;
}
