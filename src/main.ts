#!/usr/bin/env node
import { type CommandContext, EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './cli/commands.ts';
import { commands } from './cli/index.ts';
import { loadConfig } from './config.ts';
import { DeyeHardError } from './domain/errors.ts';
import { createLogger } from './telemetry/logger.ts';

const HELP = `deye-hard: solar monitoring you run yourself

${commands.map((c) => `  ${c.name.padEnd(18)} ${c.summary}`).join('\n')}

deye-hard COMMAND --help says more; without a command it serves.
`;

async function main(args: string[]): Promise<number> {
  const named = args[0] !== undefined && !args[0].startsWith('-');
  if (!named && (args.includes('--help') || args.includes('-h'))) {
    process.stdout.write(HELP);
    return EXIT_OK;
  }
  const command = named ? commands.find((c) => c.name === args[0]) : commands[0];
  if (command === undefined) {
    process.stderr.write(`There is no command "${args[0]}".\n\n${HELP}`);
    return EXIT_USAGE;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // The second one is from somebody who will not wait; what is acknowledged is committed, so nothing is lost.
      if (stop.signal.aborted) process.exit(130);
      stop.abort();
    });
  }
  try {
    const config = loadConfig();
    // Commands other than serve are for their own output: the log then speaks of trouble only.
    const level = command.name === 'serve' || config.debug ? config.logLevel : 'warn';
    const context: CommandContext = {
      config,
      log: createLogger(level, { pretty: process.stdout.isTTY === true, toStandardError: command.name !== 'serve' }),
      signal: stop.signal,
      stdin: process.stdin,
      out: (text) => void process.stdout.write(`${text}\n`),
      err: (text) => void process.stderr.write(`${text}\n`),
    };
    return await command.run(named ? args.slice(1) : args, context);
  } catch (error) {
    if (error instanceof DeyeHardError) process.stderr.write(`${error.message}\n`);
    else if (isUsageError(error)) process.stderr.write(`${error.message}\n\nSee deye-hard ${command.name} --help\n`);
    else process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    return isUsageError(error) ? EXIT_USAGE : EXIT_FAILED;
  }
}

/** node:util's parseArgs refuses an unknown option or a missing value with these codes. */
function isUsageError(error: unknown): error is Error {
  return error instanceof Error && ((error as NodeJS.ErrnoException).code ?? '').startsWith('ERR_PARSE_ARGS');
}

process.exitCode = await main(process.argv.slice(2));
// A maintenance job that was cut off may still hold a connection open.
setTimeout(() => process.exit(), 5_000).unref();
