import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { acquireEmbeddedPostgres } from '../../src/db/engines/embedded/embedded.ts';
import { withOwner } from '../../src/db/pools.ts';
import { roleNames } from '../../src/db/roles.ts';
import type { FleetDevice } from '../../src/simulate/report.ts';
import { addFleetAccount } from '../../test/support/fleet-account.ts';
import { freePort, removeData, type ServerProcess, startServer } from '../../test/support/server-process.ts';
import { Balancer } from './balancer.ts';

/**
 * What a soak runs against: one database, one server that runs all the time, and two that are killed and restarted, behind a load
 * balancer. Each server is the built program in a process of its own with all roles.
 */
export interface Rig {
  /** Runs all the time: what grows, grows here. */
  steady: ServerProcess;
  metricsUrl: string;
  /** The others, as many as can be restarted. */
  restartable: readonly ServerProcess[];
  /** Ends one of them and starts it again on the same ports. */
  restart(n: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Where devices reach any of them. */
  url: string;
  collectorPort: number;
  databaseUrl: string;
  /** The database's process; null where the database is somebody else's, and is left alone. */
  postgresPid: (() => number | null) | null;
  databaseAnswers(): Promise<boolean>;
  /** Makes the account of the fleet. */
  register(devices: readonly FleetDevice[]): Promise<{ apiKey: string }>;
  close(): Promise<void>;
}

const RESTARTABLE = 2;
/** On a machine that is busy with more than this. */
const READY_MS = 300_000;

/** @param databaseUrl a superuser's URL of an empty database; null for the built-in PostgreSQL with data of its own */
export async function openRig(databaseUrl: string | null): Promise<Rig> {
  const undo: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return await open(databaseUrl, undo, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(given: string | null, undo: (() => Promise<unknown>)[], close: () => Promise<void>): Promise<Rig> {
  const database = given === null ? await ownDatabase(undo) : { url: given, pid: null };
  const authSecret = randomBytes(32).toString('base64url');
  const common = {
    DATABASE_URL: database.url,
    AUTH_SECRET: authSecret,
    ENCRYPTION_KEY: `${randomBytes(32).toString('base64url')}=`,
    LOG_LEVEL: 'warn',
    // All of them come through the balancer
    COLLECTOR_MAX_PER_ADDRESS: '20000',
  };
  const metricsPort = await freePort();
  const start = (more: Record<string, string> = {}) => startServer({ env: { ...common, ...more }, readyMs: READY_MS });
  // The first one migrates
  const steady = await start({ METRICS_PORT: String(metricsPort) });
  undo.push(() => steady.stop());
  const restartable = await Promise.all(Array.from({ length: RESTARTABLE }, () => start()));
  undo.push(() => Promise.all(restartable.map((server) => server.stop())));
  const all = [steady, ...restartable];
  const http = await Balancer.before(all.map((server) => server.httpPort));
  const collector = await Balancer.before(all.map((server) => server.collectorPort));
  undo.push(() => Promise.all([http.close(), collector.close()]));
  const roles = roleNames(database.url, null);
  return {
    steady,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    restartable,
    async restart(n, signal) {
      const server = restartable[n];
      if (server === undefined) throw new RangeError(`there is no server ${n}`);
      server.signal(signal);
      await server.exited;
      restartable[n] = await server.restart();
    },
    url: `http://127.0.0.1:${http.port}`,
    collectorPort: collector.port,
    databaseUrl: database.url,
    postgresPid: database.pid,
    databaseAnswers: () => answers(database.url),
    register: (devices) => withOwner(database.url, roles, (owner) => addFleetAccount(owner, devices)),
    close,
  };
}

async function ownDatabase(undo: (() => Promise<unknown>)[]): Promise<{ url: string; pid: () => number | null }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'deye-hard-soak-'));
  undo.push(() => removeData(dataDir));
  const silent = { info: () => undefined, warn: () => undefined };
  const postgres = await acquireEmbeddedPostgres({ dataDir, log: silent });
  undo.push(() => postgres.release());
  const client = new pg.Client({ connectionString: postgres.connectionString() });
  await client.connect();
  await client.query('CREATE DATABASE soak');
  await client.end();
  let pid: number | null = null;
  const read = async () => {
    const text = await readFile(join(postgres.dataFolder, 'postmaster.pid'), 'utf8').catch(() => '');
    pid = Number(text.split('\n')[0]) || null;
  };
  await read();
  const timer = setInterval(() => void read(), 100);
  undo.push(async () => clearInterval(timer));
  return { url: postgres.connectionString('soak'), pid: () => pid };
}

async function answers(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 15_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    // That is the answer
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
