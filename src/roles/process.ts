import type { Config } from '../config.ts';
import type { Role } from '../config-types.ts';
import { type Database, openDatabase, prepareDatabase } from '../db/database.ts';
import { openPools } from '../db/pools.ts';
import { proveIsolation } from '../db/self-check.ts';
import { allObservers, traceStatements } from '../db/statements.ts';
import { listenForMetrics } from '../http/metrics.ts';
import { assembleIngest } from '../ingest/assemble.ts';
import { Hub } from '../live/hub.ts';
import { Health, type OwnRoles } from '../services/health.ts';
import type { Logger } from '../telemetry/logger.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { listenFor } from './announcements.ts';
import { startCollector } from './collector.ts';
import { ownFigures } from './figures.ts';
import { logIngest } from './ingest-log.ts';
import { provideProcessFigures } from './metrics.ts';
import { standsForProxy } from './proxy-addresses.ts';
import type { RunningRole, Shared } from './role.ts';
import { openTracer } from './tracing.ts';
import { startWeb } from './web.ts';
import { startWorker } from './worker.ts';

export interface RunningProcess {
  roles: readonly RunningRole[];
  database: Database;
  stop(): Promise<void>;
}

const STARTERS: Record<Role, (shared: Shared) => Promise<RunningRole>> = {
  web: startWeb,
  collector: startCollector,
  worker: startWorker,
};

/**
 * Starts what this process is for, from the database up; stops it in the opposite order. Nothing listens before the schema is current
 * and the serving logins have proven that the database keeps accounts apart.
 * @throws ConfigError, Unavailable, the signal's reason when aborted before it is ready; what was started before is stopped again
 */
export async function startProcess(config: Config, log: Logger, signal?: AbortSignal): Promise<RunningProcess> {
  const undo: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) {
      try {
        await step();
      } catch (error) {
        // The rest must still be stopped.
        log.error({ err: error }, 'while stopping');
      }
    }
  };
  try {
    const database = await openDatabase(config, log, signal);
    undo.push(() => database.release());
    await prepareDatabase(database, log);
    signal?.throwIfAborted();
    const tracer = openTracer(config, log.child({ part: 'traces' }));
    if (tracer !== null) undo.push(() => tracer.stop());
    const pools = openPools({
      adminUrl: database.adminUrl,
      authSecret: database.secrets.authSecret,
      roles: database.roles,
      onError: (error) => log.warn({ err: error }, 'an idle database connection was lost'),
      observe: allObservers(database.observe ?? null, tracer === null ? null : traceStatements(tracer)),
    });
    undo.push(() => pools.end());
    await proveIsolation(pools);
    log.info({ event: 'isolation_proven' }, 'the serving logins see one account each');

    const ingest = assembleIngest(
      pools,
      {
        storeDcChannelData: config.storeDcChannelData,
        defaultTimeZone: config.timeZone,
        retentionDays: config.retentionDays,
        rawFrameDays: config.rawFrameDays,
        isProxy: standsForProxy(config.trustProxy),
        tracer,
      },
      log.child({ part: 'ingest' }),
    );
    undo.push(() => ingest.drain());
    undo.push(logIngest(ingest.batcher, log.child({ part: 'ingest' })));
    const hub = new Hub();
    const problems = new Map<Role, () => string>();
    const roles: RunningRole[] = [];
    const figures = ownFigures(ingest, roles);
    const health = new Health(pools.app, problems as OwnRoles, log.child({ part: 'health' }), figures);
    const deviceListeners = new Set<() => void>([() => ingest.resolver.invalidate()]);
    const shared: Shared = {
      config,
      log,
      database,
      pools,
      ingest,
      hub,
      health,
      metrics: config.metrics === null ? null : new Metrics(),
      tracer,
      onDeviceChange: (listener) => deviceListeners.add(listener),
    };
    const listener = listenFor(shared, () => {
      for (const tell of deviceListeners) tell();
    });
    await listener.start();
    undo.push(() => listener.stop());

    // The worker first: it makes the partitions the others write into.
    for (const name of (['worker', 'collector', 'web'] as const).filter((role) => config.roles.has(role))) {
      const role = await STARTERS[name](shared);
      roles.push(role);
      problems.set(name, () => role.problem());
      undo.push(() => role.stop());
    }
    await health.start();
    undo.push(() => health.stop());
    if (config.metrics !== null && shared.metrics !== null) {
      provideProcessFigures(shared.metrics, shared);
      const door = await listenForMetrics(config.metrics, { ...shared, metrics: shared.metrics });
      undo.push(() => door.stop());
    }
    signal?.throwIfAborted();
    return { roles, database, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
