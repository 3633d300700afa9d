import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { loadConfig } from '../../src/config.ts';
import { assembleIngest } from '../../src/ingest/assemble.ts';
import { Hub } from '../../src/live/hub.ts';
import { listenFor } from '../../src/roles/announcements.ts';
import type { Shared } from '../../src/roles/role.ts';
import { startWeb } from '../../src/roles/web.ts';
import { Health } from '../../src/services/health.ts';
import { createLogger, type Logger } from '../../src/telemetry/logger.ts';
import { databaseOf, type TestDatabase } from './test-database.ts';

export interface Route {
  method: string;
  /** As it was registered, with its parameters: `/api/v1/inverters/:id`. */
  url: string;
  /** Where it listens: `http://127.0.0.1:12345`. */
  origin: string;
}

export interface ServedApp {
  /** Every route of every server, as Fastify was told of it. */
  routes: readonly Route[];
  stop(): Promise<void>;
}

/**
 * What the role `web` serves, whole and listening on ports of its own, with the routes it really has: it is started by its own
 * starter, so that whatever is composed there is served here too, without a second list of it. With `listens` it hears what the database
 * announces, as a process of the program does; `announcedBy` is the way to it where that is not the database's own.
 */
export async function buildTestApp(
  db: TestDatabase,
  {
    log = createLogger('fatal'),
    env = {},
    listens = false,
    announcedBy = db.adminUrl,
  }: { log?: Logger; env?: NodeJS.ProcessEnv; listens?: boolean; announcedBy?: string } = {},
): Promise<ServedApp> {
  const config = loadConfig({ AUTH_SECRET: db.authSecret, ENV_FILE: undefined, ...env }, '/nonexistent');
  const ingest = assembleIngest(
    db.pools,
    { storeDcChannelData: true, defaultTimeZone: config.timeZone, retentionDays: config.retentionDays },
    log,
  );
  const deviceListeners = new Set<() => void>();
  const shared: Shared = {
    config: { ...config, http: { host: '127.0.0.1', port: 0 } },
    log,
    database: databaseOf(db),
    pools: db.pools,
    ingest,
    hub: new Hub(),
    health: new Health(db.pools.app, new Map(), log),
    metrics: null,
    onDeviceChange: (listener) => deviceListeners.add(listener),
  };
  const { routes, stop } = await servedBy(() => startWeb(shared));
  const listener = listenFor({ ...shared, database: { ...shared.database, adminUrl: announcedBy } }, () => {
    for (const tell of deviceListeners) tell();
  });
  if (listens) await listener.start();
  return {
    routes,
    async stop() {
      await listener.stop();
      await stop();
      await ingest.drain();
    },
  };
}

/** Runs `start`, which listens, and hears of every route of every server that is made meanwhile. */
export async function servedBy(start: () => Promise<{ stop(): Promise<void> }>): Promise<ServedApp> {
  const registered: { app: FastifyInstance; method: string; url: string }[] = [];
  const onServer = (message: unknown): void => {
    const { fastify: app } = message as { fastify: FastifyInstance };
    app.addHook('onRoute', ({ method, url }: RouteOptions) => {
      for (const each of [method].flat()) registered.push({ app, method: each, url });
    });
  };
  subscribe('fastify.initialization', onServer);
  try {
    const role = await start();
    return {
      routes: registered.map(({ app, method, url }) => ({ method, url, origin: originOf(app) })),
      stop: () => role.stop(),
    };
  } finally {
    unsubscribe('fastify.initialization', onServer);
  }
}

function originOf(app: FastifyInstance): string {
  const bound = app.server.address();
  if (bound === null || typeof bound === 'string') throw new Error('a server of the role web does not listen');
  return `http://127.0.0.1:${bound.port}`;
}
