import type { Config } from '../config.ts';
import type { Role } from '../config-types.ts';
import type { Database } from '../db/database.ts';
import type { Pools } from '../db/pools.ts';
import type { IngestParts } from '../ingest/assemble.ts';
import type { Hub } from '../live/hub.ts';
import type { Health } from '../services/health.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracer } from '../telemetry/tracing.ts';

/** What the roles of one process share. */
export interface Shared {
  config: Config;
  log: Logger;
  database: Database;
  pools: Pools;
  ingest: IngestParts;
  hub: Hub;
  health: Health;
  /** Null while nobody asks for metrics. */
  metrics: Metrics | null;
  /** Null or absent while nobody collects traces. */
  tracer?: Tracer | null;
  /** Called when devices, keys or sites changed anywhere. */
  onDeviceChange(listener: () => void): void;
}

/** Connections that are open, and what was refused or not understood since the start, by reason. */
export interface DoorFigures {
  connections: number;
  rejects: Record<string, number>;
}

/** A role that runs. `problem` is empty while it is well. */
export interface RunningRole {
  name: Role;
  /** For the console: where it listens, if it does. */
  address: string | null;
  problem(): string;
  /** What its doors counted, where it has some of its own. */
  doors?(): DoorFigures;
  stop(): Promise<void>;
}
