/**
 * Fails when something that is shipped has a licence that a program under MIT cannot be handed on with, or says none. What is only used
 * to build and test is listed and not judged.
 */
import { existsSync, readFileSync } from 'node:fs';

interface LockEntry {
  license?: string;
  dev?: boolean;
}

const FINE = new Set(['MIT', 'MIT-0', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0']);
/** Packages whose package.json says nothing; looked up in the licence file they bring. */
const LOOKED_UP: Readonly<Record<string, string>> = {
  'node_modules/htmx-ext-sse': '0BSD',
  'node_modules/suncalc': 'BSD-2-Clause',
};

const root = new URL('../', import.meta.url);
const read = (path: string): unknown => JSON.parse(readFileSync(new URL(path, root), 'utf8'));
const lock = read('package-lock.json') as { packages: Record<string, LockEntry> };
const counts = new Map<string, number>();
const problems: string[] = [];
for (const [path, entry] of Object.entries(lock.packages)) {
  if (path === '' || entry.dev === true) continue;
  const file = `${path}/package.json`;
  const installed = existsSync(new URL(file, root)) ? (read(file) as { license?: string }) : {};
  const licence = entry.license ?? installed.license ?? LOOKED_UP[path] ?? 'none';
  counts.set(licence, (counts.get(licence) ?? 0) + 1);
  if (!FINE.has(licence)) problems.push(`${path}: ${licence}`);
}
for (const problem of problems) console.error(problem);
console.log(`licences of what is shipped: ${[...counts].map(([name, count]) => `${count} ${name}`).join(', ')}`);
process.exitCode = problems.length > 0 ? 1 : 0;
