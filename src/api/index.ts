import type { FastifyPluginAsync } from 'fastify';
import type { BatchIngest, PushIngest } from '../ingest/ingest.ts';
import type { LiveHub } from '../live/events.ts';
import type { HealthService, Services } from '../services/services.ts';
import { opendtuRoute } from './push/opendtu.ts';
import { victronRoute } from './push/victron.ts';
import { accountRoutes } from './v1/account.ts';
import { apiKeyRoutes } from './v1/api-keys.ts';
import { authRoutes } from './v1/auth.ts';
import { deviceRoutes } from './v1/devices.ts';
import { eventRoutes } from './v1/events.ts';
import { exportRoutes } from './v1/export.ts';
import { healthRoute } from './v1/healthcheck.ts';
import { inverterMetadataRoute } from './v1/inverter-metadata.ts';
import { inverterRoutes } from './v1/inverters.ts';
import { type LiveApiOptions, liveRoutes } from './v1/live.ts';
import { loggerRoutes } from './v1/loggers.ts';
import { readingRoutes } from './v1/readings.ts';
import { siteRoutes } from './v1/sites.ts';
import { statisticsRoutes } from './v1/statistics.ts';
import { takeoutRoutes } from './v1/takeout.ts';

export interface ApiOptions {
  /** `accounts` with `limitSignIns` around them. */
  services: Pick<
    Services,
    | 'accounts'
    | 'apiKeys'
    | 'inbox'
    | 'inverters'
    | 'loggers'
    | 'statistics'
    | 'health'
    | 'profile'
    | 'sessions'
    | 'exports'
    | 'sites'
    | 'takeouts'
    | 'twoFactor'
  >;
  hub: LiveHub;
  live?: Pick<LiveApiOptions, 'limits' | 'times' | 'checkMs'>;
  batches: BatchIngest;
  now?: () => Date;
}

export interface DeviceEndpointsOptions {
  ingest: PushIngest;
  /** Refuses keys that can do more than push. */
  ingestKeysOnly?: boolean;
  now?: () => Date;
}

const systemClock = (): Date => new Date();

/** What programs ask for: `/api/v1`, `/auth/jwt`, `/healthcheck`. */
export function apiPlugin({ services, batches, hub, live = {}, now = systemClock }: ApiOptions): FastifyPluginAsync {
  return async (app) => {
    app.register(healthRoute(services.health, now));
    app.register(accountRoutes({ services, now }));
    app.register(authRoutes({ accounts: services.accounts, now }));
    app.register(inverterRoutes({ inverters: services.inverters, now }));
    app.register(eventRoutes({ inverters: services.inverters }));
    app.register(siteRoutes({ sites: services.sites }));
    app.register(readingRoutes({ batches, now }));
    app.register(apiKeyRoutes({ apiKeys: services.apiKeys, now }));
    app.register(deviceRoutes({ inbox: services.inbox, inverters: services.inverters, now }));
    app.register(loggerRoutes({ loggers: services.loggers, now }));
    app.register(liveRoutes({ hub, inverters: services.inverters, inbox: services.inbox, now, ...live }));
    app.register(inverterMetadataRoute(services));
    app.register(exportRoutes({ exports: services.exports, now }));
    app.register(takeoutRoutes({ takeouts: services.takeouts, now }));
    app.register(statisticsRoutes({ inverters: services.inverters, statistics: services.statistics, now }));
  };
}

/** THE list of what devices push to. Apart from the API, so that it can also stand alone on a plain-HTTP listener. */
export function deviceEndpoints(options: DeviceEndpointsOptions): FastifyPluginAsync {
  const { ingest, ingestKeysOnly = false, now = systemClock } = options;
  return async (app) => {
    app.register(opendtuRoute({ ingest, ingestKeysOnly, now }));
    app.register(victronRoute({ ingest, ingestKeysOnly, now }));
  };
}

/** `/healthcheck` alone, for a listener that has no API. */
export function apiHealth(health: HealthService, now = systemClock): FastifyPluginAsync {
  return healthRoute(health, now);
}
