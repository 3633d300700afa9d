import { openDatabase, prepareDatabase } from '../db/database.ts';
import { apiKey } from './api-key.ts';
import type { Command, CommandContext } from './commands.ts';
import { config } from './config.ts';
import type { CliContext } from './context.ts';
import { doctor } from './doctor.ts';
import { inverter } from './inverter.ts';
import { migrate } from './migrate.ts';
import { serve } from './serve.ts';
import { simulate } from './simulate.ts';
import { user } from './user.ts';

/** THE list of commands; the first is what runs without a name. */
export const commands: readonly Command[] = [
  serve,
  migrate,
  onDatabase('user', 'create, list, disable accounts; set a password', user),
  onDatabase('api-key', 'create a key for a device or a program', apiKey),
  onDatabase('inverter', 'register a device', inverter),
  {
    name: 'simulate',
    usage: 'deye-hard simulate [--help]',
    summary: 'a virtual fleet that speaks the real protocols',
    run: (args, context) => simulate(args, context, context.signal),
  },
  config,
  doctor,
];

type AccountAction = (args: string[], context: CliContext) => Promise<number>;

/** A command that works on the database as its owner, beside a running server or alone. */
function onDatabase(name: string, summary: string, run: AccountAction): Command {
  return {
    name,
    summary,
    usage: `deye-hard ${name} --help`,
    run: (args, context) => run(args, { ...context, openDatabase: () => commandDatabase(context) }),
  };
}

async function commandDatabase(context: CommandContext): ReturnType<CliContext['openDatabase']> {
  const database = await openDatabase(context.config, context.log);
  try {
    // On a fresh machine the first command may well come before the first start.
    await prepareDatabase(database, context.log);
  } catch (error) {
    await database.release();
    throw error;
  }
  return {
    owner: (work) => database.owner(work),
    close: () => database.release(),
    authSecret: database.secrets.authSecret,
    timeZone: context.config.timeZone,
  };
}
