import { resolve } from 'node:path';
import pg from 'pg';
import { isCode } from './processes.ts';

/** What answers at an address. */
export type Answer =
  | 'ours'
  /** PostgreSQL, starting or stopping. */
  | 'not ready'
  /** PostgreSQL, all connections in use. */
  | 'busy'
  | 'wrong password'
  | 'nobody'
  | 'somebody else';

/** Asks who listens there, and whether it serves this data folder. */
export async function probe(target: {
  /** An address, or the folder of a socket. */
  host: string;
  port: number;
  password: string;
  dataFolder: string;
}): Promise<Answer> {
  const { host, port, password } = target;
  const client = new pg.Client({
    host,
    port,
    password,
    user: 'postgres',
    database: 'postgres',
    ssl: false,
    connectionTimeoutMillis: 5_000,
    query_timeout: 5_000,
  });
  // Without a listener a lost connection would end the process; the pending call reports it as well.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ folder: string }>(`SELECT current_setting('data_directory') AS folder`);
    const folder = rows[0]?.folder;
    return folder !== undefined && resolve(folder) === target.dataFolder ? 'ours' : 'somebody else';
  } catch (error) {
    return answerIn(error);
  } finally {
    await client.end();
  }
}

function answerIn(error: unknown): Answer {
  if (isCode(error, 'ECONNREFUSED', 'ENOENT')) return 'nobody';
  if (isCode(error, '53300')) return 'busy';
  if (isCode(error, '28P01', '28000')) return 'wrong password';
  // Starting (57P03), stopping (57P01), short of something (53...).
  if (error instanceof pg.DatabaseError) return 'not ready';
  // A machine that swaps, or something that accepts and never speaks: the caller's deadline decides.
  if (error instanceof Error && /timeout/i.test(error.message)) return 'not ready';
  return 'somebody else';
}
