import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import type { z } from 'zod';
import { UnusableFile } from '../../domain/errors.ts';
import type { LoadTable } from '../../store/backup-load.ts';
import type { BackupFigures } from '../../store/backup-tables.ts';
import {
  type BackupHeader,
  FORMAT_VERSION,
  FRAME,
  figuresSchema,
  headerSchema,
  tableEndSchema,
  tableSchema,
} from './format.ts';
import { type Frame, readFrames } from './frames.ts';
import { fileProblem, lineEnds } from './write-backup.ts';

/** What a file was found to hold once all of it has been read. */
export interface VerifiedBackup {
  header: BackupHeader;
  tables: LoadTable[];
  figures: BackupFigures;
}

/** A gzip file as this program writes it: deflate, without name, comment or time. */
const GZIP_START = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
const NOT_OURS = 'The file is not a backup of Deye Hard.';

/**
 * Reads a whole file and believes nothing: form, version, checksum, and that every table has the rows it says.
 * @param onProgress told how much of the file was read, 0…1
 * @throws UnusableFile, or Unavailable when it cannot be read
 */
export async function verifyBackup(file: string, onProgress?: (part: number) => void): Promise<VerifiedBackup> {
  await assertGzip(file);
  const found: { header: BackupHeader | null; figures: BackupFigures | null } = { header: null, figures: null };
  const tables: LoadTable[] = [];
  let open: { name: string; columns: string[]; rows: number } | null = null;
  for await (const { kind, payload } of frames(file, onProgress)) {
    if (found.header === null) {
      found.header = readHeader({ kind, payload });
      continue;
    }
    if (kind === FRAME.data && open !== null) open.rows += lineEnds(payload);
    else if (kind === FRAME.table && open === null && found.figures === null)
      open = { ...parse(payload, tableSchema), rows: 0 };
    else if (kind === FRAME.tableEnd && open !== null) {
      if (parse(payload, tableEndSchema).rows !== open.rows) throw damaged(`rows of ${open.name} are missing`);
      tables.push(open);
      open = null;
    } else if (kind === FRAME.figures && open === null && found.figures === null)
      found.figures = parse(payload, figuresSchema);
    else if (kind !== FRAME.end || open !== null || found.figures === null) throw damaged('its parts are out of order');
  }
  if (found.header === null || found.figures === null) throw new UnusableFile(NOT_OURS);
  return { header: found.header, tables, figures: found.figures };
}

/**
 * The rows of a verified file, table by table. Each table's rows must be taken before the next table is asked for.
 * @throws UnusableFile when the file is no longer what it was
 */
export async function* tablesOf(
  file: string,
  verified: VerifiedBackup,
  onProgress?: (part: number) => void,
): AsyncGenerator<{ table: LoadTable; rows: AsyncGenerator<Buffer> }> {
  const source = frames(file, onProgress);
  try {
    let next = 0;
    for (let frame = await source.next(); frame.done !== true; frame = await source.next()) {
      if (frame.value.kind !== FRAME.table) continue;
      const table = verified.tables[next++];
      if (table?.name !== parse(frame.value.payload, tableSchema).name)
        throw damaged('it was changed while it was read');
      yield { table, rows: rowsOf(source) };
    }
  } finally {
    await source.return(undefined);
  }
}

async function* rowsOf(source: AsyncGenerator<Frame>): AsyncGenerator<Buffer> {
  for (let frame = await source.next(); frame.done !== true; frame = await source.next()) {
    if (frame.value.kind !== FRAME.data) return;
    yield frame.value.payload;
  }
}

async function* frames(file: string, onProgress?: (part: number) => void): AsyncGenerator<Frame> {
  const { size } = await stats(file);
  const disk = createReadStream(file, { highWaterMark: 1 << 18 });
  const gunzip = createGunzip({ chunkSize: 1 << 18 });
  disk.once('error', (error) => gunzip.destroy(error));
  try {
    for await (const frame of readFrames(disk.pipe(gunzip))) {
      onProgress?.(size === 0 ? 1 : disk.bytesRead / size);
      yield frame;
    }
  } catch (error) {
    throw unzipProblem(error, file);
  } finally {
    disk.destroy();
    gunzip.destroy();
  }
}

function readHeader({ kind, payload }: Frame): BackupHeader {
  if (kind !== FRAME.header) throw new UnusableFile(NOT_OURS);
  const header = parse(payload, headerSchema);
  if (header.format !== FORMAT_VERSION) {
    throw new UnusableFile(
      `The backup has format ${header.format}, and this version reads format ${FORMAT_VERSION}. Update this installation first.`,
    );
  }
  return header;
}

function parse<T>(payload: Buffer, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(payload.toString('utf8'));
  } catch (cause) {
    throw new UnusableFile('The file is damaged: a part of it cannot be read.', { cause });
  }
  const read = schema.safeParse(value);
  if (!read.success) throw new UnusableFile('The file is damaged, or no backup of Deye Hard.', { cause: read.error });
  return read.data;
}

async function assertGzip(file: string): Promise<void> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw fileProblem(error, file);
  });
  try {
    const start = Buffer.alloc(GZIP_START.length);
    const { bytesRead } = await handle.read(start, 0, start.length, 0);
    if (bytesRead === 0) throw new UnusableFile('The file is empty.');
    if (!start.equals(GZIP_START)) throw new UnusableFile(NOT_OURS);
  } catch (error) {
    throw fileProblem(error, file);
  } finally {
    await handle.close();
  }
}

async function stats(file: string): Promise<{ size: number }> {
  const handle = await open(file, 'r');
  try {
    return await handle.stat();
  } finally {
    await handle.close();
  }
}

function damaged(why: string): UnusableFile {
  return new UnusableFile(`The file is damaged: ${why}.`);
}

function unzipProblem(error: unknown, file: string): unknown {
  const code = (error as { code?: unknown }).code;
  if (code === 'Z_BUF_ERROR') return new UnusableFile('The file ends too early: it is cut off.', { cause: error });
  if (typeof code === 'string' && code.startsWith('Z_')) {
    return new UnusableFile('The file is damaged: it cannot be decompressed.', { cause: error });
  }
  return fileProblem(error, file);
}
