import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** docs/security.md answers the whole of OWASP ASVS 5.0 up to level 2, with tests that exist. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DOCUMENT = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');

/** Sections, and how many items of levels 1 and 2 each has; these are numbered from 1 without a gap, as level 3 comes last. */
const SECTIONS: Readonly<Record<string, number>> = {
  ...{ 1.1: 2, 1.2: 9, 1.3: 11, 1.4: 3, 1.5: 2 },
  ...{ 2.1: 3, 2.2: 3, 2.3: 4, 2.4: 1 },
  ...{ 3.2: 2, 3.3: 4, 3.4: 6, 3.5: 5, 3.7: 2 },
  ...{ 4.1: 3, 4.2: 1, 4.3: 2, 4.4: 4 },
  ...{ 5.1: 1, 5.2: 3, 5.3: 2, 5.4: 3 },
  ...{ 6.1: 3, 6.2: 12, 6.3: 4, 6.4: 4, 6.5: 5, 6.6: 3, 6.8: 4 },
  ...{ 7.1: 3, 7.2: 4, 7.3: 2, 7.4: 5, 7.5: 2, 7.6: 2 },
  ...{ 8.1: 2, 8.2: 3, 8.3: 1, 8.4: 1 },
  ...{ 9.1: 3, 9.2: 4 },
  ...{ 10.1: 2, 10.2: 2, 10.3: 4, 10.4: 11, 10.5: 5, 10.6: 2, 10.7: 3 },
  ...{ 11.1: 2, 11.2: 3, 11.3: 3, 11.4: 4, 11.5: 1, 11.6: 1 },
  ...{ 12.1: 3, 12.2: 2, 12.3: 4 },
  ...{ 13.1: 1, 13.2: 5, 13.3: 2, 13.4: 5 },
  ...{ 14.1: 2, 14.2: 4, 14.3: 3 },
  ...{ 15.1: 3, 15.2: 3, 15.3: 7 },
  ...{ 16.1: 1, 16.2: 5, 16.3: 4, 16.4: 3, 16.5: 3 },
  ...{ 17.1: 1, 17.2: 4, 17.3: 2 },
};

/** What a cell names: chapters (`10`), sections (`9.1`), items (`6.2.1`) and runs of these (`1.3.8–1.3.10`). */
function named(text: string): Set<string> {
  const all = new Set<string>();
  for (const [, from = '', to] of text.matchAll(/(?<![\d.])(\d+(?:\.\d+){0,2})(?:–(\d+\.\d+\.\d+))?(?![\d.]\d)/g)) {
    all.add(from);
    const section = from.slice(0, from.lastIndexOf('.'));
    for (let item = lastOf(from); to !== undefined && item <= lastOf(to); item++) all.add(`${section}.${item}`);
  }
  return all;
}
const lastOf = (item: string): number => Number(item.slice(item.lastIndexOf('.') + 1));

const rows = DOCUMENT.split('\n').filter((line) => /^\| \d/.test(line));
const missing = (DOCUMENT.match(/These do not apply[\s\S]*?\.\n/) ?? [''])[0];
const inBrackets = [...missing.matchAll(/\(([^)]*)\)/g)].map(([, inner = '']) => inner).join(', ');
const answered = named(`${rows.map((row) => row.split('|')[1] ?? '').join(', ')}, ${inBrackets}`);

describe('the security table', () => {
  it('answers every item of the standard up to level 2', () => {
    const open = Object.entries(SECTIONS).flatMap(([section, count]) =>
      Array.from({ length: count }, (_, at) => `${section}.${at + 1}`).filter(
        (item) => ![item, section, section.split('.')[0] ?? ''].some((name) => answered.has(name)),
      ),
    );
    expect(open).toEqual([]);
  });

  it('names tests that there are', () => {
    const tests = ['src', 'test'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }),
    );
    const isThere = (name: string): boolean =>
      name.includes('*') || existsSync(join(ROOT, name)) || tests.some((path) => `/${path}`.endsWith(`/${name}`));
    const names = rows.flatMap((row) =>
      [...(row.split('|')[3] ?? '').matchAll(/`([\w./*-]+\.tsx?)`/g)].map(([, n = '']) => n),
    );
    expect(names.length).toBeGreaterThan(50);
    expect(names.filter((name) => !isThere(name))).toEqual([]);
  });
});
