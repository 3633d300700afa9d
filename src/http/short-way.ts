import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { IdentifiedKey, SessionUser } from '../services/services.ts';
import type { Visit } from '../services/visits.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { addressTeller } from './address.ts';
import { type AuthenticationOptions, type Need, recallKey } from './authentication.ts';
import { Doorkeeper } from './doorkeeper.ts';
import { answerFor, errorBody } from './errors.ts';
import { RestingConnections } from './resting-connections.ts';

/** A storm is one line a minute, not a line for each request of it. */
const SAY_AGAIN_MS = 60_000;

/** What a proxy adds, declared or not. */
const FORWARDED = ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip'];

/** A route whose ordinary requests can be answered without the framework. */
export interface ShortRoute {
  need: Need;
  bodyLimit: number;
  /**
   * @param body a Buffer; anything else is not understood
   * @throws what the error handler of the long way understands too
   */
  answer(user: SessionUser, body: unknown): Promise<{ status: number; body: object }>;
}

interface ShortWayOptions {
  apiKeys: Pick<AuthenticationOptions['apiKeys'], 'recall'>;
  log: Logger;
  metrics: Metrics | null;
  onVisit: ((visit: Visit, now: Date) => void) | null;
  /** Requests under way at once, whichever way they came; more are told to come again before anything of them is looked at. */
  maxUnderWay: number;
  /** How long they are not listened to then; a time of its own without it. */
  restMs: number | undefined;
  nextRequestId: () => string;
  /** Everything takes the long way. */
  isOff: boolean;
  /** Proxies that are believed whom they forward for; null for none. */
  trustProxy: string | null;
  now: () => Date;
}

interface Asked {
  id: string;
  url: string;
  key: IdentifiedKey;
  startedMs: number;
}

/**
 * Devices push all day, and hooks, cookies, loggers and headers for browsers cost more than what they say. So what is nearly every
 * request of theirs (POST to the exact path, a length, a key that was good a moment ago) is answered beside the framework, by the same
 * function as on it. Whatever is out of the ordinary takes the long way, where it is refused or understood as ever.
 */
export function installShortWay(app: FastifyInstance, options: ShortWayOptions): void {
  const { apiKeys, log, metrics, onVisit, maxUnderWay, restMs, nextRequestId, isOff, trustProxy, now } = options;
  const addressOf = addressTeller(trustProxy);
  const routes = new Map<string, ShortRoute>();
  const doorkeeper = new Doorkeeper(maxUnderWay);
  const resting = new RestingConnections({
    spare: () => doorkeeper.spare,
    ...(restMs === undefined ? {} : { restMs }),
  });
  const full = answerFor(doorkeeper.refusal);
  const fullBody = JSON.stringify(errorBody(full));
  let shed = 0;
  let saidShedMs = Number.NEGATIVE_INFINITY;
  let isClosing = false;
  app.decorate('shortRoutes', routes);
  app.decorate('doorkeeper', doorkeeper);
  app.addHook('preClose', async () => {
    isClosing = true;
    resting.end();
  });
  app.addHook('onError', async ({ raw }, reply, error) => {
    if (error === doorkeeper.refusal) restAfter(raw, reply.raw);
  });
  if (isOff) return;
  const longWay = app.server.listeners('request');
  app.server.removeAllListeners('request');
  app.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (!takes(request, response)) for (const listener of longWay) listener.call(app.server, request, response);
  });

  function takes(request: IncomingMessage, response: ServerResponse): boolean {
    const { url = '', headers } = request;
    const route = routes.get(url);
    if (route === undefined || isClosing || !isOrdinary(request, route.bodyLimit)) return false;
    // Who it is takes a hash and what it says takes memory: in a storm both are the others'.
    if (doorkeeper.isFull) {
      refuse(request, response, url);
      return true;
    }
    const key = recallKey(headers, route.need, apiKeys, now());
    if (key === null) return false;
    const asked = { id: nextRequestId(), url, key, startedMs: performance.now() };
    read(request, (body) => {
      route.answer(key.user, body).then(
        (answer) => send(request, response, asked, answer.status, answer.body),
        (error: unknown) => fail(request, response, asked, error),
      );
    });
    return true;
  }

  /** The same to everybody, so that a storm costs as little as it can. The body is skipped by Node, the connection stays. */
  function refuse(request: IncomingMessage, response: ServerResponse, url: string): void {
    const id = nextRequestId();
    sayUnavailable(doorkeeper.refusal);
    restAfter(request, response);
    metrics?.observeRequest('POST', url, full.status, 0);
    write(response, id, full.status, fullBody, full.retryAfterS);
    log.debug({ reqId: id, method: 'POST', path: url, status: full.status }, 'request');
  }

  /** Only a device's own connection: a proxy's is somebody else's next. */
  function restAfter({ socket, headers }: IncomingMessage, response: ServerResponse): void {
    if (FORWARDED.some((name) => headers[name] !== undefined)) return;
    response.once('close', () => resting.add(socket));
  }

  function fail(request: IncomingMessage, response: ServerResponse, asked: Asked, error: unknown): void {
    const answer = answerFor(error);
    if (answer.status === 500) log.error({ err: error, reqId: asked.id }, 'a request failed unexpectedly');
    if (answer.status === 503) sayUnavailable(error);
    send(request, response, asked, answer.status, errorBody(answer), answer.retryAfterS);
  }

  function sayUnavailable(error: unknown): void {
    shed++;
    if (performance.now() - saidShedMs < SAY_AGAIN_MS) return;
    saidShedMs = performance.now();
    log.warn({ err: error, shed }, 'requests of devices could not be served');
  }

  function send(
    request: IncomingMessage,
    response: ServerResponse,
    asked: Asked,
    status: number,
    body: object,
    retryAfterS: number | null = null,
  ): void {
    write(response, asked.id, status, JSON.stringify(body), retryAfterS);
    note(request, asked, status);
  }

  function note(request: IncomingMessage, { id, url, key, startedMs }: Asked, status: number): void {
    const ms = performance.now() - startedMs;
    metrics?.observeRequest('POST', url, status, ms / 1000);
    const address = addressOf(request);
    // Of a proxy that nobody declared only its own address is known.
    if (key.scope !== 'ingest' && (trustProxy !== null || request.headers['x-forwarded-for'] === undefined)) {
      onVisit?.({ userId: key.user.id, address, isChange: false }, now());
    }
    const level = status < 400 || status === 503 ? 'debug' : 'info';
    if (!log.isLevelEnabled(level)) return;
    const who = { address, userId: key.user.id, keyId: key.keyId };
    log[level]({ reqId: id, method: 'POST', path: url, status, ms: Math.round(ms), ...who }, 'request');
  }
}

function write(response: ServerResponse, id: string, status: number, text: string, retryAfterS: number | null): void {
  const head = [
    'content-type',
    'application/json; charset=utf-8',
    'content-length',
    String(Buffer.byteLength(text)),
    'cache-control',
    'no-store',
    'x-content-type-options',
    'nosniff',
    'x-request-id',
    id,
  ];
  if (retryAfterS !== null) head.push('retry-after', String(Math.ceil(retryAfterS)));
  response.writeHead(status, head).end(text);
}

/** A body of told length, as it is, of a size the route takes. */
function isOrdinary({ method, headers }: IncomingMessage, bodyLimit: number): boolean {
  return (
    method === 'POST' &&
    Number(headers['content-length'] ?? Number.NaN) <= bodyLimit &&
    headers['content-encoding'] === undefined &&
    headers['transfer-encoding'] === undefined
  );
}

/** Hands over the whole body; never, when the connection breaks before. */
function read(request: IncomingMessage, done: (body: Buffer) => void): void {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => done(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)));
}
