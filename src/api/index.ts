import type { FastifyPluginAsync } from 'fastify';
import type { PushIngest } from '../ingest/ingest.ts';
import type { Services } from '../services/services.ts';
import { opendtuRoute } from './push/opendtu.ts';
import { victronRoute } from './push/victron.ts';
import { authRoutes } from './v1/auth.ts';
import { healthRoute } from './v1/healthcheck.ts';
import { inverterRoutes } from './v1/inverters.ts';
import { statisticsRoutes } from './v1/statistics.ts';

export interface ApiOptions {
  /** `accounts` with `limitSignIns` around them. */
  services: Pick<Services, 'accounts' | 'inverters' | 'statistics' | 'health'>;
  now?: () => Date;
}

export interface DeviceEndpointsOptions {
  ingest: PushIngest;
  now?: () => Date;
}

const systemClock = (): Date => new Date();

/** What programs ask for: `/api/v1`, `/auth/jwt`, `/healthcheck`. */
export function apiPlugin({ services, now = systemClock }: ApiOptions): FastifyPluginAsync {
  return async (app) => {
    app.register(healthRoute(services.health, now));
    app.register(authRoutes({ accounts: services.accounts, now }));
    app.register(inverterRoutes({ inverters: services.inverters, now }));
    app.register(statisticsRoutes({ inverters: services.inverters, statistics: services.statistics, now }));
  };
}

/** THE list of what devices push to. Apart from the API, so that it can also stand alone on a plain-HTTP listener. */
export function deviceEndpoints({ ingest, now = systemClock }: DeviceEndpointsOptions): FastifyPluginAsync {
  return async (app) => {
    app.register(opendtuRoute({ ingest, now }));
    app.register(victronRoute({ ingest, now }));
  };
}
