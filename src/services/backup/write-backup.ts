import { link, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { Conflict, Unavailable, UnusableFile } from '../../domain/errors.ts';
import { type BackupSnapshot, withSnapshot } from '../../store/backup-snapshot.ts';
import type { OwnerClient } from '../../store/owner-accounts.ts';
import { type BackupHeader, FORMAT_VERSION, FRAME, MAGIC } from './format.ts';
import { FrameWriter } from './frames.ts';
import { keyFingerprint } from './key-fingerprint.ts';

/** The owner's connection for the time of one piece of work. */
export type AsOwner = <T>(work: (client: OwnerClient) => Promise<T>) => Promise<T>;

export interface BackupOptions {
  owner: AsOwner;
  file: string;
  /** Replace a file that is there already. */
  force: boolean;
  encryptionKeys: readonly string[];
  now: Date;
  /** Told about every piece that was read. */
  onProgress?: (table: string, rows: number) => void;
  signal?: AbortSignal;
}

export interface BackupReport {
  file: string;
  bytes: number;
  tables: { name: string; rows: number }[];
  inverters: number;
  energyWh: number;
}

/**
 * Writes one compressed file with everything of the installation as it was at one moment, while it goes on working. The file appears
 * under its name only when it is whole and on the disk, readable by its owner alone.
 * @throws Conflict when the file is there already, Unavailable when it cannot be written
 */
export async function writeBackup(options: BackupOptions): Promise<BackupReport> {
  const { file, force, owner } = options;
  if (!force) await assertAbsent(file);
  const temporary = `${file}.part-${process.pid}`;
  try {
    const contents = await owner((client) =>
      withSnapshot(client, (snapshot) =>
        writeTemporary(snapshot, temporary, options).catch((error: unknown) => {
          throw fileProblem(error, file);
        }),
      ),
    );
    const { size } = await stat(temporary);
    await putInPlace(temporary, file, force);
    return { file, bytes: size, ...contents };
  } catch (error) {
    await rm(temporary, { force: true });
    throw noRole(error) ?? fileProblem(error, file);
  }
}

/** A database in which nothing was ever migrated has no owner either. */
function noRole(error: unknown): Conflict | null {
  return (error as { code?: unknown }).code === '22023'
    ? new Conflict('The database has no schema yet: there is nothing to back up.', { cause: error })
    : null;
}

async function writeTemporary(
  snapshot: BackupSnapshot,
  temporary: string,
  options: BackupOptions,
): Promise<Pick<BackupReport, 'tables' | 'inverters' | 'energyWh'>> {
  const handle = await open(temporary, 'wx', 0o600);
  const gzip = createGzip();
  const disk = gzip.pipe(handle.createWriteStream({ flush: true }));
  // An error of the disk ends the compression too, so that whoever waits for room in it is told.
  disk.once('error', (error) => gzip.destroy(error));
  gzip.once('error', (error) => disk.destroy(error));
  const done = finished(disk);
  done.catch(() => undefined);
  const stop = (): void => void gzip.destroy(new Unavailable('Interrupted.'));
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    const report = await writeFrames(snapshot, new FrameWriter(gzip), options);
    gzip.end();
    await done;
    return report;
  } catch (error) {
    disk.destroy();
    throw gzip.errored ?? error;
  } finally {
    options.signal?.removeEventListener('abort', stop);
  }
}

async function writeFrames(
  snapshot: BackupSnapshot,
  out: FrameWriter,
  { encryptionKeys, now, onProgress }: BackupOptions,
): Promise<Pick<BackupReport, 'tables' | 'inverters' | 'energyWh'>> {
  const header: BackupHeader = {
    magic: MAGIC,
    format: FORMAT_VERSION,
    createdAt: now.toISOString(),
    engine: snapshot.engine,
    migrations: [...snapshot.migrations],
    encryptionKeys: encryptionKeys.map(keyFingerprint),
  };
  await out.json(FRAME.header, header);
  const tables: BackupReport['tables'] = [];
  for (const table of snapshot.tables) {
    await out.json(FRAME.table, { name: table.name, columns: table.columns });
    const { pieces, rowCount } = snapshot.copy(table);
    let seen = 0;
    for await (const piece of pieces) {
      await out.data(piece);
      seen += lineEnds(piece);
      onProgress?.(table.name, seen);
    }
    const sent = await rowCount();
    if (seen !== sent) throw new UnusableFile(`${table.name} has ${sent} rows and ${seen} were written.`);
    await out.json(FRAME.tableEnd, { rows: seen });
    tables.push({ name: table.name, rows: seen });
  }
  const figures = await snapshot.figures();
  await out.json(FRAME.figures, figures);
  await out.end();
  const energyWh = figures.inverters.reduce((sum, inverter) => sum + (inverter.energyWh ?? 0), 0);
  const inverters = tables.find(({ name }) => name === 'api.inverter')?.rows ?? 0;
  return { tables, inverters, energyWh };
}

/** In the text for COPY every row ends with a line feed, and none stands inside a value. */
export function lineEnds(piece: Buffer): number {
  let count = 0;
  for (let at = piece.indexOf(10); at !== -1; at = piece.indexOf(10, at + 1)) count++;
  return count;
}

async function assertAbsent(file: string): Promise<void> {
  const there = await stat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw fileProblem(error, file);
    },
  );
  if (there) throw alreadyThere(file);
}

async function putInPlace(temporary: string, file: string, force: boolean): Promise<void> {
  if (force) await rename(temporary, file);
  else {
    try {
      // Unlike a rename it never takes the place of a file that came meanwhile.
      await link(temporary, file);
      await rm(temporary);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw alreadyThere(file);
      // File systems of memory sticks know no links.
      await assertAbsent(file);
      await rename(temporary, file);
    }
  }
  await syncFolder(dirname(file));
}

/** The name, too, survives a power cut. Not every system can sync a folder; the file itself is on the disk already. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  if (handle === null) return;
  await handle.sync().catch(() => undefined);
  await handle.close();
}

function alreadyThere(file: string): Conflict {
  return new Conflict(`${file} is there already. Choose another name, or say --force to replace it.`);
}

/** What the system says about the file, in one line. */
export function fileProblem(error: unknown, file: string): unknown {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string' || typeof syscall !== 'string') return error;
  return new Unavailable(`${file}: ${message}`, { cause: error });
}
