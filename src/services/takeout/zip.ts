import { pipeline } from 'node:stream';
import { crc32, createDeflateRaw } from 'node:zlib';
import { Conflict } from '../../domain/errors.ts';

/** A file in an archive, written while it is read. */
export interface ZipEntry {
  /** With `/` between folders. */
  name: string;
  modifiedAt: Date;
  text: AsyncIterable<string> | Iterable<string>;
}

/** What sizes and places in the archive can say without extensions that not every unpacker knows. */
const MAX_BYTES = 0xffff_ffff;
const MAX_ENTRIES = 0xffff;
/** So much is compressed at once: every piece costs a turn of another thread. */
const CHUNK_CHARS = 65_536;
/** Bit 3: sizes stand behind the data; bit 11: names are UTF-8. */
const FLAGS = (1 << 3) | (1 << 11);
const DEFLATE = 8;
const VERSION = 20;

interface Written {
  name: Buffer;
  stamp: Buffer;
  crc: number;
  packedBytes: number;
  bytes: number;
  at: number;
}

/**
 * A ZIP archive (PKWARE APPNOTE 6.3) of whatever is asked for, in one pass: it knows no size before it has written it, and holds nothing but
 * the names of what it wrote.
 * @throws Conflict where it would be larger than four gigabytes, or whatever an entry's text throws
 */
export async function* zipOf(entries: AsyncIterable<ZipEntry>): AsyncGenerator<Buffer> {
  const written: Written[] = [];
  let at = 0;
  const counted = (bytes: Buffer): Buffer => {
    at += bytes.length;
    return bytes;
  };
  for await (const { name, modifiedAt, text } of entries) {
    const entry = { name: Buffer.from(name), stamp: stampOf(modifiedAt), crc: 0, packedBytes: 0, bytes: 0, at };
    yield counted(localHeader(entry));
    const deflate = createDeflateRaw();
    // Its errors, and an end before the end, go both ways.
    pipeline(bytesOf(text, entry), deflate, () => undefined);
    for await (const packed of deflate as AsyncIterable<Buffer>) {
      entry.packedBytes += packed.length;
      yield counted(packed);
    }
    yield counted(sizes(Buffer.from('PK\x07\x08', 'latin1'), entry));
    written.push(entry);
    if (entry.bytes > MAX_BYTES || at > MAX_BYTES || written.length > MAX_ENTRIES) {
      throw new Conflict('The archive would be larger than a ZIP archive can be.');
    }
  }
  const directoryAt = at;
  for (const entry of written) yield counted(directoryEntry(entry));
  yield endOfDirectory(written.length, at - directoryAt, directoryAt);
}

async function* bytesOf(text: ZipEntry['text'], entry: Written): AsyncGenerator<Buffer> {
  let gathered = '';
  const take = (): Buffer => {
    const bytes = Buffer.from(gathered);
    gathered = '';
    entry.crc = crc32(bytes, entry.crc);
    entry.bytes += bytes.length;
    return bytes;
  };
  for await (const part of text) {
    gathered += part;
    if (gathered.length >= CHUNK_CHARS) yield take();
  }
  yield take();
}

function localHeader({ name, stamp }: Written): Buffer {
  const head = Buffer.alloc(30);
  head.write('PK\x03\x04', 'latin1');
  head.writeUInt16LE(VERSION, 4);
  head.writeUInt16LE(FLAGS, 6);
  head.writeUInt16LE(DEFLATE, 8);
  stamp.copy(head, 10);
  head.writeUInt16LE(name.length, 26);
  return Buffer.concat([head, name]);
}

/** Check sum, packed size, size; behind whatever is before them. */
function sizes(before: Buffer, { crc, packedBytes, bytes }: Written): Buffer {
  const three = Buffer.alloc(12);
  three.writeUInt32LE(crc >>> 0, 0);
  three.writeUInt32LE(packedBytes % (MAX_BYTES + 1), 4);
  three.writeUInt32LE(bytes % (MAX_BYTES + 1), 8);
  return Buffer.concat([before, three]);
}

function directoryEntry(entry: Written): Buffer {
  const head = Buffer.alloc(16);
  head.write('PK\x01\x02', 'latin1');
  // Made by Unix, so that the attributes below say who may read the file.
  head.writeUInt16LE((3 << 8) | VERSION, 4);
  head.writeUInt16LE(VERSION, 6);
  head.writeUInt16LE(FLAGS, 8);
  head.writeUInt16LE(DEFLATE, 10);
  entry.stamp.copy(head, 12);
  const rest = Buffer.alloc(18);
  rest.writeUInt16LE(entry.name.length, 0);
  // An ordinary file that its owner may read and write.
  rest.writeUInt32LE((0o100600 << 16) >>> 0, 10);
  rest.writeUInt32LE(entry.at, 14);
  return Buffer.concat([sizes(head, entry), rest, entry.name]);
}

function endOfDirectory(count: number, bytes: number, at: number): Buffer {
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(bytes, 12);
  end.writeUInt32LE(at, 16);
  return end;
}

/** Time and date as MS-DOS had them: no zone (here UTC), two seconds, from 1980 on. */
function stampOf(at: Date): Buffer {
  const stamp = Buffer.alloc(4);
  stamp.writeUInt16LE((at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1), 0);
  stamp.writeUInt16LE(
    (Math.max(0, at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
    2,
  );
  return stamp;
}
