import compress from '@fastify/compress';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import helmet from '@fastify/helmet';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyPluginAsync, LogController } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Config } from '../config.ts';
import type { Visit } from '../services/visits.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracer } from '../telemetry/tracing.ts';
import { type AuthenticationOptions, installAuthentication } from './authentication.ts';
import { installCsrf } from './csrf.ts';
import { installErrorHandling, type RenderErrorPage, refuseConnection, refuseRequest } from './errors.ts';
import { KeyLimit } from './key-limit.ts';
import { installRequestLog, requestIds } from './logging.ts';
import { installRequestMetrics } from './metrics.ts';
import { type InlineHashes, securityHeaders } from './security-headers.ts';
import { installShortWay } from './short-way.ts';
import { installTracing } from './tracing.ts';
import { installVisits } from './visits.ts';

const BODY_LIMIT = 256 * 1024;
/** Above the 60 s at which devices push: a server that closes first costs them one failed write each time (devices §1.6). */
const KEEP_ALIVE_MS = 75_000;
/**
 * About a second's work: whoever is let in is answered while a small device still waits for it, and a storm costs little memory.
 */
const MAX_DEVICES_UNDER_WAY = 2_000;
const REQUEST_TIMEOUT_MS = 30_000;
const HEADERS_TIMEOUT_MS = 20_000;

export interface AppDependencies {
  config: Pick<Config, 'baseUrl' | 'cookieSecure' | 'trustProxy'>;
  authSecret: string;
  accounts: AuthenticationOptions['accounts'];
  apiKeys: AuthenticationOptions['apiKeys'];
  /** Shared by the servers of one process; one of its own without it. */
  keyLimit?: KeyLimit;
  log: Logger;
  /** Where answers are measured; nowhere without it. */
  metrics?: Metrics | null;
  /** Where answers are traced; nowhere without it. */
  tracer?: Tracer | null;
  /** What stands in the pages themselves; nothing without it. */
  inline?: InlineHashes;
  /** What is served: API, device endpoints, pages. */
  plugins: readonly FastifyPluginAsync[];
  /** Told from which address each known user asked; after the answer. */
  onVisit?: (visit: Visit, now: Date) => void;
  /** Requests of devices that may be under way at once; the others are told to come again. */
  maxDevicesUnderWay?: number;
  /** How long the connection of one that was told so is not read. */
  deviceRestMs?: number;
  /** How an error looks to people; without it everybody gets JSON. */
  renderErrorPage?: RenderErrorPage;
  now?: () => Date;
}

/** The HTTP server without its routes: who is asking, what is refused, what every answer carries. Not yet listening. */
export function buildApp(deps: AppDependencies): FastifyInstance {
  const { baseUrl, cookieSecure, trustProxy } = deps.config;
  const nextRequestId = requestIds();
  const now = deps.now ?? (() => new Date());
  const trustsProxy = (trustProxy ?? null) !== null;
  const app = Fastify({
    // A busy small machine may take longer than the ten seconds that are the default, and a server that gives up is no better.
    pluginTimeout: 120_000,
    // It is a pino logger; the type the house hands around only leaves out what nobody should use.
    loggerInstance: deps.log as unknown as FastifyBaseLogger,
    // One line of ours in place of Fastify's two (logging.ts).
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: nextRequestId,
    trustProxy: trustProxy ?? false,
    bodyLimit: BODY_LIMIT,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { headersTimeout: HEADERS_TIMEOUT_MS },
    frameworkErrors: refuseRequest,
    clientErrorHandler: refuseConnection,
  });
  installErrorHandling(app, deps.renderErrorPage);
  installShortWay(app, {
    apiKeys: deps.apiKeys,
    log: deps.log,
    metrics: deps.metrics ?? null,
    onVisit: deps.onVisit ?? null,
    maxUnderWay: deps.maxDevicesUnderWay ?? MAX_DEVICES_UNDER_WAY,
    restMs: deps.deviceRestMs,
    nextRequestId,
    // A trace follows a request through the framework.
    isOff: deps.tracer != null,
    trustProxy: trustProxy ?? null,
    now,
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);

  if (deps.tracer != null) installTracing(app, deps.tracer);
  app.register(helmet, securityHeaders(baseUrl, deps.inline));
  app.register(cookie);
  app.register(formbody);
  // Nobody sends us compressed requests, and unpacking them would let a small one grow.
  app.register(compress, { globalDecompression: false, threshold: 1024 });
  app.after(() => {
    // What an answer holds is somebody's own, unless its route says otherwise.
    app.addHook('onRequest', async (_, reply) => {
      reply.header('cache-control', 'no-store');
    });
    installRequestLog(app);
    if (deps.metrics != null) installRequestMetrics(app, deps.metrics);
    const keyLimit = deps.keyLimit ?? new KeyLimit();
    installAuthentication(app, { ...deps, keyLimit, cookieSecure, now });
    if (deps.onVisit !== undefined) installVisits(app, { note: deps.onVisit, now, trustsProxy });
    installCsrf(app, { authSecret: deps.authSecret, baseUrl, cookieSecure });
  });
  for (const plugin of deps.plugins) app.register(plugin);
  return app;
}
