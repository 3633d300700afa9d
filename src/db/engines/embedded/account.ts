import { chown, lchown, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '../../../domain/errors.ts';
import { type RunAs, runToEnd } from './commands.ts';
import { isRoot } from './files.ts';

/** The account that PostgreSQL runs as. */
export interface Account extends RunAs {
  readonly name: string;
}

/** The lines of passwd(5) that name an account. */
export function parseAccounts(passwd: string): Account[] {
  return passwd.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    if (!name || !uid || !gid || !/^-?\d+$/.test(uid) || !/^-?\d+$/.test(gid)) return [];
    return [{ name, uid: Number(uid), gid: Number(gid) }];
  });
}

/**
 * PostgreSQL refuses to run as root, so root lends it to somebody: whom the data already belongs to, else who called
 * sudo, else `postgres`, else `nobody`. Only accounts that /etc/passwd knows: PostgreSQL does not start without one.
 */
export function pickAccount(
  accounts: readonly Account[],
  wishes: { owners: readonly number[]; sudo?: { uid: number; gid: number } | undefined },
): Account | undefined {
  const known = (uid: number) => accounts.find((account) => account.uid === uid && uid !== 0);
  for (const uid of wishes.owners) {
    const owner = known(uid);
    if (owner !== undefined) return owner;
  }
  const caller = wishes.sudo && known(wishes.sudo.uid);
  if (caller !== undefined) return { ...caller, gid: wishes.sudo?.gid ?? caller.gid };
  return ['postgres', 'nobody'].flatMap((name) => accounts.find((account) => account.name === name) ?? [])[0];
}

/**
 * The account for PostgreSQL, or undefined where it runs as ourselves (we are not root).
 *
 * @throws ConfigError when we are root and there is nobody to lend it to.
 */
export async function chooseAccount(wishes: Parameters<typeof pickAccount>[1]): Promise<Account | undefined> {
  if (!isRoot) return undefined;
  const account = pickAccount(parseAccounts(await readFile('/etc/passwd', 'utf8')), wishes);
  if (account !== undefined) return account;
  throw new ConfigError(
    'PostgreSQL does not run as root and /etc/passwd knows neither "postgres" nor "nobody": start as an ordinary user.',
  );
}

/** Whether the account can enter the folder: asked of the system itself, which also knows ACLs and mount options. */
export async function canEnter(account: Account, folder: string): Promise<boolean> {
  const { code } = await runToEnd('/bin/sh', ['-c', 'test -x "$1"', 'sh', folder], account);
  return code === 0;
}

/** Gives a folder and all in it to the account (links themselves, never what they point to). */
export async function giveTo(account: Account, folder: string): Promise<void> {
  await chown(folder, account.uid, account.gid);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await giveTo(account, path);
    else await lchown(path, account.uid, account.gid);
  }
}
