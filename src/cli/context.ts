import { parseArgs } from 'node:util';
import type { Pools } from '../db/pools.ts';
import { DeyeHardError, InvalidInput } from '../domain/errors.ts';
import type { OwnerClient } from '../store/owner-accounts.ts';
import { type CommandIo, EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './commands.ts';

/** The database as a command sees it: the owner's connection, beside a running server or without one. */
export interface CommandDatabase {
  owner<T>(work: (client: OwnerClient) => Promise<T>): Promise<T>;
  close(): Promise<void>;
  authSecret: string;
  /** IANA zone of new sites. */
  timeZone: string;
}

export interface CliContext extends CommandIo {
  openDatabase(): Promise<CommandDatabase>;
}

export interface InstallationDatabase extends CommandDatabase {
  encryptionKeys: readonly string[];
  retentionDays: number;
  storeDcChannelData: boolean;
  /** The serving logins, for what goes the same way as everybody's samples. To be ended by whoever asked for them. */
  openPools(): Pools;
}

/** For commands that move a whole installation. */
export interface InstallationContext extends CommandIo {
  openDatabase(): Promise<InstallationDatabase>;
  signal: AbortSignal;
}

/** Something about how the command was called; said together with the usage, exit 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What one action of a command can be told. `required` ones are refused when missing or empty. */
export interface ActionSpec<Option extends string, Flag extends string> {
  usage: string;
  help: string;
  required?: readonly Option[];
  options: readonly Option[];
  flags: readonly Flag[];
  /** What the one argument without a name is, e.g. `FILE`; without it there may be none. */
  argument?: string;
}

export interface ActionInput<Option extends string, Flag extends string> {
  values: Partial<Record<Option, string>>;
  flags: Record<Flag, boolean>;
  json: boolean;
  /** The argument without a name; empty where the action has none. */
  argument: string;
}

/**
 * Runs one action of a command: reads its arguments, answers `--help`, and turns errors into words and an exit code. What is no error
 * of ours is a bug and goes on.
 */
export async function runAction<Option extends string, Flag extends string>(
  spec: ActionSpec<Option, Flag>,
  args: string[],
  context: CommandIo,
  action: (input: ActionInput<Option, Flag>) => Promise<void>,
): Promise<number> {
  try {
    const input = readArguments(spec, args);
    if (input === 'help') context.out(`${spec.usage}\n\n${spec.help}`);
    else await action(input);
    return EXIT_OK;
  } catch (error) {
    if (error instanceof UsageError) {
      context.err(`${error.message}\n\n${spec.usage}`);
      return EXIT_USAGE;
    }
    if (error instanceof InvalidInput) {
      context.err(
        [error.message, ...Object.entries(error.fields).map(([field, why]) => `  ${field}: ${why}`)].join('\n'),
      );
      return EXIT_USAGE;
    }
    if (!(error instanceof DeyeHardError)) throw error;
    context.err(error.message);
    return EXIT_FAILED;
  }
}

function readArguments<Option extends string, Flag extends string>(
  spec: ActionSpec<Option, Flag>,
  args: string[],
): ActionInput<Option, Flag> | 'help' {
  const flags: readonly string[] = [...spec.flags, 'json', 'help'];
  const options = Object.fromEntries([
    ...spec.options.map((name) => [name, { type: 'string' as const }]),
    ...flags.map((name) => [name, { type: 'boolean' as const }]),
  ]) as Record<string, { type: 'string' | 'boolean' }>;
  let values: Record<string, unknown>;
  let positionals: string[];
  try {
    ({ values, positionals } = parseArgs({
      args,
      options,
      strict: true,
      allowPositionals: spec.argument !== undefined,
    }));
  } catch (error) {
    // parseArgs explains in its own words what it does not understand.
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
  if (values['help'] === true) return 'help';
  for (const name of spec.required ?? []) {
    if (typeof values[name] !== 'string' || values[name].trim() === '') throw new UsageError(`--${name} is missing.`);
  }
  if (spec.argument !== undefined && (positionals.length !== 1 || positionals[0] === '')) {
    throw new UsageError(
      positionals.length > 1 ? `There is one ${spec.argument} only.` : `${spec.argument} is missing.`,
    );
  }
  return {
    values: values as Partial<Record<Option, string>>,
    flags: Object.fromEntries(spec.flags.map((name) => [name, values[name] === true])) as Record<Flag, boolean>,
    json: values['json'] === true,
    argument: positionals[0] ?? '',
  };
}

/** Opens the database for one piece of work as the owner, and closes it whatever happens. */
export async function withDatabase<T, Opened extends CommandDatabase>(
  context: { openDatabase(): Promise<Opened> },
  work: (database: Opened) => Promise<T>,
): Promise<T> {
  const database = await context.openDatabase();
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** For a command with actions: the usage of all of them, and exit 2 unless help was what was asked for. */
export function explain(args: string[], usages: readonly string[], context: CommandIo): number {
  const asked = args[0] === '--help' || args[0] === 'help';
  const text = usages.join('\n');
  if (asked) context.out(text);
  else context.err(`${args[0] === undefined ? 'What is to be done?' : `There is no "${args[0]}" here.`}\n\n${text}`);
  return asked ? EXIT_OK : EXIT_USAGE;
}
