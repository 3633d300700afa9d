import { apiHealth, deviceEndpoints } from '../api/index.ts';
import { type AppDependencies, buildApp } from '../http/app.ts';
import { listen } from '../http/listen.ts';
import type { Shared } from './role.ts';

/**
 * The plain-HTTP door for devices that cannot speak TLS, beside a proxy that can: what devices push to, and the health check.
 * Whatever goes over it can be read on the way, so it takes keys of scope `ingest` only.
 * @throws ConfigError when the port cannot be had
 */
export async function startPushListener(
  { config, ingest, health, tracer = null }: Pick<Shared, 'config' | 'ingest' | 'health' | 'tracer'>,
  port: number,
  deps: Pick<AppDependencies, 'accounts' | 'apiKeys' | 'authSecret' | 'keyLimit' | 'log'>,
): Promise<{ stop(): Promise<void> }> {
  const { host } = config.http;
  const app = buildApp({
    ...deps,
    tracer,
    config: { baseUrl: new URL(`http://localhost:${port}`), cookieSecure: false, trustProxy: config.trustProxy },
    plugins: [apiHealth(health), deviceEndpoints({ ingest: ingest.intake, ingestKeysOnly: true })],
  });
  await listen(app, { host, port }, 'HTTP_HOST, INGEST_HTTP_PORT');
  return { stop: () => app.close() };
}
