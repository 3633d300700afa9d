import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { callerOf, requireKey } from '../../http/authentication.ts';
import { errorBody } from '../../http/errors.ts';
import type { ShortRoute } from '../../http/short-way.ts';
import type { PushIngest, PushResult } from '../../ingest/ingest.ts';
import type { PushEnvelope, PushProtocol } from '../../protocols/protocol.ts';
import type { SessionUser } from '../../services/services.ts';

const BODY_LIMIT = 64 * 1024;

/** How one family's devices are answered: the keys the predecessor used (§1.5, §1.6). */
export interface PushAnswer {
  /** Of the gateway's serial, and of the number of devices. */
  gatewayKey: string;
  totalKey: string;
  /** Of a device's own serial, and of its power. */
  serialKey: string;
  powerKey: string;
  unknown(serial: string): string;
}

export interface PushRouteOptions {
  ingest: PushIngest;
  /** Refuses keys that can do more than push: on a line that others can read. */
  ingestKeysOnly: boolean;
  now: () => Date;
}

/**
 * The endpoint of one push protocol. Made for small firmware (devices §1.6): exactly the path people type, with or without a slash
 * behind it; no redirect, no compression; a short answer with its length; any Content-Type; the connection is kept.
 */
export function pushRoute(
  protocol: PushProtocol,
  answer: PushAnswer,
  { ingest, ingestKeysOnly, now }: PushRouteOptions,
): FastifyPluginAsync {
  const need = ingestKeysOnly ? 'ingest-only' : 'ingest';
  const path = protocol.listen.http.replace(/\/$/, '');
  return async (app) => {
    // Parsed by the route itself: an error of Fastify's parsers would close the connection.
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
    const answerInTurn: ShortRoute['answer'] = (user, body) => app.doorkeeper.admit(() => answerTo(user, body));
    for (const url of [path, `${path}/`]) {
      app.shortRoutes.set(url, { need, bodyLimit: BODY_LIMIT, answer: answerInTurn });
      app.route({
        method: 'POST',
        url,
        bodyLimit: BODY_LIMIT,
        onRequest: [requireKey(need), forgetType],
        compress: false,
        // Nothing here is ever shown by a browser, and every header costs the device memory.
        helmet: false,
        config: { quiet: true },
        handler: (request, reply) => receive(request, reply, answerInTurn),
      });
    }
  };

  async function receive(
    request: FastifyRequest,
    reply: FastifyReply,
    answerInTurn: ShortRoute['answer'],
  ): Promise<FastifyReply> {
    const encoding = request.headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity') {
      const { status, body } = refusal(415, 'unsupported_media_type', 'The body must not be compressed.');
      return reply.code(status).send(body);
    }
    const { status, body } = await answerInTurn(callerOf(request), request.body);
    return reply.code(status).send(body);
  }

  async function answerTo(user: SessionUser, sent: unknown): Promise<{ status: number; body: object }> {
    const receivedAt = now();
    const body = parseJson(sent);
    if (body === undefined) return refusal(400, 'malformed_json', 'The body is not valid JSON.');
    const envelope = protocol.decode(body, receivedAt);
    const results = await ingest.push(user.id, protocol.id, envelope, receivedAt);
    const [status, error] = statusOf(results);
    return { status, body: { ...error, ...describe(envelope, results, receivedAt, answer) } };
  }
}

/** Whatever the body is called, it is read as JSON; and whatever shows the answer does not guess at it either. */
async function forgetType(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  reply.header('x-content-type-options', 'nosniff');
  delete request.raw.headers['content-type'];
}

/** @returns undefined when it is not JSON. Buffers only: a name that firmware cut inside a character is still read. */
function parseJson(body: unknown): unknown {
  if (!Buffer.isBuffer(body)) return undefined;
  try {
    return JSON.parse(body.toString('utf8').replace(/^\ufeff/, ''));
  } catch {
    return undefined;
  }
}

function refusal(status: number, code: string, message: string): { status: number; body: object } {
  return { status, body: errorBody({ status, code, message, details: {}, retryAfterS: null }) };
}

/** 201 all stored, 207 some, 404 none because nobody knows them, 422 none because nothing of them can be used. */
function statusOf(results: readonly PushResult[]): [status: number, error: { error?: string; message?: string }] {
  const failed = results.filter((result) => result.status === 'unknown' || result.status === 'error');
  if (failed.length === 0) return [201, {}];
  if (failed.length < results.length) return [207, {}];
  if (failed.every((result) => result.status === 'error')) {
    return [422, { error: 'invalid_input', message: 'Nothing in the body can be used.' }];
  }
  return [404, { error: 'not_found', message: 'No device in the body is registered in this account.' }];
}

function describe(
  envelope: PushEnvelope,
  results: readonly PushResult[],
  receivedAt: Date,
  answer: PushAnswer,
): Record<string, unknown> {
  const succeeded = results.filter((result) => result.status === 'ok' || result.status === 'duplicate').length;
  return {
    [answer.gatewayKey]: envelope.gatewaySerial,
    timestamp: envelope.timestamp ?? receivedAt.toISOString(),
    [answer.totalKey]: results.length,
    success_count: succeeded,
    error_count: results.length - succeeded,
    results: results.map((result) => describeOne(result, answer)),
  };
}

function describeOne(result: PushResult, answer: PushAnswer): Record<string, unknown> {
  const serial = { [answer.serialKey]: result.sentSerial };
  switch (result.status) {
    case 'unknown':
      return { ...serial, status: 'error', error: answer.unknown(result.sentSerial) };
    case 'error':
      return { ...serial, status: 'error', error: `${result.field}: ${result.error}` };
    // A repetition is stored already, which is all the device wants to know.
    default:
      return {
        ...serial,
        status: 'ok',
        inverter_id: result.inverterId,
        // Whole watts, cut as the predecessor did; the stored value keeps its decimals.
        [answer.powerKey]: result.powerW === null ? null : Math.trunc(result.powerW),
        ...(result.stale ? { stale: true } : {}),
      };
  }
}
