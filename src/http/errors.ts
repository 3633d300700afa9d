import type {
  ConnectionError,
  FastifyError,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifyServerOptions,
} from 'fastify';
import {
  Conflict,
  DeyeHardError,
  InvalidInput,
  NotAllowed,
  NotFound,
  NotSignedIn,
  ProtocolError,
  TooMany,
  Unavailable,
} from '../domain/errors.ts';

type Socket = Parameters<NonNullable<FastifyServerOptions['clientErrorHandler']>>[1];

/** An error as it leaves the server; the only place where one gets its status. */
export interface ErrorAnswer {
  status: number;
  code: string;
  message: string;
  details: Record<string, unknown>;
  /** For `Retry-After`. */
  retryAfterS: number | null;
}

/** A page for people in place of the JSON. */
export type RenderErrorPage = (answer: ErrorAnswer, request: FastifyRequest) => string | Promise<string>;

const STATUS: readonly [abstract new (...args: never[]) => DeyeHardError, number][] = [
  [InvalidInput, 422],
  [NotSignedIn, 401],
  [NotAllowed, 403],
  [NotFound, 404],
  [Conflict, 409],
  [TooMany, 429],
  [Unavailable, 503],
  [ProtocolError, 422],
];

/** What Fastify itself refuses before a route sees it. Its own messages name its internals. */
const REFUSED: Readonly<Record<string, readonly [status: number, code: string, message: string]>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: [400, 'malformed_json', 'The body is not valid JSON.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: [400, 'malformed_json', 'The body is empty.'],
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'too_large', 'The body is too large.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [415, 'unsupported_media_type', 'The body is of a type that is not understood here.'],
};

/** Turns anything thrown into an answer. What is not one of ours or Fastify's is a bug: 500 without detail. */
export function answerFor(error: unknown): ErrorAnswer {
  if (error instanceof DeyeHardError) {
    const status = STATUS.find(([type]) => error instanceof type)?.[1];
    if (status !== undefined) {
      const retryAfterS = error instanceof TooMany || error instanceof Unavailable ? error.retryAfterS : null;
      return { status, code: error.code, message: error.message, details: error.details, retryAfterS };
    }
  }
  const { code = '', statusCode, validation } = (error ?? {}) as Partial<FastifyError>;
  if (validation !== undefined)
    return answer(422, 'invalid_input', 'The request has wrong fields.', fieldsOf(validation));
  const refused = REFUSED[code];
  if (refused !== undefined) return answer(...refused);
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return answer(statusCode, 'bad_request', 'The request cannot be understood.');
  }
  return answer(500, 'internal_error', 'Something went wrong on the server. It has been noted.');
}

function answer(status: number, code: string, message: string, fields?: Record<string, string>): ErrorAnswer {
  return { status, code, message, details: fields === undefined ? {} : { fields }, retryAfterS: null };
}

/** Each wrong field by its path, with the first thing that is wrong with it. */
function fieldsOf(validation: NonNullable<FastifyError['validation']>): Record<string, string> {
  const fields: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const { instancePath, message } of validation) {
    fields[instancePath.replace(/^\//, '').replaceAll('/', '.') || 'body'] ??= message ?? 'not valid';
  }
  return { ...fields };
}

export function errorBody({ code, message, details }: ErrorAnswer): Record<string, unknown> {
  return { error: code, message, details };
}

/** Lets every error and every unknown path of `app` answer in one form: JSON for programs, a page or the way to it for people. */
export function installErrorHandling(app: FastifyInstance, renderErrorPage: RenderErrorPage | undefined): void {
  app.setErrorHandler(async (error, request, reply) => {
    const found = answerFor(error);
    if (found.status === 500) request.log.error({ err: error }, 'a request failed unexpectedly');
    else if (found.status === 503) request.log.warn({ err: error }, 'a request could not be served');
    return send(found, request, reply, renderErrorPage);
  });
  app.setNotFoundHandler((request, reply) => {
    const found = answer(404, 'not_found', 'There is nothing at this address.');
    return send(found, request, reply, renderErrorPage);
  });
}

/** The same for requests that never reach a route because their address cannot be read. */
export function refuseRequest(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  void send(answerFor(error), request, reply, undefined);
}

const CLIENT_ERRORS: Readonly<Record<string, readonly [status: number, reason: string, code: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'timeout'],
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'too_large'],
};

/** What is not even HTTP, or too slow to be: one last answer on the bare socket. */
export function refuseConnection(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const [status, reason, code] = CLIENT_ERRORS[error.code] ?? [400, 'Bad Request', 'bad_request'];
  const body = JSON.stringify({ error: code, message: 'The request cannot be understood.', details: {} });
  const head = `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close`;
  if (socket.writable) socket.end(`${head}\r\n\r\n${body}`);
  else socket.destroy();
}

async function send(
  found: ErrorAnswer,
  request: FastifyRequest,
  reply: FastifyReply,
  renderErrorPage: RenderErrorPage | undefined,
): Promise<FastifyReply> {
  if (found.retryAfterS !== null) reply.header('retry-after', String(Math.ceil(found.retryAfterS)));
  if (found.status === 401) {
    // A piece of an open page: what a redirect leads to would be swapped into it, so the page itself is told to go there.
    if (request.headers['hx-request'] !== undefined) reply.header('hx-redirect', '/login');
    else if (isForPeople(request)) return reply.redirect('/login', 302);
    else reply.header('www-authenticate', 'Bearer');
  }
  reply.code(found.status);
  if (renderErrorPage !== undefined && isForPeople(request)) {
    try {
      const page = await renderErrorPage(found, request);
      return reply.type('text/html; charset=utf-8').send(page);
    } catch (error) {
      request.log.error({ err: error }, 'the error page failed');
    }
  }
  return reply.type('application/json; charset=utf-8').send(errorBody(found));
}

/** A browser that shows what it gets, as opposed to a program, a device or a script on a page. */
function isForPeople(request: FastifyRequest): boolean {
  if (/^\/(?:api|auth)\//.test(request.url)) return false;
  return request.headers.accept?.includes('text/html') ?? false;
}
