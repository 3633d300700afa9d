import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unzip } from '../../../test/support/unzip.ts';
import { type ZipEntry, zipOf } from './zip.ts';

const AT = new Date('2026-06-15T12:34:56Z');

async function* entries(...files: [string, ZipEntry['text']][]): AsyncGenerator<ZipEntry> {
  for (const [name, text] of files) yield { name, modifiedAt: AT, text };
}

async function archiveOf(files: AsyncIterable<ZipEntry>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of zipOf(files)) parts.push(part);
  return Buffer.concat(parts);
}

describe('a ZIP archive', () => {
  const long = Array.from({ length: 20_000 }, (_, n) => `${n},${n * 7}\r\n`);

  it('holds what was put in, whatever the names and however long', async () => {
    const archive = await archiveOf(entries(['a/Süd ☀.csv', long], ['empty.txt', []], ['b.json', ['{"ä":', '1}']]));
    expect([...unzip(archive)]).toEqual([
      ['a/Süd ☀.csv', long.join('')],
      ['empty.txt', ''],
      ['b.json', '{"ä":1}'],
    ]);
    expect(archive.length).toBeLessThan(long.join('').length / 2);
  });

  it.skipIf(!hasUnzip())('is one to other programs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zip-'));
    try {
      const file = join(folder, 'x.zip');
      writeFileSync(file, await archiveOf(entries(['a/Süd.csv', long], ['b.txt', ['b']])));
      expect(execFileSync('unzip', ['-t', file]).toString()).toContain('No errors detected');
      expect(execFileSync('unzip', ['-p', file, 'b.txt']).toString()).toBe('b');
      expect(execFileSync('unzip', ['-Z', '-T', file]).toString()).toContain('20260615.123456');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('breaks off with what its source breaks off with, and stops reading when nobody wants more', async () => {
    let stopped = false;
    async function* failing(): AsyncGenerator<string> {
      yield 'x';
      throw new Error('the source is gone');
    }
    async function* endless(): AsyncGenerator<string> {
      try {
        for (;;) yield `${Math.sin(Math.random())}\n`.repeat(500);
      } finally {
        stopped = true;
      }
    }
    await expect(archiveOf(entries(['a', failing()]))).rejects.toThrow('the source is gone');
    const reading = zipOf(entries(['a', endless()]));
    for (let n = 0; n < 3; n++) await reading.next();
    await reading.return(undefined);
    await expect.poll(() => stopped).toBe(true);
  });
});

function hasUnzip(): boolean {
  try {
    execFileSync('unzip', ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
