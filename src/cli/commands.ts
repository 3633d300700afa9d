import type { Config } from '../config.ts';
import type { Logger } from '../telemetry/logger.ts';

/** What every command gets. Commands write through `out` and `err` only, so that they can be run in a test. */
export interface CommandIo {
  out(text: string): void;
  err(text: string): void;
  stdin: NodeJS.ReadableStream;
}

export interface CommandContext extends CommandIo {
  config: Config;
  log: Logger;
  /** Aborted on SIGINT and SIGTERM. */
  signal: AbortSignal;
}

/** A command of the command line. Exit codes: 0 done, 1 failed, 2 wrong usage. */
export interface Command {
  name: string;
  summary: string;
  run(args: string[], context: CommandContext): Promise<number>;
}

export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
