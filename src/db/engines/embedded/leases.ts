import { join } from 'node:path';
import { readJson, replaceFile } from './files.ts';
import { judge, type ProcessMark } from './processes.ts';

/** One user of the server. A process may hold several. */
export interface Lease extends ProcessMark {
  readonly id: string;
}

const fileOf = (runFolder: string): string => join(runFolder, 'leases.json');

/**
 * The leases of processes that live. Call it, and `writeLeases`, under the lock. Those of another container are left
 * out: they are looked at only once it is known that no server of another container runs here.
 */
export async function liveLeases(runFolder: string): Promise<Lease[]> {
  const all = (await readJson(fileOf(runFolder), asLeases)) ?? [];
  const liveness = await Promise.all(all.map(judge));
  return all.filter((_, index) => liveness[index] === 'alive');
}

export async function writeLeases(runFolder: string, leases: readonly Lease[]): Promise<void> {
  await replaceFile(fileOf(runFolder), `${JSON.stringify(leases, null, 2)}\n`, 0o644);
}

function asLeases(value: unknown): Lease[] | undefined {
  return Array.isArray(value) ? value.filter(isLease) : undefined;
}

function isLease(value: unknown): value is Lease {
  if (typeof value !== 'object' || value === null) return false;
  const lease = value as Record<string, unknown>;
  const texts = [lease['id'], lease['startedAt'], lease['machine']];
  return typeof lease['pid'] === 'number' && texts.every((text) => typeof text === 'string');
}
