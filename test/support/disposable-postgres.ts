import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquireEmbeddedPostgres } from '../../src/db/engines/embedded/embedded.ts';
import { ifThere } from '../../src/db/engines/embedded/files.ts';
import { liveLeases } from '../../src/db/engines/embedded/leases.ts';
import { stop } from '../../src/db/engines/embedded/postmaster.ts';

const prefix = 'deye-hard-test-';
const silent = { info: () => undefined, warn: () => undefined };
/** A folder this young may belong to a test that has no lease yet because its database is still being made. */
const childhoodMs = 10 * 60_000;

export interface DisposablePostgres {
  /** As superuser; the database `postgres` by default. */
  connectionString(database?: string): string;
  stop(): Promise<void>;
}

/**
 * A PostgreSQL server for one test file: empty, fast, and gone with all its data after `stop()`. What killed test
 * processes left behind is stopped and removed by the next call, anyone's.
 */
export async function startDisposablePostgres(
  options: { settings?: Readonly<Record<string, string>> } = {},
): Promise<DisposablePostgres> {
  await removeAbandoned();
  const dataDir = await mkdtemp(join(tmpdir(), prefix));
  // mkdtemp closes it to others, and PostgreSQL may have to run as another account (when the tests run as root).
  await chmod(dataDir, 0o711);
  const remove = () => rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
  try {
    const postgres = await acquireEmbeddedPostgres({
      dataDir,
      log: silent,
      settings: {
        fsync: 'off',
        full_page_writes: 'off',
        synchronous_commit: 'off',
        shared_buffers: '32MB',
        ...options.settings,
      },
    });
    return {
      connectionString: postgres.connectionString,
      stop: async () => {
        await postgres.release();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(prefix)) continue;
    const dataDir = join(tmpdir(), name);
    const folder = await ifThere(stat(dataDir));
    // Other people's are not ours to clean.
    if (folder === undefined || folder.uid !== process.getuid?.()) continue;
    const leased = await ifThere(stat(join(dataDir, 'postgres-run', 'leases.json')));
    if (leased === undefined && Date.now() - folder.mtimeMs < childhoodMs) continue;
    if ((await liveLeases(join(dataDir, 'postgres-run'))).length > 0) continue;
    await stop(join(dataDir, 'postgres'), silent);
    await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
}
