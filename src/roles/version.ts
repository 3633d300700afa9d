import { readFileSync } from 'node:fs';

/** Of this program, as its package says: the same place seen from `src/roles` and from `dist/roles`. */
export function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
