import { apiPlugin, deviceEndpoints } from '../api/index.ts';
import { ConfigError } from '../domain/errors.ts';
import { buildApp } from '../http/app.ts';
import { limitSignIns, SignInLimit } from '../http/sign-in-limit.ts';
import { assembleAccounts } from '../services/accounts/assemble.ts';
import { createApiKeys } from '../services/api-keys.ts';
import { createInverterService } from '../services/inverters.ts';
import type { Services } from '../services/services.ts';
import { createStatisticsService } from '../services/statistics.ts';
import { isOnlyAccount } from '../store/processes.ts';
import { loadAssets } from '../web/assets.ts';
import { errorPages } from '../web/errors/render-error-page.ts';
import { webPlugin } from '../web/plugin.ts';
import type { RunningRole, Shared } from './role.ts';

/** Pages, API and the doors of devices that push. */
export async function startWeb(shared: Shared): Promise<RunningRole> {
  const { config, database, pools, ingest, health } = shared;
  const log = shared.log.child({ part: 'web' });
  const accountServices = assembleAccounts({
    pools,
    secrets: database.secrets,
    config,
    onError: (error) => log.warn({ err: error }, 'the use of a session was not noted'),
  });
  const accounts = limitSignIns(accountServices.accounts, new SignInLimit());
  const apiKeys = createApiKeys({
    pools,
    onError: (error) => log.warn({ err: error }, 'the use of a key was not noted'),
  });
  shared.onDeviceChange(() => apiKeys.invalidate());
  const services: Services = {
    ...accountServices,
    accounts,
    apiKeys,
    inverters: createInverterService(pools.app, { isOnlyAccount: () => isOnlyAccount(pools.app) }),
    statistics: createStatisticsService(pools.app),
    health,
  };
  const assets = loadAssets();
  const app = buildApp({
    config,
    authSecret: database.secrets.authSecret,
    accounts,
    apiKeys,
    log,
    plugins: [
      apiPlugin({ services }),
      deviceEndpoints({ ingest: ingest.intake }),
      (instance) => webPlugin(instance, { services, hub: shared.hub, config, assets }),
    ],
    renderErrorPage: errorPages({ config, assets }),
  });
  const { host, port: wantedPort } = config.http;
  try {
    await app.listen({ host, port: wantedPort });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`Cannot listen on ${host}:${wantedPort} (HTTP_HOST, HTTP_PORT): ${why}`, { cause });
  }
  const bound = app.server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : config.http.port;
  return {
    name: 'web',
    address: port === config.http.port ? config.baseUrl.href : `http://localhost:${port}/`,
    problem: () => '',
    async stop() {
      await app.close();
      await apiKeys.settled();
    },
  };
}
