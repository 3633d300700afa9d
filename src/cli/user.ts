import { argon2id } from '../crypto/passwords.ts';
import { newToken } from '../crypto/tokens.ts';
import { Conflict, InvalidInput } from '../domain/errors.ts';
import { checkedAccount, passwordProblem } from '../services/accounts/rules.ts';
import {
  disableAccount,
  insertAccount,
  type ListedAccount,
  listAccounts,
  replacePassword,
} from '../store/owner-accounts.ts';
import { removeTwoFactorOf } from '../store/two-factor.ts';
import { accountIdOf } from './account-lookup.ts';
import type { CommandIo } from './commands.ts';
import { type CliContext, explain, runAction, UsageError, withDatabase } from './context.ts';

const PASSWORD_HELP = `--password P      the password; other users of this machine can see it while the command runs
--password-stdin  reads it from standard input
                  Without either, a password is made up and printed once.`;

const CREATE = {
  usage: `deye-hard user create --email E [--password P | --password-stdin] [--first-name N] [--last-name N]
                      [--admin] [--verified] [--json]`,
  help: `Creates an account with a first site.

${PASSWORD_HELP}
--admin           an administrator; verified too
--verified        the address needs no confirmation`,
  required: ['email'],
  options: ['email', 'password', 'first-name', 'last-name'],
  flags: ['password-stdin', 'admin', 'verified'],
} as const;

const LIST = { usage: 'deye-hard user list [--json]', help: 'Lists all accounts.', options: [], flags: [] } as const;

const SET_PASSWORD = {
  usage: 'deye-hard user set-password --email E [--password P | --password-stdin] [--json]',
  help: `Replaces the password and ends every session of the account.\n\n${PASSWORD_HELP}`,
  required: ['email'],
  options: ['email', 'password'],
  flags: ['password-stdin'],
} as const;

const DISABLE = {
  usage: 'deye-hard user disable --email E [--json]',
  help: `Ends all sessions; neither the account nor its keys or devices work any more. Nothing is deleted. The last administrator is not
disabled: make another one first.`,
  required: ['email'],
  options: ['email'],
  flags: [],
} as const;

const REMOVE_TWO_FACTOR = {
  usage: 'deye-hard user remove-two-factor --email E [--json]',
  help: `Switches the second factor of an account off, for whoever lost both the app and the recovery codes. Make sure first that it is
really them: from then on the password is enough.`,
  required: ['email'],
  options: ['email'],
  flags: [],
} as const;

/** `deye-hard user …`. Exit codes: 0 done, 1 failed, 2 wrong usage. */
export async function user(args: string[], context: CliContext): Promise<number> {
  const [action, ...rest] = args;
  if (action === 'create') return create(rest, context);
  if (action === 'list') return list(rest, context);
  if (action === 'set-password') return setPassword(rest, context);
  if (action === 'disable') return disable(rest, context);
  if (action === 'remove-two-factor') return dropTwoFactor(rest, context);
  const usages = [CREATE.usage, LIST.usage, SET_PASSWORD.usage, DISABLE.usage, REMOVE_TWO_FACTOR.usage];
  return explain(args, usages, context);
}

function create(args: string[], context: CliContext): Promise<number> {
  return runAction(CREATE, args, context, async ({ values, flags, json }) => {
    const { password, madeUp } = await passwordFrom(values.password, flags['password-stdin'], context);
    const account = checkedAccount({
      email: values.email ?? '',
      password,
      firstName: values['first-name'] ?? '',
      lastName: values['last-name'] ?? '',
    });
    const passwordHash = await argon2id.hash(password);
    const id = await withDatabase(context, ({ owner, timeZone }) =>
      owner((client) =>
        insertAccount(client, {
          ...account,
          passwordHash,
          timeZone,
          isAdmin: flags.admin,
          isVerified: flags.verified || flags.admin,
        }),
      ),
    ).catch((error: unknown) => {
      if (!(error instanceof Conflict)) throw error;
      throw new Conflict(`There is an account with the address ${account.email} already.`, { cause: error });
    });
    report(context, json, { id, email: account.email }, `Account ${id} created for ${account.email}.`, madeUp);
  });
}

function list(args: string[], context: CliContext): Promise<number> {
  return runAction(LIST, args, context, async ({ json }) => {
    const accounts = await withDatabase(context, ({ owner }) => owner(listAccounts));
    if (json) context.out(JSON.stringify(accounts.map(listed)));
    else for (const account of accounts) context.out(line(account));
  });
}

function setPassword(args: string[], context: CliContext): Promise<number> {
  return runAction(SET_PASSWORD, args, context, async ({ values, flags, json }) => {
    const email = values.email ?? '';
    const { password, madeUp } = await passwordFrom(values.password, flags['password-stdin'], context);
    const problem = passwordProblem(password, email);
    if (problem !== null) throw new InvalidInput('That password will not do.', { password: problem });
    const hash = await argon2id.hash(password);
    const id = await withDatabase(context, ({ owner }) =>
      owner(async (client) => {
        const found = await accountIdOf(client, email);
        await replacePassword(client, found, hash, new Date());
        return found;
      }),
    );
    report(context, json, { id, email }, `Password of ${email} replaced; its sessions are over.`, madeUp);
  });
}

function disable(args: string[], context: CliContext): Promise<number> {
  return runAction(DISABLE, args, context, async ({ values, json }) => {
    const email = values.email ?? '';
    const id = await withDatabase(context, ({ owner }) =>
      owner(async (client) => {
        const found = await accountIdOf(client, email);
        await disableAccount(client, found, new Date());
        return found;
      }),
    );
    report(context, json, { id, email }, `Account ${id} (${email}) is disabled.`, null);
  });
}

function dropTwoFactor(args: string[], context: CliContext): Promise<number> {
  return runAction(REMOVE_TWO_FACTOR, args, context, async ({ values, json }) => {
    const email = values.email ?? '';
    const { id, removed } = await withDatabase(context, ({ owner }) =>
      owner(async (client) => {
        const found = await accountIdOf(client, email);
        return { id: found, removed: await removeTwoFactorOf(client, found, new Date()) };
      }),
    );
    if (json) context.out(JSON.stringify({ id, email, removed }));
    else context.out(removed ? `${email} signs in by password alone now.` : `${email} had no second factor.`);
  });
}

/** @throws UsageError when told two ways at once */
async function passwordFrom(
  given: string | undefined,
  fromStdin: boolean,
  context: CommandIo,
): Promise<{ password: string; madeUp: string | null }> {
  if (given !== undefined && fromStdin) throw new UsageError('Either --password or --password-stdin, not both.');
  if (given !== undefined) return { password: given, madeUp: null };
  if (fromStdin) return { password: await firstLine(context.stdin), madeUp: null };
  const madeUp = newToken().slice(0, 20);
  return { password: madeUp, madeUp };
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array | string));
  return Buffer.concat(chunks).toString('utf8').split(/\r?\n/, 1)[0] ?? '';
}

function report(
  context: CommandIo,
  json: boolean,
  result: { id: number; email: string },
  text: string,
  madeUpPassword: string | null,
): void {
  if (json) context.out(JSON.stringify(madeUpPassword === null ? result : { ...result, password: madeUpPassword }));
  else context.out(madeUpPassword === null ? text : `${text}\nPassword, shown this once: ${madeUpPassword}`);
}

function listed(account: ListedAccount): Record<string, unknown> {
  return {
    id: account.id,
    email: account.email,
    first_name: account.firstName,
    last_name: account.lastName,
    is_admin: account.isAdmin,
    is_verified: account.verifiedAt !== null,
    is_disabled: account.disabledAt !== null,
    created_at: account.createdAt.toISOString(),
  };
}

function line(account: ListedAccount): string {
  const marks = [
    account.isAdmin ? 'administrator' : '',
    account.verifiedAt === null ? 'not verified' : '',
    account.disabledAt === null ? '' : 'disabled',
  ].filter((mark) => mark !== '');
  const name = `${account.firstName} ${account.lastName}`.trim();
  const notes = [name, ...marks].filter((note) => note !== '').join(', ');
  return `${String(account.id).padStart(5)}  ${account.email}${notes === '' ? '' : `  (${notes})`}`;
}
