/**
 * Fails when package-lock.json would not install on another machine: a download address written into it, or a platform package
 * that some dependency names as optional but that the lock file does not list (npm then skips it silently elsewhere).
 */
import { readFileSync } from 'node:fs';

interface LockEntry {
  resolved?: string;
  optionalDependencies?: Record<string, string>;
}

const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')) as {
  packages: Record<string, LockEntry>;
};
const installed = new Set(Object.keys(lock.packages).map((path) => path.replace(/^.*node_modules\//, '')));
const problems: string[] = [];
for (const [path, entry] of Object.entries(lock.packages)) {
  if (entry.resolved !== undefined && /^https?:/.test(entry.resolved))
    problems.push(`${path}: names a download address`);
  for (const name of Object.keys(entry.optionalDependencies ?? {})) {
    if (!installed.has(name)) problems.push(`${path}: optional dependency ${name} is not in the lock file`);
  }
}
for (const problem of problems) console.error(problem);
console.log(`package-lock.json: ${installed.size} packages, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;
