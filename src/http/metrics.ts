import { createServer, type Server } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { ConfigError } from '../domain/errors.ts';
import type { HealthService } from '../services/services.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** Measures every answer of `app`, but streams, which end when somebody closes a page. */
export function installRequestMetrics(app: FastifyInstance, metrics: Metrics): void {
  app.addHook('onResponse', async (request, reply) => {
    if (request.headers.accept?.startsWith('text/event-stream') === true) return;
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none');
    metrics.observeRequest(request.method, route, reply.statusCode, reply.elapsedTime / 1000);
  });
}

/**
 * `GET /metrics` and `GET /healthcheck` on a port of their own, for every role: not for the world, so it asks nobody who they are.
 * @throws ConfigError when the port cannot be had
 */
export async function listenForMetrics(
  { host, port }: { host: string; port: number },
  { metrics, health, log }: { metrics: Metrics; health: HealthService; log: Logger },
): Promise<{ port: number; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const answer = (status: number, type: string, text: string): void => {
      response.writeHead(status, { 'content-type': type }).end(text);
    };
    const path = request.url?.split('?', 1)[0];
    const reply = async (): Promise<void> => {
      if (path === '/metrics') {
        const { type, text } = await metrics.page();
        answer(200, type, text);
      } else if (path === '/healthcheck') {
        const { ok, components } = await health.report(new Date());
        answer(ok ? 200 : 503, 'application/json', JSON.stringify({ status: ok ? 'ok' : 'failing', components }));
      } else answer(404, 'text/plain', 'Here are /metrics and /healthcheck.\n');
    };
    reply().catch((error: unknown) => {
      log.error({ err: error }, 'the metrics could not be read');
      answer(500, 'text/plain', 'The metrics could not be read.\n');
    });
  });
  await listening(server, host, port);
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new ConfigError(`Cannot listen on ${host}:${port} (METRICS_HOST, METRICS_PORT): ${cause.message}`, { cause }),
      );
    });
    server.listen({ host, port }, () => resolve());
  });
}
