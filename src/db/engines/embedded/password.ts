import { randomBytes } from 'node:crypto';
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '../../../domain/errors.ts';
import { ensureFolder, ifThere, replaceFile } from './files.ts';

/**
 * The superuser's password, made on first use. Safe in a URL as it is.
 *
 * @throws ConfigError when there is a database but its password is lost: making a new one would not open it.
 */
export async function ensurePassword(dataDir: string, dataFolder: string, databaseExists: boolean): Promise<string> {
  const folder = join(dataDir, 'secrets');
  const file = join(folder, 'postgres-password');
  const kept = (await ifThere(readFile(file, 'utf8')))?.trim();
  if (kept) return kept;
  if (databaseExists) {
    throw new ConfigError(
      `${file} is missing, without which the database in ${dataFolder} can't be opened: bring it back from a backup, or move that folder away to begin with an empty database.`,
    );
  }
  await ensureFolder(folder, 0o700);
  await chmod(folder, 0o700);
  const password = randomBytes(24).toString('base64url');
  await replaceFile(file, `${password}\n`, 0o600);
  return password;
}

export function wrongPassword(dataFolder: string): ConfigError {
  return new ConfigError(
    `The password in DATA_DIR/secrets does not open the database in ${dataFolder}: bring back the one it was made with.`,
  );
}
