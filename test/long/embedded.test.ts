import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { acquireEmbeddedPostgres } from '../../src/db/engines/embedded/embedded.ts';
import { isRunning } from '../../src/db/engines/embedded/processes.ts';
import { ConfigError, Unavailable } from '../../src/domain/errors.ts';
import { startDisposablePostgres } from '../support/disposable-postgres.ts';
import { cleanUp, hold, killServer, makeFolder, postmasterOf, query, silent, until } from '../support/embedded-rig.ts';

afterEach(cleanUp);
// Each test makes a database and starts processes, and a small machine does that slowly.
vi.setConfig({ testTimeout: 90_000 });

const acquire = (dataDir: string, more: Partial<Parameters<typeof acquireEmbeddedPostgres>[0]> = {}) =>
  acquireEmbeddedPostgres({ dataDir, log: silent, ...more });
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

describe('the embedded PostgreSQL', () => {
  test('is made on first use, with a password that only its owner can read', async () => {
    const dataDir = join(await makeFolder(), 'not', 'yet', 'there');
    const postgres = await acquire(dataDir);
    const [facts] = await query(
      postgres.connectionString(),
      `SELECT current_user AS who, current_setting('server_encoding') AS encoding, current_setting('data_checksums') AS checksums,
         current_setting('wal_segment_size') AS log_file,
         current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit, current_setting('timezone') AS zone,
         current_setting('listen_addresses') AS listening, (SELECT datlocale FROM pg_database WHERE datname = 'postgres') AS locale,
         (SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules) AS methods`,
    );
    expect(facts).toEqual({
      who: 'postgres',
      encoding: 'UTF8',
      checksums: 'on',
      log_file: '4MB',
      fsync: 'on',
      commit: 'on',
      zone: 'UTC',
      listening: '127.0.0.1',
      locale: 'C.UTF-8',
      methods: 'scram-sha-256',
    });
    expect(await modeOf(join(dataDir, 'secrets'))).toBe('700');
    expect(await modeOf(join(dataDir, 'secrets', 'postgres-password'))).toBe('600');
    expect(await modeOf(postgres.dataFolder)).toBe('700');
    expect((await readdir(dataDir)).sort()).toEqual(['postgres', 'postgres-run', 'postgres.log', 'secrets']);
    await postgres.release();
    await postgres.release();
  });

  test('survives the kill of its holder and is adopted by the next', async () => {
    const dataDir = await makeFolder();
    const first = hold([dataDir]);
    const { url, dataFolder } = await first.told;
    const postmaster = await postmasterOf(dataFolder);
    await first.kill();
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);

    const next = await acquire(dataDir);
    expect(await postmasterOf(dataFolder)).toBe(postmaster);
    expect(next.connectionString()).toBe(url);
    await next.release();
    expect(await isRunning(postmaster)).toBe(false);
  });

  test('is not hit by Ctrl-C on the terminal', async () => {
    const holder = hold([await makeFolder()], { spawn: { detached: true } });
    const { url } = await holder.told;
    process.kill(-(holder.child.pid ?? 0), 'SIGINT');
    await once(holder.child, 'exit');
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('has every committed row after kill -9 of everything', async () => {
    const dataDir = await makeFolder();
    const holder = hold([dataDir]);
    const { url, dataFolder } = await holder.told;
    await query(url, 'CREATE TABLE t AS SELECT generate_series(1, 1000) AS n');
    await query(url, 'INSERT INTO t VALUES (1001)');
    await Promise.all([holder.kill(), killServer(dataFolder)]);

    const postgres = await acquire(dataDir);
    expect(await query(postgres.connectionString(), 'SELECT count(*)::int AS n FROM t')).toEqual([{ n: 1001 }]);
    await postgres.release();
  });

  test('waits for the processes of a killed server before it starts again', async () => {
    const dataDir = await makeFolder();
    const holder = hold([dataDir]);
    const { url, dataFolder } = await holder.told;
    // Too busy to notice at once that its postmaster died.
    const busy = query(url, 'SELECT sum(sqrt(n)) FROM generate_series(1, 8000000) AS n').catch(() => undefined);
    await until('a busy session', async () => {
      const rows = await query(
        url,
        `SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT sum%' AND state = 'active'`,
      );
      return rows.length > 0;
    });
    process.kill(await postmasterOf(dataFolder), 'SIGKILL');
    await holder.kill();
    const postgres = await acquire(dataDir);
    expect(await query(postgres.connectionString(), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await readFile(join(dataDir, 'postgres.log'), 'utf8')).toContain('pre-existing shared memory block');
    await postgres.release();
    await busy;
  });

  test.each(['a number that another process has now', 'nothing'])(
    'starts over a pid file that holds %s',
    async (what) => {
      const dataDir = await makeFolder();
      const first = await acquire(dataDir);
      const pidFile = join(first.dataFolder, 'postmaster.pid');
      const content = await readFile(pidFile, 'utf8');
      await first.release();
      // PostgreSQL itself takes a living process of its own account for a server.
      const { uid, gid } = await stat(first.dataFolder);
      const stranger = spawn('sleep', ['60'], { uid, gid });
      const stale = what === 'nothing' ? '' : content.replace(/^\d+/, String(stranger.pid));
      await writeFile(pidFile, stale);

      const second = await acquire(dataDir);
      expect(await query(second.connectionString(), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      expect(await isRunning(stranger.pid ?? 0)).toBe(true);
      await second.release();
      stranger.kill();
    },
  );

  test('serves two processes that start at the same moment on an empty folder', async () => {
    const dataDir = await makeFolder();
    const both = [hold([dataDir]), hold([dataDir]), hold([dataDir])];
    const told = await Promise.all(both.map((holder) => holder.told));
    expect(new Set(told.map(({ url }) => url)).size).toBe(1);
    expect(told.filter(({ notes }) => notes.some((note) => note.includes('has started')))).toHaveLength(1);
  });

  test('runs until the last holder gives it up, and then its port is closed', async () => {
    const dataDir = await makeFolder();
    const [serve, command, killed] = [hold([dataDir]), hold([dataDir]), hold([dataDir])];
    const { url, port } = await serve.told;
    await Promise.all([command.told, killed.told]);
    await killed.kill();
    await command.release();
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await serve.release();
    await expect(query(url, 'SELECT 1')).rejects.toThrow(`ECONNREFUSED 127.0.0.1:${port}`);
    expect(JSON.parse(await readFile(join(dataDir, 'postgres-run', 'leases.json'), 'utf8'))).toEqual([]);
  });

  test('is made anew when making it was interrupted', async () => {
    const dataDir = await makeFolder();
    const interrupted = hold([dataDir]);
    const unfinished = async () => (await readdir(dataDir)).find((name) => name.startsWith('postgres.unfinished-'));
    await until('initdb at work', async () => {
      const name = await unfinished();
      return name !== undefined && (await readdir(join(dataDir, name))).includes('data');
    });
    await interrupted.kill();
    expect(await unfinished()).toBeDefined();

    const postgres = await acquire(dataDir);
    expect(await query(postgres.connectionString(), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await postgres.release();
    await acquire(dataDir).then((again) => again.release());
    expect(await unfinished()).toBeUndefined();
  });

  test('comes back by itself, on the same port, when it is killed under a holder', async () => {
    const postgres = await acquire(await makeFolder());
    const url = postgres.connectionString();
    await killServer(postgres.dataFolder);
    await until('the server again', () =>
      query(url, 'SELECT 1').then(
        () => true,
        () => false,
      ),
    );
    await postgres.release();
    await expect(query(url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
  });

  test('does not come back empty when its disk has gone', async () => {
    const warnings: string[] = [];
    const warn = (details: object, message = '') => warnings.push(`${message} ${JSON.stringify(details)}`);
    const postgres = await acquire(await makeFolder(), { log: { ...silent, warn } });
    await rename(postgres.dataFolder, `${postgres.dataFolder}-unplugged`);
    await killServer(`${postgres.dataFolder}-unplugged`);
    await until('the complaint', async () =>
      warnings.some((warning) => warning.includes('could not be started again')),
    );
    await expect(stat(postgres.dataFolder)).rejects.toThrow('ENOENT');
    await postgres.release();
  });

  test('puts a log away that has grown large', async () => {
    const dataDir = await makeFolder();
    const log = join(dataDir, 'postgres.log');
    await writeFile(log, Buffer.alloc(11 * 1024 * 1024, 'x'));
    const postgres = await acquire(dataDir);
    expect((await stat(log)).size).toBeLessThan(10_000);
    expect((await stat(`${log}.1`)).size).toBe(11 * 1024 * 1024);
    await postgres.release();
  });

  test('keeps its port, and takes another when that one is taken', async () => {
    const dataDir = await makeFolder();
    const first = await acquire(dataDir);
    await first.release();
    const second = await acquire(dataDir);
    expect(second.port).toBe(first.port);
    await second.release();

    const squatter = createServer().listen(first.port, '127.0.0.1');
    await once(squatter, 'listening');
    const third = await acquire(dataDir);
    expect(third.port).not.toBe(first.port);
    expect(await query(third.connectionString(), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await third.release();
    squatter.close();
  });

  test('says what PostgreSQL said when it does not start', async () => {
    const dataDir = await makeFolder();
    const failure = await acquire(dataDir, { settings: { shared_buffers: 'plenty' } }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Unavailable);
    expect(String(failure)).toMatch(/PostgreSQL ended while starting \(exit code 1\)\.\n.*"plenty"/s);
  });

  test('stops at once when told to, and leaves nothing running', async () => {
    const dataDir = await makeFolder();
    const stopping = new AbortController();
    const pending = acquire(dataDir, { signal: stopping.signal });
    await until('initdb at work', async () => (await readdir(dataDir)).some((name) => name.includes('unfinished')));
    stopping.abort(new Error('enough'));
    await expect(pending).rejects.toThrow('enough');
    await until('a clean folder', async () => !(await readdir(dataDir)).some((name) => name.startsWith('postgres.')));
  });

  test('refuses a folder that is not its own, a lost password and another version', async () => {
    const dataDir = await makeFolder();
    await mkdir(join(dataDir, 'postgres'));
    await writeFile(join(dataDir, 'postgres', 'letter.txt'), 'mine');
    await expect(acquire(dataDir)).rejects.toThrow(/neither a PostgreSQL database nor empty/);
    await rm(join(dataDir, 'postgres', 'letter.txt'));

    const { dataFolder, release } = await acquire(dataDir);
    await release();
    const password = join(dataDir, 'secrets', 'postgres-password');
    await writeFile(password, 'guessed');
    await expect(acquire(dataDir)).rejects.toThrow(/does not open the database/);
    expect(await readdir(dataFolder)).not.toContain('postmaster.pid');
    await rm(password);
    await expect(acquire(dataDir)).rejects.toThrow(ConfigError);
    await writeFile(password, 'guessed');
    await writeFile(join(dataFolder, 'PG_VERSION'), '17\n');
    await expect(acquire(dataDir)).rejects.toThrow(/made by PostgreSQL 17 and this is 18/);
  });
});

describe('the disposable PostgreSQL of the tests', () => {
  test('is gone after its stop, and takes along what killed tests left', async () => {
    const abandoned = await mkdtemp(join(tmpdir(), 'deye-hard-test-'));
    await chmod(abandoned, 0o711);
    const killed = hold([abandoned]);
    const { url } = await killed.told;
    await killed.kill();

    const one = await startDisposablePostgres();
    const another = await startDisposablePostgres({ settings: { max_connections: '10' } });
    await expect(query(url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
    await expect(stat(abandoned)).rejects.toThrow('ENOENT');
    expect(await query(one.connectionString('template1'), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await query(another.connectionString(), 'SHOW max_connections')).toEqual([{ max_connections: '10' }]);
    await Promise.all([one.stop(), another.stop()]);
    await expect(query(one.connectionString(), 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
  });
});
