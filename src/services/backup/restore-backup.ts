import { Unavailable } from '../../domain/errors.ts';
import { loadBackup } from '../../store/backup-load.ts';
import { keyFingerprint } from './key-fingerprint.ts';
import { tablesOf, type VerifiedBackup, verifyBackup } from './read-backup.ts';
import type { AsOwner } from './write-backup.ts';

export interface RestoreOptions {
  owner: AsOwner;
  file: string;
  encryptionKeys: readonly string[];
  /** Told how far checking and loading have come, 0…1. */
  onProgress?: (step: 'checking' | 'restoring', part: number) => void;
  /** Stops it; the database is then as empty as it was. */
  signal?: AbortSignal;
}

export interface RestoreReport {
  createdAt: string;
  tables: { name: string; rows: number }[];
  inverters: { userId: number; inverterId: number; energyWh: number | null }[];
  energyWh: number;
  /** Whether values encrypted on the old machine can be read here: all, none, or only by some of the keys it had. */
  encryptionKeys: 'same' | 'some' | 'none';
}

/**
 * Fills an empty, migrated database of either engine from a file. The whole file is checked before the database is touched; loading
 * is one transaction, which ends only when rows and energy are what the file says.
 * @throws UnusableFile, Conflict when the database is not empty, Unavailable
 */
export async function restoreBackup(options: RestoreOptions): Promise<RestoreReport> {
  const { owner, file, encryptionKeys, onProgress, signal } = options;
  const told = (step: 'checking' | 'restoring') => (part: number) => {
    if (signal?.aborted === true) throw new Unavailable('Interrupted. Nothing was restored.');
    onProgress?.(step, part);
  };
  const verified = await verifyBackup(file, told('checking'));
  const { header, tables, figures } = verified;
  await owner((client) =>
    loadBackup(client, { migrations: header.migrations, tables, figures }, tablesOf(file, verified, told('restoring'))),
  );
  return {
    createdAt: header.createdAt,
    tables: tables.map(({ name, rows }) => ({ name, rows })),
    inverters: figures.inverters.map(({ userId, inverterId, energyWh }) => ({ userId, inverterId, energyWh })),
    energyWh: figures.inverters.reduce((sum, inverter) => sum + (inverter.energyWh ?? 0), 0),
    encryptionKeys: compareKeys(verified, encryptionKeys),
  };
}

function compareKeys({ header }: VerifiedBackup, keys: readonly string[]): RestoreReport['encryptionKeys'] {
  const here = new Set(keys.map(keyFingerprint));
  const known = header.encryptionKeys.filter((fingerprint) => here.has(fingerprint)).length;
  if (known === header.encryptionKeys.length) return 'same';
  return known === 0 ? 'none' : 'some';
}
