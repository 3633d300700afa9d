import type { FastifyInstance, FastifyRequest } from 'fastify';
import { readTraceparent, type Span, type Tracer } from '../telemetry/tracing.ts';

const SERVER_ERROR = 500;

/**
 * A span for every answer but live streams, which end when somebody closes a page. A caller that is traced itself says so by
 * `traceparent`; its span is the parent then. To be installed before whatever is to be a part of it.
 */
export function installTracing(app: FastifyInstance, tracer: Tracer): void {
  const spans = new WeakMap<FastifyRequest, Span>();
  app.addHook('onRequest', (request, _, done) => {
    if (request.headers.accept?.startsWith('text/event-stream') === true) {
      done();
      return;
    }
    // As it is written in the code, never the address that was asked for: that may hold a token.
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none');
    const span = tracer.start({
      name: `${request.method} ${route}`,
      kind: 'server',
      parent: readTraceparent(request.headers['traceparent']),
      attributes: {
        'http.request.method': request.method,
        'http.route': route,
        'deye_hard.request_id': request.id,
      },
    });
    spans.set(request, span);
    tracer.within(span, done);
  });
  // Reading the body leaves what runs within the span: it goes on from the socket's own events.
  app.addHook('preValidation', (request, _, done) => {
    const span = spans.get(request);
    if (span === undefined) done();
    else tracer.within(span, done);
  });
  app.addHook('onResponse', async (request, reply) => {
    const status = reply.statusCode;
    const error = status >= SERVER_ERROR ? String(status) : undefined;
    spans.get(request)?.end({ 'http.response.status_code': status }, error);
  });
}
