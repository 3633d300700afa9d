import { documented } from '../api/documentation/index.ts';
import { apiPlugin, deviceEndpoints } from '../api/index.ts';
import { buildApp } from '../http/app.ts';
import { KeyLimit } from '../http/key-limit.ts';
import { listen } from '../http/listen.ts';
import { limitSignIns, SignInLimit } from '../http/sign-in-limit.ts';
import { InboxBooking } from '../ingest/inbox-booking.ts';
import { assembleAccounts } from '../services/accounts/assemble.ts';
import { logAccountEvents } from '../services/accounts/events.ts';
import { createApiKeys } from '../services/api-keys.ts';
import { createExportService } from '../services/exports.ts';
import { createInboxService } from '../services/inbox.ts';
import { createInverterService } from '../services/inverters.ts';
import { createLoggerService } from '../services/loggers.ts';
import type { Services } from '../services/services.ts';
import { createSiteService } from '../services/sites.ts';
import { createStatisticsService } from '../services/statistics.ts';
import { createTakeouts } from '../services/takeout/takeouts.ts';
import { Visits } from '../services/visits.ts';
import { isOnlyAccount } from '../store/processes.ts';
import { inlineHashes, loadAssets } from '../web/assets.ts';
import { errorPages } from '../web/errors/render-error-page.ts';
import { webPlugin } from '../web/plugin.ts';
import { startPushListener } from './push-listener.ts';
import type { RunningRole, Shared } from './role.ts';

/** Pages, API and the doors of devices that push. */
export async function startWeb(shared: Shared): Promise<RunningRole> {
  const { config, database, pools, ingest, health } = shared;
  const log = shared.log.child({ part: 'web' });
  const assembled = assembleAccounts({
    pools,
    secrets: database.secrets,
    config,
    onError: (error) => log.warn({ err: error }, 'the use of a session was not noted'),
  });
  const accountServices = logAccountEvents(assembled, log);
  const accounts = limitSignIns(
    accountServices.accounts,
    new SignInLimit({ failures: config.signInLimit.count, windowS: config.signInLimit.windowS }),
  );
  const apiKeys = createApiKeys({
    pools,
    onError: (error) => log.warn({ err: error }, 'the use of a key was not noted'),
  });
  shared.onDeviceChange(() => apiKeys.invalidate());
  const visits = new Visits(pools.app, (error) => log.debug({ err: error }, 'a visit was not noted'));
  shared.onDeviceChange(() => visits.forget());
  const booking = new InboxBooking(ingest.inbox);
  shared.onDeviceChange(() => booking.soon());
  const inverters = createInverterService(pools.app, { isOnlyAccount: () => isOnlyAccount(pools.app) });
  const statistics = createStatisticsService(pools.app);
  const services: Services = {
    ...accountServices,
    accounts,
    apiKeys,
    inverters,
    inbox: createInboxService(pools.app, { inverters, book: (key) => ingest.inbox.bookNow(key) }),
    loggers: createLoggerService(pools.app),
    statistics,
    exports: createExportService(pools.app, { inverters, statistics }),
    sites: createSiteService(pools.app),
    takeouts: createTakeouts(pools.app),
    health,
  };
  const assets = loadAssets();
  const keyLimit = new KeyLimit();
  const authSecret = database.secrets.authSecret;
  const app = buildApp({
    config,
    authSecret,
    accounts,
    apiKeys,
    keyLimit,
    log,
    metrics: shared.metrics,
    tracer: shared.tracer ?? null,
    inline: inlineHashes(assets),
    plugins: [
      documented([
        apiPlugin({ services, batches: ingest.batches, hub: shared.hub }),
        deviceEndpoints({ ingest: ingest.intake }),
      ]),
      (instance) => webPlugin(instance, { services, hub: shared.hub, config, assets }),
    ],
    onVisit: (visit, now) => visits.note(visit, now),
    renderErrorPage: errorPages({ config, assets }),
  });
  const port = await listen(app, config.http, 'HTTP_HOST, HTTP_PORT');
  const plainPort = config.ingestHttpPort;
  const plain =
    plainPort === null
      ? null
      : await startPushListener(shared, plainPort, { accounts, apiKeys, authSecret, keyLimit, log }).catch(
          async (error: unknown) => {
            await app.close();
            throw error;
          },
        );
  return {
    name: 'web',
    address: port === config.http.port ? config.baseUrl.href : `http://localhost:${port}/`,
    problem: () => '',
    async stop() {
      await Promise.all([app.close(), plain?.stop()]);
      await booking.stop();
      await apiKeys.settled();
      await visits.settled();
    },
  };
}
