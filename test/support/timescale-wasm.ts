import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { configureTimescale, reserveJobs, type TimescaleSettings } from '../../src/db/engines/timescale.ts';
import { migrateUp } from '../../src/db/migrate.ts';
import { types } from '../../src/db/pools.ts';
import { roleNames } from '../../src/db/roles.ts';
import { failLoudly } from './fail-loudly.ts';
import { HYPERTABLES, type TestDatabase } from './test-database.ts';

/**
 * A migrated, empty database on TimescaleDB without a server: in WebAssembly, in a process of its own, with the product's `pg` in front.
 * There is one session, the superuser's, and the roles are put on by SET ROLE; whoever wants it waits for whoever has it, so that nothing
 * inside `owner` or between `connect` and `release` may ask for another.
 */
export interface TimescaleWasm extends TestDatabase {
  /** The one connection, as the superuser. */
  alone<T>(work: (client: pg.Client) => Promise<T>): Promise<T>;
  /** While the connection is given up for `work`, which makes one of its own; that one is the owner's. */
  handedOver<T>(work: () => Promise<T>): Promise<T>;
}

/** What this engine cannot show, because it has one session, one database and no processes. */
export const NOT_ON_THIS_ENGINE = [
  'logins (roles are put on by SET ROLE)',
  'two connections at once: locks, races, LISTEN',
  'jobs at their time (policies are run by run_job)',
  'the loss of a connection or of the server',
] as const;

const DATABASE = 'template1';

const serverScript = fileURLToPath(new URL('timescale-wasm-server.ts', import.meta.url));
const tsx = import.meta.resolve?.('tsx') ?? 'tsx';

export async function startTimescaleWasm(settings: Partial<TimescaleSettings> = {}): Promise<TimescaleWasm> {
  const server = await startServer();
  const adminUrl = `postgresql://postgres@${server.address}/${DATABASE}`;
  const roles = roleNames(adminUrl, 'wasm');
  const session = new OneSession(adminUrl);
  try {
    await session.take(async (client) => {
      await client.query('CREATE EXTENSION timescaledb');
      for (const role of Object.values(roles)) await client.query(`CREATE ROLE ${role} LOGIN`);
      await client.query(`GRANT ${roles.lookup} TO ${roles.owner}`);
      await client.query(`REVOKE ALL ON DATABASE ${DATABASE} FROM PUBLIC; REVOKE CREATE ON SCHEMA public FROM PUBLIC`);
      await client.query(`GRANT CONNECT, CREATE, TEMPORARY ON DATABASE ${DATABASE} TO ${roles.owner}`);
      await reserveJobs(client, roles.owner);
    });
    const all = { ...HYPERTABLES, ...settings };
    await session.handedOver(roles.owner, () => migrateUp({ adminUrl, roles, ...all }));
    await session.take((client) => configureTimescale(client, all), roles.owner);
  } catch (error) {
    await session.end();
    await server.stop();
    throw error;
  }
  const [app, ingest] = [session.poolOf(roles.app), session.poolOf(roles.ingest)];
  return {
    adminUrl,
    roles,
    authSecret: '',
    pools: { app, ingest, notes: ingest, admin: session.poolOf(roles.admin), end: async () => undefined },
    owner: (work) => session.take(work, roles.owner),
    alone: (work) => session.take(work),
    handedOver: (work) => session.handedOver(roles.owner, work),
    async drop() {
      await session.end();
      await server.stop();
    },
  };
}

/** One connection, had by one at a time. */
class OneSession {
  readonly #url: string;
  #client: Promise<pg.Client>;
  #turn: Promise<void> = Promise.resolve();

  constructor(url: string) {
    this.#url = url;
    this.#client = this.#connect();
  }

  async take<T>(work: (client: pg.Client) => Promise<T>, role?: string): Promise<T> {
    const { client, release } = await this.#next(role);
    try {
      return await work(client);
    } finally {
      await release();
    }
  }

  /** The server goes on with the same session for whoever connects next, and so with its role. */
  async handedOver<T>(role: string, work: () => Promise<T>): Promise<T> {
    return this.take(async (client) => {
      await client.query(`SET ROLE ${role}`);
      await client.end();
      try {
        return await work();
      } finally {
        this.#client = this.#connect();
        await this.#client;
      }
    });
  }

  /** As much of a pool as the product uses. */
  poolOf(role: string): pg.Pool {
    return {
      query: (text: string, values?: unknown[]) => this.take((client) => client.query(text, values), role),
      connect: async () => {
        const { client, release } = await this.#next(role);
        return { query: client.query.bind(client), release: () => release().catch(failLoudly) };
      },
    } as unknown as pg.Pool;
  }

  async end(): Promise<void> {
    await this.#turn;
    await (await this.#client).end();
  }

  async #next(role?: string): Promise<{ client: pg.Client; release: () => Promise<void> }> {
    const before = this.#turn;
    let done: () => void = () => undefined;
    this.#turn = new Promise<void>((resolve) => {
      done = resolve;
    });
    await before;
    const client = await this.#client;
    if (role !== undefined) await client.query(`SET ROLE ${role}`);
    return {
      client,
      release: async () => {
        try {
          // A pool would close a connection whose transaction is broken.
          await (await this.#client).query('ROLLBACK; RESET ROLE');
        } finally {
          done();
        }
      },
    };
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.#url, types });
    await client.connect();
    // The server has only one session: what it remembers of the connection before would be in the way.
    await client.query('RESET ROLE; DEALLOCATE ALL; SET client_min_messages = notice');
    return client;
  }
}

async function startServer(): Promise<{ address: string; stop(): Promise<void> }> {
  const child = spawn(process.execPath, ['--import', tsx, serverScript], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  let told = '';
  for await (const piece of child.stdout) {
    told += String(piece);
    if (told.endsWith('\n')) break;
  }
  if (told === '') throw new Error('TimescaleDB in WebAssembly ended before it listened');
  return {
    address: told.trim(),
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}
