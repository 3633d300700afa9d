import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What secrets look like, wherever they come from. */
const SHAPES: Readonly<Record<string, RegExp>> = {
  'a session token': /\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/,
  'an API key': /\b[A-HJ-NP-Z2-9]{4}(?:-[A-HJ-NP-Z2-9]{4}){3}\b/,
  'a password hash': /\$(?:argon2|2[aby])\w*\$/,
  'a database password': /postgres(?:ql)?:\/\/[^\s:@/]+:(?!\*)[^\s@]{6,}@/,
  'a second factor': /otpauth:\/\/|\bsecret=[A-Z2-7]{16,}/,
  'a Fernet token': /\bgAAAA[\w-]{20,}/,
};

/**
 * The lines of a process's log that hold what nobody may find there: something that looks like a secret, or one of this installation's
 * own. Not looked at are the one-time link, which it prints for the operator, and mails, which it shows where no mail server is set.
 * @returns what was found, with the line
 */
export function secretsIn(log: string, dataDir: string): string[] {
  const own = ownSecrets(join(dataDir, 'secrets'));
  const lines = log.split('\n').filter((line) => !line.includes('/setup?token=') && !line.includes('a mail, also in'));
  return lines.flatMap((line) => {
    const shapes = Object.entries(SHAPES).flatMap(([what, shape]) => (shape.test(line) ? [what] : []));
    const values = own.flatMap(({ name, value }) => (line.includes(value) ? [name] : []));
    return [...shapes, ...values].map((what) => `${what} in: ${line}`);
  });
}

function ownSecrets(folder: string): { name: string; value: string }[] {
  const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isFolder) return [];
  return readdirSync(folder).flatMap((name) =>
    readFileSync(join(folder, name), 'utf8')
      .split(/[\s,]+/)
      .filter((value) => value.length >= 16)
      .map((value) => ({ name, value })),
  );
}
