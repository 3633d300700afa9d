import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

/** The runbook's table of what is logged, against what is. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const runbook = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');
const logs = /^## Logs\n([\s\S]*?)\n## /m.exec(`${runbook}\n## `)?.[1] ?? '';
const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path) && !/\.test\.tsx?$/.test(path))
  .map((path) => readFileSync(join(ROOT, 'src', path), 'utf8'));
const all = sources.join('\n');

it('every event that is logged stands in the table', () => {
  const logged = [...all.matchAll(/(?:log\.\w+\(|line = )\s*\{ event: '(\w+)'/g)].flatMap(([, name = '']) => name);
  expect(logged).toContain('isolation_proven');
  for (const name of new Set(logged)) expect(logs.includes(`\`${name}\``), name).toBe(true);
});

it('everything in the table is logged', () => {
  const named = [...logs.matchAll(/^\| (`[^|]+`[^|]*) \| (?!level)/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  );
  expect(named.length).toBeGreaterThan(20);
  for (const name of named) {
    // `…_refused` is put together from what was refused.
    const stem = name.replace(/_refused$/, '');
    const isThere =
      [name, stem].some((each) => all.includes(`'${each}'`)) || all.includes(`${name}'`) || all.includes(`${name}: `);
    expect(isThere, name).toBe(true);
  }
});
