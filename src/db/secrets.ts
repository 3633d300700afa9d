import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '../domain/errors.ts';

/**
 * Secrets that a newcomer need not invent: generated once into DATA_DIR/secrets, readable by the owner of the process alone.
 */
export interface Secrets {
  authSecret: string;
  /** Fernet keys; the first encrypts, all decrypt. */
  encryptionKeys: readonly string[];
}

export interface GivenSecrets {
  authSecret: string | null;
  encryptionKeys: readonly string[] | null;
}

/** What was configured, and for the rest what lies in DATA_DIR, generated where missing. */
export async function secretsFromDataDir(dataDir: string, given: GivenSecrets): Promise<Secrets> {
  const folder = join(dataDir, 'secrets');
  // The folder above stays passable: PostgreSQL, which may run as another account, has its data beside the secrets.
  await mkdir(dataDir, { recursive: true, mode: 0o755 });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return {
    authSecret:
      given.authSecret ?? (await readOrMake(join(folder, 'auth_secret'), () => randomBytes(48).toString('base64url'))),
    encryptionKeys:
      given.encryptionKeys ??
      (await readOrMake(join(folder, 'encryption_key'), () => randomBytes(32).toString('base64url').concat('=')))
        .split(',')
        .map((key) => key.trim()),
  };
}

/**
 * With a database of one's own the secrets must be given: a second process on another machine would otherwise make different ones.
 * @throws ConfigError naming what is missing
 */
export function requiredSecrets(given: GivenSecrets): Secrets {
  if (given.authSecret === null) {
    throw new ConfigError('AUTH_SECRET is required with DATABASE_URL. Make one: openssl rand -base64 48');
  }
  if (given.encryptionKeys === null) {
    throw new ConfigError('ENCRYPTION_KEY is required with DATABASE_URL. Make one: openssl rand -base64 32');
  }
  return { authSecret: given.authSecret, encryptionKeys: given.encryptionKeys };
}

async function readOrMake(file: string, make: () => string): Promise<string> {
  const existing = await readIfThere(file);
  if (existing !== null) return existing;
  try {
    // Exclusive: of two processes that start at once, one writes and both read the same.
    const handle = await open(file, 'wx', 0o600);
    try {
      await handle.writeFile(`${make()}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const written = await readIfThere(file);
  if (written === null) throw new ConfigError(`The secret in ${file} is empty; remove the file to make a new one.`);
  return written;
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    const text = (await readFile(file, 'utf8')).trim();
    return text === '' ? null : text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
