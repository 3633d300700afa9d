import pg from 'pg';
import type { Logger } from '../telemetry/logger.ts';

/**
 * Runs `work` unless another process of this installation is at it. The lock lives and dies with a connection of its own, so a killed
 * process never leaves one behind.
 * @returns false when another process had it and nothing was run
 */
export async function withAdvisoryLock(
  adminUrl: string,
  name: string,
  log: Logger,
  work: () => Promise<void>,
): Promise<boolean> {
  const client = new pg.Client({ connectionString: adminUrl, application_name: `deye-hard ${name}` });
  client.on('error', (error) => log.warn({ err: error, lock: name }, 'connection of a lock lost'));
  await client.connect();
  try {
    const { rows } = await client.query<{ got: boolean }>('SELECT pg_try_advisory_lock(hashtext($1)) AS got', [
      `deye-hard ${name}`,
    ]);
    if (rows[0]?.got !== true) return false;
    await work();
    return true;
  } finally {
    await client.end();
  }
}
