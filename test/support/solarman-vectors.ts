import { existsSync, readFileSync } from 'node:fs';

/**
 * Frames captured by others lie beside the project, not in it: the path is relative to the repository's root. Tests that use them are
 * skipped, with a message, where they are absent.
 */
const FILE = new URL('../../../shared/vectors/solarman-v5.json', import.meta.url);

export interface Vector {
  name: string;
  kind: string;
  hex: string;
  sequence: [number, number] | null;
  logger_serial: number | null;
  length_ok: boolean;
  checksum_ok: boolean;
  decoded: Record<string, unknown>;
}

export const vectors: Vector[] | null = existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Vector[]) : null;
if (vectors === null)
  console.warn(`Captured Solarman frames are absent (${FILE.pathname}): tests with them are skipped.`);

export function bytesOfVector(name: string): Buffer {
  const vector = vectors?.find((entry) => entry.name === name);
  if (vector === undefined) throw new Error(`no vector named ${name}`);
  return Buffer.from(vector.hex, 'hex');
}
