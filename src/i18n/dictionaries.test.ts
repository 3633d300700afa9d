import { describe, expect, it } from 'vitest';
import { de } from './de.ts';
import { en } from './en.ts';

type Leaf = string | ((...args: never[]) => string | string[]);

function leaves(value: unknown, path = ''): [string, Leaf][] {
  if (typeof value === 'string' || typeof value === 'function') return [[path, value as Leaf]];
  return Object.entries(value as object).flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`));
}

/** What a leaf says, functions asked with numbers or words that would be seen if they were dropped. */
function said(leaf: Leaf): string {
  return typeof leaf === 'string' ? leaf : [leaf(...([2, 3].slice(0, leaf.length) as never[]))].flat().join('\n');
}

describe('the dictionaries', () => {
  const english = new Map(leaves(en));
  const german = new Map(leaves(de));

  it('have the same keys, and the same arguments', () => {
    expect([...german.keys()].sort()).toEqual([...english.keys()].sort());
    for (const [key, leaf] of english) {
      const other = german.get(key);
      expect(typeof other, key).toBe(typeof leaf);
      if (typeof leaf === 'function' && typeof other === 'function') expect(other.length, key).toBe(leaf.length);
    }
  });

  it.each([
    ['English', english],
    ['German', german],
  ])('%s says something everywhere, and uses every argument', (_, words) => {
    for (const [key, leaf] of words) {
      expect(said(leaf).trim(), key).not.toBe('');
      expect(said(leaf), key).not.toMatch(/undefined|null|NaN|\[object/);
      if (typeof leaf === 'function') expect(said(leaf), key).toContain('2');
    }
  });

  it('German says "Sie"', () => {
    for (const [key, leaf] of german) expect(said(leaf), key).not.toMatch(/\b([Dd]u|[Dd]ein\w*|[Dd]ir|[Dd]ich)\b/);
  });

  it('German is not English left over', () => {
    const alike = [...german].filter(([key, leaf]) => said(leaf) === said(english.get(key) ?? '')).map(([key]) => key);
    expect(alike.sort()).toEqual([
      'app.name',
      'dashboard.logger.firmware',
      'dashboard.logger.hardware',
      'dashboard.logger.signal',
      'dashboard.logger.title',
      'dashboard.loggerSerial',
      'dashboard.phase',
      'exporting.formats.json',
      'guide.port',
      'guide.solarman.tlsTitle',
      'guide.url',
      'inverters.name',
      'kind.opendtu',
      'kind.solarman',
      'kind.victron',
      'live.open',
      'period.kinds.1h',
      'period.kinds.24h',
      'period.kinds.30d',
      'period.kinds.6h',
      'period.kinds.7d',
      'settings.profile.languages.de',
      'settings.profile.languages.en',
      'settings.sites.name',
      'state.offline',
    ]);
  });
});
