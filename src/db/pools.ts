import pg from 'pg';
import { connectClient } from './client.ts';
import { connectionFor, type RoleNames } from './roles.ts';
import { observeStatements, type StatementObserver } from './statements.ts';

/** int8 arrives as text by default; every figure of ours is far below 2^53, and a string would silently concatenate. */
export const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === 20) return Number;
    if (oid === 1016) return parseInt8Array;
    return pg.types.getTypeParser(oid, format as 'text');
  }) as pg.CustomTypesConfig['getTypeParser'],
};

const int8ArrayAsText = pg.types.getTypeParser(1016 as never, 'text') as (text: string) => (string | null)[];

function parseInt8Array(text: string): (number | null)[] {
  return int8ArrayAsText(text).map((element) => (element === null ? null : Number(element)));
}

/** A pool of serving connections, as the layers above hand it through. */
export type DbPool = pg.Pool;

/** The serving connections: each pool signs in as the least login that can do its work. */
export interface Pools {
  readonly app: pg.Pool;
  readonly ingest: pg.Pool;
  /** The same login, for notes on the side: a flush never waits behind them. */
  readonly notes: pg.Pool;
  /** For the pages of administration: may call their functions and read no table. */
  readonly admin: pg.Pool;
  end(): Promise<void>;
}

export interface PoolOptions {
  adminUrl: string;
  authSecret: string;
  roles: RoleNames;
  appConnections?: number;
  ingestConnections?: number;
  onError: (error: Error) => void;
  /** Told of every statement of these connections; nobody is when absent. */
  observe?: StatementObserver | null;
}

export function openPools(options: PoolOptions): Pools {
  let ending = false;
  const open = (role: 'app' | 'ingest' | 'admin', max: number): pg.Pool => {
    const pool = new pg.Pool({
      ...connectionFor(options.adminUrl, options.roles, role, options.authSecret),
      max,
      types,
      application_name: `deye-hard ${role}`,
      connectionTimeoutMillis: 5_000,
      idleTimeoutMillis: 30_000,
      // A page that reads for longer than this is a bug; exports set their own.
      statement_timeout: 30_000,
      idle_in_transaction_session_timeout: 30_000,
    });
    // An idle connection that breaks is replaced by the pool; without a listener the event would end the process.
    pool.on('error', (error) => {
      if (!ending) options.onError(error);
    });
    // The same for one that breaks while it is lent out, between two statements of a transaction: the next statement reports it.
    pool.on('connect', (client) => client.on('error', () => undefined));
    const { observe } = options;
    if (observe != null) pool.on('connect', (client) => observeStatements(client, observe));
    return pool;
  };
  const app = open('app', options.appConnections ?? 8);
  const ingest = open('ingest', options.ingestConnections ?? 4);
  const notes = open('ingest', 1);
  const admin = open('admin', 2);
  return {
    app,
    ingest,
    notes,
    admin,
    async end() {
      ending = true;
      await Promise.all([app.end(), ingest.end(), notes.end(), admin.end()]);
    },
  };
}

/** One connection of the owner, for migrations, maintenance and the command line; never for a request. */
export async function withOwner<T>(
  adminUrl: string,
  roles: RoleNames,
  work: (client: pg.Client) => Promise<T>,
  observe: StatementObserver | null = null,
): Promise<T> {
  const client = await connectClient({
    connectionString: adminUrl,
    types,
    application_name: 'deye-hard owner',
    // On TimescaleDB, where maintenance may change more of compressed chunks than a statement usually does; elsewhere it means nothing.
    options: `-c role=${roles.owner} -c timescaledb.max_tuples_decompressed_per_dml_transaction=0`,
  });
  if (observe !== null) observeStatements(client, observe);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
